package index

import (
	"bytes"
	"sync"

	"sluis/fhir"
)

// scratch is what one extraction leaves to the next: room for the entries
// before it is known how many there are, and the texts that resources share.
// What is handed out is of its exact size and shares nothing but strings.
type scratch struct {
	entries            Entries
	narrative, content []string
	measures           []measuredAt
	texts              map[string]*text
}

var scratches = sync.Pool{New: func() any { return &scratch{texts: map[string]*text{}} }}

// text is a string of a resource with what the index makes of it, once.
type text struct {
	exact  string
	folded string
	words  []string // nil until asked for
}

// Texts that resources share are names of codes, systems and units: what is
// longer than maxShared is kept for nobody, and beyond maxTexts all start anew.
const (
	maxShared = 96 // bytes
	maxTexts  = 1024
	maxRoom   = 4096 // entries; a resource that has more leaves no room behind
)

// textOf is the text of a string, "" of anything else.
func (s *scratch) textOf(n fhir.Node) *text {
	raw := n.Raw()
	if n.Kind() != fhir.String || len(raw) > maxShared || bytes.IndexByte(raw, '\\') >= 0 {
		return &text{exact: n.Text()}
	}
	raw = raw[1 : len(raw)-1]
	if t := s.texts[string(raw)]; t != nil {
		return t
	}
	return s.keep(string(raw))
}

func (s *scratch) keep(exact string) *text {
	if len(s.texts) == maxTexts {
		clear(s.texts)
	}
	t := &text{exact: exact}
	s.texts[exact] = t
	return t
}

// shared is a string as other resources hold it, so that it stands in memory
// once.
func (s *scratch) shared(exact string) string {
	if exact == "" || len(exact) > maxShared {
		return exact
	}
	if t := s.texts[exact]; t != nil {
		return t.exact
	}
	return s.keep(exact).exact
}

// fold is Fold of the text.
func (t *text) fold() string {
	if t.folded == "" {
		t.folded = Fold(t.exact)
	}
	return t.folded
}

// appendWords adds the Words of the text.
func (t *text) appendWords(out []string) []string {
	if t.words == nil {
		t.words = appendWords([]string{}, t.exact)
	}
	return append(out, t.words...)
}

// release gives the room back for another extraction.
func (s *scratch) release() {
	e := &s.entries
	n := max(cap(e.Tokens), cap(e.Strings), cap(e.Dates), cap(e.Numbers), cap(e.Quantities), cap(e.References), cap(e.URIs), cap(s.narrative), cap(s.content))
	if n > maxRoom {
		return
	}
	s.entries = Entries{
		Tokens: emptied(e.Tokens), Strings: emptied(e.Strings), Dates: emptied(e.Dates), Numbers: emptied(e.Numbers),
		Quantities: emptied(e.Quantities), References: emptied(e.References), URIs: emptied(e.URIs),
	}
	s.narrative, s.content, s.measures = emptied(s.narrative), emptied(s.content), emptied(s.measures)
	scratches.Put(s)
}

// emptied holds on to nothing but its room.
func emptied[T any](s []T) []T {
	clear(s)
	return s[:0]
}

// exact is a copy without room, nil where it is empty.
func exact[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	out := make([]T, len(s))
	copy(out, s)
	return out
}

// exact are entries that share no room with e.
func (e *Entries) exact() Entries {
	return Entries{
		Type: e.Type, IsPatient: e.IsPatient,
		Tokens: exact(e.Tokens), Strings: exact(e.Strings), Dates: exact(e.Dates), Numbers: exact(e.Numbers),
		Quantities: exact(e.Quantities), References: exact(e.References), URIs: exact(e.URIs), Positions: exact(e.Positions),
		Narrative: exact(e.Narrative), Content: exact(e.Content), Subjects: exact(e.Subjects),
	}
}
