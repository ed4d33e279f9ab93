package subset

import (
	"bytes"

	"sluis/conformance"
	"sluis/fhir"
)

// Tag is what marks a resource of which parts may be missing (R4
// search.html#summary); whoever receives it must not send it back as an update.
const (
	TagSystem = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
	TagCode   = "SUBSETTED"
)

const tag = `{"system":"` + TagSystem + `","code":"` + TagCode + `"}`

// Apply writes the part of a resource that the Spec asks for, with the tag
// SUBSETTED. Always kept are id and meta, what the definition requires, and what
// changes the meaning of the rest (isModifier). What R4 does not know is left out.
func (s Spec) Apply(n fhir.Node) []byte {
	l := conformance.LayoutOf(n.Get("resourceType").Text())
	if s.IsZero() || l == nil {
		return n.Raw()
	}
	w := writer{out: make([]byte, 0, len(n.Raw())+len(tag)+32)}
	w.out = append(append(append(w.out, `{"resourceType":"`...), l.Name...), '"')
	if id := n.Get("id"); !id.IsZero() {
		w.member(id)
	}
	w.meta(n.Get("meta"))
	for m := range n.All() {
		member, ok := known(l, m)
		if !ok || member.Name == "id" || member.Name == "meta" || !s.keeps(member) {
			continue
		}
		if s.Summary == True {
			w.summary(m, member)
		} else {
			w.member(m)
		}
	}
	w.out = append(w.out, '}')
	return w.out
}

// keeps reports whether an element of the first level stays.
func (s Spec) keeps(m *conformance.Member) bool {
	switch s.Summary {
	case Data:
		return m.Name != "text"
	case Text:
		return m.Name == "text" || m.Required || m.Modifier
	case True:
		return inSummary(m)
	}
	for _, name := range s.Elements {
		if name == m.Name {
			return true
		}
	}
	return m.Required || m.Modifier
}

func inSummary(m *conformance.Member) bool { return m.Summary || m.Required || m.Modifier }

// known is what R4 says of a JSON member, also of what stands beside a primitive.
func known(l *conformance.Layout, m fhir.Node) (*conformance.Member, bool) {
	member := l.Member(bytes.TrimPrefix(m.RawKey(), []byte("_")))
	return member, member != nil
}

type writer struct{ out []byte }

// comma separates members and elements.
func (w *writer) comma() {
	if last := w.out[len(w.out)-1]; last != '{' && last != '[' {
		w.out = append(w.out, ',')
	}
}

func (w *writer) key(name []byte) {
	w.comma()
	w.out = append(append(append(w.out, '"'), name...), '"', ':')
}

// member writes one as it is.
func (w *writer) member(m fhir.Node) {
	w.key(m.RawKey())
	w.out = append(w.out, m.Raw()...)
}

// meta writes meta with the tag added.
func (w *writer) meta(meta fhir.Node) {
	w.key([]byte("meta"))
	w.out = append(w.out, '{')
	tagged := false
	for m := range meta.All() {
		if string(m.RawKey()) != "tag" || m.Kind() != fhir.Array {
			w.member(m)
			continue
		}
		tagged = true
		raw := m.Raw()
		w.key(m.RawKey())
		if isSubsetted(m) {
			w.out = append(w.out, raw...)
			continue
		}
		w.out = append(append(append(w.out, raw[:len(raw)-1]...), ','), tag...)
		w.out = append(w.out, ']')
	}
	if !tagged {
		w.comma()
		w.out = append(append(append(w.out, `"tag":[`...), tag...), ']')
	}
	w.out = append(w.out, '}')
}

// IsSubset reports whether a resource is marked as a part of one, which must not
// be stored for the whole (R4 search.html#summary).
func IsSubset(resource fhir.Node) bool { return isSubsetted(resource.At("meta", "tag")) }

func isSubsetted(tags fhir.Node) bool {
	for t := range tags.All() {
		if t.Get("system").Text() == TagSystem && t.Get("code").Text() == TagCode {
			return true
		}
	}
	return false
}

// summary writes a member of a summary. The elements that a resource nests are
// summaries themselves; a data type is one value and stays whole.
func (w *writer) summary(m fhir.Node, member *conformance.Member) {
	if member.Layout == nil || !isNested(member.Layout.Name) || m.Kind() != fhir.Object && m.Kind() != fhir.Array {
		w.member(m)
		return
	}
	before, kept := len(w.out), 0
	w.key(m.RawKey())
	if m.Kind() == fhir.Object {
		kept = w.part(m, member.Layout)
	} else {
		w.out = append(w.out, '[')
		for e := range m.All() {
			kept += w.part(e, member.Layout)
		}
		w.out = append(w.out, ']')
	}
	if kept == 0 {
		w.out = w.out[:before]
	}
}

// isNested: Patient.contact, not HumanName.
func isNested(name string) bool { return bytes.IndexByte([]byte(name), '.') >= 0 }

// part writes what of an object is in a summary, and returns how many objects it
// wrote: none, when nothing is.
func (w *writer) part(n fhir.Node, l *conformance.Layout) int {
	before := len(w.out)
	if w.out[before-1] == '}' {
		w.out = append(w.out, ',')
	}
	start := len(w.out)
	w.out = append(w.out, '{')
	for m := range n.All() {
		if member, ok := known(l, m); ok && inSummary(member) {
			w.summary(m, member)
		}
	}
	if len(w.out) == start+1 {
		w.out = w.out[:before]
		return 0
	}
	w.out = append(w.out, '}')
	return 1
}
