package rest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluis/fhir"
	"sluis/fhir/subset"
	"sluis/fhir/xml"
)

const (
	contentType    = "application/fhir+json; charset=utf-8"
	contentTypeXML = "application/fhir+xml; charset=utf-8"
)

// write sends a whole answer, a resource in JSON, in the form that was asked for:
// the last step of the corridor. For HEAD it sends its headers only.
func (x *exchange) write(status int, body []byte) {
	if len(body) == 0 {
		x.send(status, "", nil)
		return
	}
	body, t := x.render(x.part(body))
	x.send(status, t, body)
}

// send writes the headers of an answer and, save for HEAD, its bytes.
func (x *exchange) send(status int, t string, body []byte) {
	h := x.w.Header()
	vary(h, "Accept", "Accept-Encoding")
	if len(body) > 0 {
		h.Set("Content-Type", t)
		body = x.pack(body)
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	x.w.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(body) // a client that hangs up is its own affair
	}
}

// vary adds names of request headers that an answer depends on.
func vary(h http.Header, names ...string) {
	all := h.Values("Vary")
	for _, name := range names {
		if !slices.Contains(all, name) {
			h.Add("Vary", name)
		}
	}
}

// render is a resource in the form asked for. One that XML cannot hold is
// answered in JSON, as its Content-Type says: Accept is a wish (RFC 9110
// §12.5.1), and after a write it is too late to refuse.
func (x *exchange) render(body []byte) ([]byte, string) {
	if x.form.xml {
		if doc, err := fhir.ParseDocument(body); err == nil {
			if text, err := xml.FromJSON(doc, x.form.pretty); err == nil {
				return text, contentTypeXML
			}
		}
	}
	if x.form.pretty {
		var out bytes.Buffer
		if json.Indent(&out, body, "", "  ") == nil { // white space alone
			return out.Bytes(), contentType
		}
	}
	return body, contentType
}

// part leaves out of an answer what _summary or _elements leave out. In a Bundle
// made for the answer they concern its resources: not outcomes, and _elements not
// what was included (R4 search.html#elements).
func (x *exchange) part(body []byte) []byte {
	if x.subset.IsZero() {
		return body
	}
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return body // cannot be: what is written here is JSON
	}
	if x.ix.Kind == fhir.Read || x.ix.Kind == fhir.VRead {
		return x.subset.Apply(doc.Root())
	}
	out, last := make([]byte, 0, len(body)), 0
	for entry := range doc.Root().Get("entry").All() {
		resource, mode := entry.Get("resource"), entry.At("search", "mode").Text()
		if resource.IsZero() || mode == "outcome" || mode == "include" && x.subset.Summary == subset.Whole {
			continue
		}
		start, end := resource.Span()
		out = append(append(out, body[last:start]...), x.subset.Apply(resource)...)
		last = end
	}
	return append(out, body[last:]...)
}

// versioned sets the headers that name a version (R4 http.html#versioning).
func (x *exchange) versioned(r fhir.Resource) {
	x.w.Header().Set("ETag", etag(r.Version))
	x.w.Header().Set("Last-Modified", r.Updated.UTC().Format(http.TimeFormat))
}

func etag(version int64) string { return `W/"` + strconv.FormatInt(version, 10) + `"` }

// location is the absolute URL of a version.
func (x *exchange) location(r fhir.Resource) string { return x.Base + "/" + r.Ref().String() }

// quote writes a string that holds no clinical text, such as a URL, as JSON.
func quote(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 0x20:
			b.WriteString(`\u00`)
			b.WriteByte("0123456789abcdef"[c>>4])
			b.WriteByte("0123456789abcdef"[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}

// notModified reports whether a conditional read needs no body (R4
// http.html#cread): If-None-Match goes before If-Modified-Since (RFC 9110
// §13.2.2).
func notModified(h http.Header, r fhir.Resource) bool {
	if tags := h.Values("If-None-Match"); len(tags) > 0 {
		return names(strings.Join(tags, ","), r.Version)
	}
	since, err := http.ParseTime(h.Get("If-Modified-Since"))
	return err == nil && !r.Updated.Truncate(time.Second).After(since)
}

// names reports whether a list of entity tags, or "*", names the version. A tag
// that is not ours names nothing.
func names(tags string, version int64) bool {
	for tag := range strings.SplitSeq(tags, ",") {
		if strings.TrimSpace(tag) == "*" {
			return true
		}
		if v, err := fhir.ParseETag(tag); err == nil && v == version {
			return true
		}
	}
	return false
}
