package fhir

import "strconv"

// WithID returns the body with that id and nothing else changed.
func (d *Document) WithID(id string) []byte {
	root := d.Root()
	start, end := root.Get("id").Span()
	text := strconv.Quote(id)
	if end == 0 {
		_, start = root.Get("resourceType").Span()
		end, text = start, `,"id":`+text
	}
	out := make([]byte, 0, len(d.body)+len(text))
	out = append(append(out, d.body[:start]...), text...)
	return append(out, d.body[end:]...)
}
