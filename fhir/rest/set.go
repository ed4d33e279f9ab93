package rest

import (
	"bytes"
	"strconv"

	"sluis/fhir"
	"sluis/gate"
	"sluis/storage"
)

// set writes a Bundle around bodies that are passed on as they are (R4
// bundle.html). It has no id and no timestamp of its own: equal answers have
// equal bytes.
type set struct {
	buf     bytes.Buffer
	links   bool
	entries bool
}

// newSet begins a Bundle; a total below zero is left out.
func newSet(kind string, total int) *set {
	s := &set{}
	s.buf.WriteString(`{"resourceType":"Bundle","type":"` + kind + `"`)
	if total >= 0 {
		s.buf.WriteString(`,"total":` + strconv.Itoa(total))
	}
	return s
}

// link adds a link; all links stand before the first entry.
func (s *set) link(relation, url string) {
	if s.links {
		s.buf.WriteByte(',')
	} else {
		s.buf.WriteString(`,"link":[`)
		s.links = true
	}
	s.buf.WriteString(`{"relation":"` + relation + `","url":`)
	quote(&s.buf, url)
	s.buf.WriteByte('}')
}

// begin opens the next entry.
func (s *set) begin() {
	if s.links && !s.entries {
		s.buf.WriteByte(']')
	}
	if s.entries {
		s.buf.WriteByte(',')
	} else {
		s.buf.WriteString(`,"entry":[`)
		s.entries = true
	}
	s.buf.WriteByte('{')
}

func (s *set) fullURL(url string) {
	s.buf.WriteString(`"fullUrl":`)
	quote(&s.buf, url)
	s.buf.WriteByte(',')
}

// match adds an entry of a searchset.
func (s *set) match(base string, e storage.Entry) {
	s.begin()
	s.fullURL(base + "/" + e.Resource.Ref().Latest().String())
	s.buf.WriteString(`"resource":`)
	s.buf.Write(e.Resource.Body)
	mode := "match"
	if e.Included {
		mode = "include"
	}
	s.buf.WriteString(`,"search":{"mode":"` + mode + `"}}`)
}

// likely adds an entry of a searchset with how well it matches (R4
// patient-operation-match.html).
func (s *set) likely(base string, e storage.Entry, like gate.Likeness) {
	s.begin()
	s.fullURL(base + "/" + e.Resource.Ref().Latest().String())
	s.buf.WriteString(`"resource":`)
	s.buf.Write(e.Resource.Body)
	s.buf.WriteString(`,"search":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/match-grade","valueCode":"` + string(like.Grade) +
		`"}],"mode":"match","score":` + strconv.FormatFloat(like.Score, 'f', 6, 64) + `}}`)
}

// outcome adds an OperationOutcome about the search itself.
func (s *set) outcome(issues []fhir.Issue) {
	s.begin()
	s.buf.WriteString(`"resource":`)
	s.buf.Write(outcome(issues))
	s.buf.WriteString(`,"search":{"mode":"outcome"}}`)
}

// version adds an entry of a history: how the version came to be, and its
// content unless it is a deletion.
func (s *set) version(base string, r fhir.Resource) {
	s.begin()
	s.fullURL(base + "/" + r.Ref().Latest().String())
	if !r.Deleted {
		s.buf.WriteString(`"resource":`)
		s.buf.Write(r.Body)
		s.buf.WriteByte(',')
	}
	url := r.Ref().Latest().String()
	status := "200"
	switch {
	case r.Method == "POST":
		url, status = r.Type, "201"
	case r.Method == "PUT" && r.Version == 1:
		status = "201"
	case r.Deleted:
		status = "204"
	}
	s.buf.WriteString(`"request":{"method":"` + r.Method + `","url":"` + url + `"},`)
	s.response(status, "", &r)
	s.buf.WriteByte('}')
}

// response adds Bundle.entry.response.
func (s *set) response(status, location string, r *fhir.Resource) {
	s.buf.WriteString(`"response":{"status":"` + status + `"`)
	if location != "" {
		s.buf.WriteString(`,"location":`)
		quote(&s.buf, location)
	}
	if r != nil && r.Version > 0 {
		s.buf.WriteString(`,"etag":`)
		quote(&s.buf, etag(r.Version))
		s.buf.WriteString(`,"lastModified":"` + fhir.Instant(r.Updated) + `"`)
	}
	s.buf.WriteByte('}')
}

// bytes closes the Bundle.
func (s *set) bytes() []byte {
	if s.entries || s.links {
		s.buf.WriteByte(']')
	}
	s.buf.WriteByte('}')
	return s.buf.Bytes()
}
