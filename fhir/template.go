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
	cuts []cut
}

// cut replaces body[start:end] by a stamp, or by nothing.
type cut struct {
	start, end int
	stamp      stamp
}

type stamp int

const (
	nothing stamp = iota
	idMember
	metaMembers      // "versionId":"1","lastUpdated":"…"
	metaMembersComma // the same and a comma
	wholeMeta        // ,"meta":{…}
)

// Template prepares the document for Stamp.
func (d *Document) Template() Template {
	t := Template{body: d.body}
	root := d.Root()
	_, afterType := root.Get("resourceType").Span()
	t.cuts = append(t.cuts, cut{afterType, afterType, idMember})
	meta := root.Get("meta")
	if id := root.Get("id"); !id.IsZero() {
		t.cuts = append(t.cuts, d.removal(root, id))
	}
	if meta.Kind() != Object {
		t.cuts = append(t.cuts, cut{afterType, afterType, wholeMeta})
		if !meta.IsZero() {
			t.cuts = append(t.cuts, d.removal(root, meta))
		}
	} else {
		t.cuts = append(t.cuts, d.metaCuts(meta)...)
	}
	sortCuts(t.cuts)
	return t
}

// metaCuts puts the server's members first in meta and drops the received ones.
func (d *Document) metaCuts(meta Node) []cut {
	start, _ := meta.Span()
	var out []cut
	others := 0
	for m := range meta.All() {
		switch m.Key() {
		case "versionId", "lastUpdated":
			out = append(out, d.removal(meta, m))
		default:
			others++
		}
	}
	s := metaMembers
	if others > 0 {
		s = metaMembersComma
	}
	return append(out, cut{start + 1, start + 1, s})
}

// removal cuts one member of an object with the one comma that goes with it:
// the comma before it, unless every member before it is cut as well.
func (d *Document) removal(parent, member Node) cut {
	x := d.nodes[member.i]
	start, end := int(x.keyStart)-1, int(x.end)
	if d.leads(parent, member) {
		if i := skipSpace(d.body, end); i < len(d.body) && d.body[i] == ',' {
			return cut{start, i + 1, nothing}
		}
		return cut{start, end, nothing}
	}
	for i := start - 1; i >= 0; i-- {
		if d.body[i] == ',' {
			return cut{i, end, nothing}
		}
	}
	return cut{start, end, nothing}
}

// leads reports whether only members that are cut stand before this one.
func (d *Document) leads(parent, member Node) bool {
	for m := range parent.All() {
		if m.i == member.i {
			return true
		}
		switch m.Key() {
		case "id", "versionId", "lastUpdated":
		default:
			return false
		}
	}
	return false
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && bytes.IndexByte([]byte(" \t\r\n"), b[i]) >= 0 {
		i++
	}
	return i
}

func sortCuts(c []cut) {
	for i := 1; i < len(c); i++ {
		for j := i; j > 0 && (c[j].start < c[j-1].start || c[j].start == c[j-1].start && c[j].stamp < c[j-1].stamp && c[j].end == c[j].start); j-- {
			c[j], c[j-1] = c[j-1], c[j]
		}
	}
}

// Size is the length of the received bytes.
func (t Template) Size() int { return len(t.body) }

// Rename replaces a reference that stands as a whole string, for example
// "Patient/a" by "Patient/b". It serves references whose target is only known
// inside a transaction; ids are random, so a chance match is not to be feared.
func (t Template) Rename(from, to Ref) Template {
	old, new := strconv.Quote(from.String()), strconv.Quote(to.String())
	if !bytes.Contains(t.body, []byte(old)) {
		return t
	}
	doc, err := ParseDocument(bytes.ReplaceAll(t.body, []byte(old), []byte(new)))
	if err != nil {
		return t // cannot be: a string was replaced by a string
	}
	return doc.Template()
}

// Instant is R4's instant in UTC with milliseconds.
func Instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// Stamp writes the resource as it is stored and served.
func (t Template) Stamp(id string, version int64, updated time.Time) []byte {
	members := `"versionId":"` + strconv.FormatInt(version, 10) + `","lastUpdated":"` + Instant(updated) + `"`
	out := make([]byte, 0, len(t.body)+len(id)+len(members)+32)
	at := 0
	for _, c := range t.cuts {
		if c.start > at {
			out = append(out, t.body[at:c.start]...)
		}
		switch c.stamp {
		case idMember:
			out = append(append(append(out, `,"id":"`...), id...), '"')
		case metaMembers:
			out = append(out, members...)
		case metaMembersComma:
			out = append(append(out, members...), ',')
		case wholeMeta:
			out = append(append(append(out, `,"meta":{`...), members...), '}')
		}
		at = max(at, c.end)
	}
	return append(out, t.body[at:]...)
}
