package fhir

// WithID returns the body with that id and nothing else changed. The id must
// satisfy IsID: it is written as it is.
func (d *Document) WithID(id string) []byte {
	root := d.Root()
	old := root.Get("id")
	start, end := old.Span()
	if !old.IsZero() {
		return splice(d.body, start, end, `"`+id+`"`)
	}
	c := rewrite(root, root.Get("resourceType"), stamp{id: true}, func(string) bool { return false })[0]
	return splice(d.body, c.start, c.end, string(c.stamp.append(nil, id, "")))
}

func splice(body []byte, start, end int, text string) []byte {
	out := make([]byte, 0, len(body)+len(text))
	out = append(append(out, body[:start]...), text...)
	return append(out, body[end:]...)
}
