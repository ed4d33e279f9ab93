package hl7v2

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
)

// write says what a second message does to the resource of a first.
type write int

const (
	putAlways write = iota // conditional update: the message is the current state
	putOnce                // conditional create: the message only mentions it
)

// identity is what a resource is known by.
type identity struct{ kind, system, value string }

// entry is one resource of the transaction and the identity it is written by.
type entry struct {
	identity
	how      write
	resource proto.Message
}

// add appends an entry and returns the reference by which others name it. A
// second resource of one identity in a message is the first one.
func (t *translation) add(e entry) string {
	i, known := t.index[e.identity]
	if !known {
		i = len(t.entries)
		t.index[e.identity] = i
		t.entries = append(t.entries, e)
	}
	return t.fullURL(i)
}

// fullURL is the urn:uuid of an entry, made of the message and the place: the
// same message gives the same bytes.
func (t *translation) fullURL(i int) string {
	name := strings.Join([]string{t.c.Name, source(t.m), t.m.ControlID(), strconv.Itoa(i)}, "\x00")
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).URN()
}

type bundleJSON struct {
	ResourceType string      `json:"resourceType"`
	Type         string      `json:"type"`
	Entry        []entryJSON `json:"entry"`
}

type entryJSON struct {
	FullURL  string          `json:"fullUrl"`
	Resource json.RawMessage `json:"resource"`
	Request  requestJSON     `json:"request"`
}

type requestJSON struct {
	Method      string `json:"method"`
	URL         string `json:"url"`
	IfNoneExist string `json:"ifNoneExist,omitempty"`
}

// bundle writes the transaction.
func (t *translation) bundle() ([]byte, error) {
	b := bundleJSON{ResourceType: "Bundle", Type: "transaction", Entry: make([]entryJSON, len(t.entries))}
	for i, e := range t.entries {
		resource, err := marshaller().MarshalResource(e.resource)
		if err != nil {
			return nil, err
		}
		b.Entry[i] = entryJSON{FullURL: t.fullURL(i), Resource: resource, Request: e.request()}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(b); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// request is conditional on the identity (R4 http.html#cond-update, #ccreate).
func (e entry) request() requestJSON {
	search := "identifier=" + escapeQuery(escapeToken(e.system)+"|"+escapeToken(e.value))
	if e.how == putOnce {
		return requestJSON{Method: "POST", URL: e.kind, IfNoneExist: search}
	}
	return requestJSON{Method: "PUT", URL: e.kind + "?" + search}
}

// escapeToken is R4 search.html#escaping.
func escapeToken(s string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `|`, `\|`, `$`, `\$`).Replace(s)
}

func escapeQuery(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

var marshaller = sync.OnceValue(func() *jsonformat.Marshaller {
	m, err := jsonformat.NewMarshaller(false, "", "", fhirversion.R4)
	if err != nil {
		panic(err) // it depends on nothing but the version
	}
	return m
})
