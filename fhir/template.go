package fhir

import (
	"bytes"
	"strconv"
	"time"
)

// Template is a resource's received bytes, cut where a server writes: id,
// meta.versionId and meta.lastUpdated. Nothing else is ever altered.
type Template struct {
	body []byte
	cuts []cut // by position, none overlapping another
}

// cut replaces body[start:end] by a stamp, or by nothing. An insertion has
// start == end.
type cut struct {
	start, end int
	stamp      stamp
}

type stamp struct {
	before string // a comma, where members stand before
	id     bool   // "id":"…"
	meta   metaStamp
	after  string // a comma, where members follow
}

type metaStamp int

const (
	noMeta      metaStamp = iota
	metaMembers           // "versionId":"1","lastUpdated":"…"
	wholeMeta             // "meta":{…}
)

// Template prepares the document for Stamp. The server's id goes behind
// resourceType; its members of meta go first in meta, or with a meta of their
// own behind the id when none was received.
func (d *Document) Template() Template {
	root := d.Root()
	meta := root.Get("meta")
	own := stamp{id: true, meta: wholeMeta}
	removed := func(name string) bool { return name == "id" || name == "meta" }
	if meta.Kind() == Object {
		own.meta = noMeta
		removed = func(name string) bool { return name == "id" }
	}
	t := Template{body: d.body, cuts: rewrite(root, root.Get("resourceType"), own, removed)}
	if meta.Kind() == Object {
		t.cuts = append(t.cuts, rewrite(meta, Node{}, stamp{meta: metaMembers}, func(name string) bool {
			return name == "versionId" || name == "lastUpdated"
		})...)
	}
	sortCuts(t.cuts)
	return t
}

// rewrite removes members of an object, each with the one comma that goes with
// it, and inserts a stamp behind the member after, or first when that is zero.
func rewrite(object, after Node, s stamp, removed func(name string) bool) []cut {
	start, _ := object.Span()
	at, kept := start+1, false
	if !after.IsZero() {
		_, at = after.Span()
		s.before = ","
	}
	var out []cut
	for m := range object.All() {
		if removed(m.Key()) {
			out = append(out, removal(m, kept))
			continue
		}
		kept = true
	}
	if kept && after.IsZero() {
		s.after = ","
	}
	return append(out, cut{at, at, s})
}

// removal cuts one member with the comma before it when a member that is kept
// stands before, and else with the comma after it.
func removal(member Node, afterKept bool) cut {
	x := member.doc.nodes[member.i]
	start, end := int(x.keyStart)-1, int(x.end)
	body := member.doc.body
	if afterKept {
		// Between the comma and the name only white space can stand.
		return cut{start: bytes.LastIndexByte(body[:start], ','), end: end}
	}
	if i := skipSpace(body, end); body[i] == ',' {
		end = i + 1
	}
	return cut{start: start, end: end}
}

// skipSpace is the position of the first byte from i on that is not white
// space. There is one, because an object ends with a brace.
func skipSpace(b []byte, i int) int {
	for b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n' {
		i++
	}
	return i
}

// sortCuts orders by position; an insertion comes before a removal that starts
// where it stands.
func sortCuts(c []cut) {
	less := func(a, b cut) bool { return a.start < b.start || a.start == b.start && a.end < b.end }
	for i := 1; i < len(c); i++ {
		for j := i; j > 0 && less(c[j], c[j-1]); j-- {
			c[j], c[j-1] = c[j-1], c[j]
		}
	}
}

// Size is the length of the received bytes.
func (t Template) Size() int { return len(t.body) }

// Rename replaces references that stand as whole strings, for example
// "Patient/a" by "Patient/b", in one pass. It serves references whose target is
// only known inside a transaction; ids are random, so a chance match is not to be
// feared.
func (t Template) Rename(to map[Ref]Ref) Template {
	doc, err := ParseDocument(t.body)
	if err != nil {
		return t // cannot be: a Template is made of a Document
	}
	var out []byte
	last := 0
	for n := range doc.Root().Walk() {
		if n.Kind() != String {
			continue
		}
		ref, ok := ParseRef(n.Text())
		now, renamed := to[ref]
		if !ok || !renamed {
			continue
		}
		start, end := n.Span()
		out = append(append(out, t.body[last:start]...), strconv.Quote(now.String())...)
		last = end
	}
	if last == 0 {
		return t
	}
	if doc, err = ParseDocument(append(out, t.body[last:]...)); err != nil {
		return t // cannot be: strings were replaced by strings
	}
	return doc.Template()
}

// Instant is R4's instant in UTC with milliseconds.
func Instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// Stamp writes the resource as it is stored and served. The id must satisfy
// IsID: it is written as it is.
func (t Template) Stamp(id string, version int64, updated time.Time) []byte {
	members := `"versionId":"` + strconv.FormatInt(version, 10) + `","lastUpdated":"` + Instant(updated) + `"`
	out := make([]byte, 0, len(t.body)+len(id)+len(members)+32)
	at := 0
	for _, c := range t.cuts {
		out = append(out, t.body[at:c.start]...)
		out = c.stamp.append(out, id, members)
		at = c.end
	}
	return append(out, t.body[at:]...)
}

func (s stamp) append(out []byte, id, members string) []byte {
	out = append(out, s.before...)
	if s.id {
		out = append(append(append(out, `"id":"`...), id...), '"')
	}
	switch {
	case s.meta == metaMembers:
		out = append(out, members...)
	case s.meta == wholeMeta && s.id:
		out = append(append(append(out, `,"meta":{`...), members...), '}')
	}
	return append(out, s.after...)
}
