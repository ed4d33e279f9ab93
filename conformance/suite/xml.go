package suite

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
)

// element is one element of an XML answer, read without a schema.
type element struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Inner   string     `xml:",innerxml"`
	Nodes   []element  `xml:",any"`
}

// decodeXML reads one document.
func decodeXML(text []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	root := &element{}
	if err := d.Decode(root); err != nil {
		return nil, err
	}
	for {
		switch t, err := d.Token(); rest := t.(type) {
		case nil:
			if !errors.Is(err, io.EOF) {
				return nil, err
			}
			return root, nil
		case xml.CharData:
			if len(bytes.TrimSpace(rest)) > 0 {
				return nil, errors.New("text after the document")
			}
		case xml.StartElement:
			return nil, errors.New("more than one XML document")
		}
	}
}

func (e *element) attribute(name string) (string, bool) {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// value is what FHIR keeps of an element: its attribute value, or else what
// stands within it.
func (e *element) value() string {
	if v, ok := e.attribute("value"); ok {
		return v
	}
	return e.Inner
}

// child is the nth child of a name, written name[n]; name alone is name[0].
func (e *element) child(step string) *element {
	name, index, _ := strings.Cut(strings.TrimSuffix(step, "]"), "[")
	n, _ := strconv.Atoi(index)
	if all := e.children(name); n >= 0 && n < len(all) {
		return all[n]
	}
	return nil
}

func (e *element) children(name string) (all []*element) {
	for i := range e.Nodes {
		if e.Nodes[i].XMLName.Local == name {
			all = append(all, &e.Nodes[i])
		}
	}
	return all
}

// follow is the element that a path such as Patient.name[1].family leads to.
func (e *element) follow(path string) *element {
	root, rest, deeper := strings.Cut(path, ".")
	if e == nil || e.XMLName.Local != root {
		return nil
	}
	for step := range strings.SplitSeq(rest, ".") {
		if deeper && e != nil {
			e = e.child(step)
		}
	}
	return e
}

// xmlSource finds the value of an element, or with @name at the end of a path
// that of an attribute.
func xmlSource(a *answer, path string) (any, bool) {
	path, attribute, asked := strings.Cut(path, "@")
	e := a.xml.follow(path)
	switch {
	case e == nil:
		return nil, false
	case asked:
		return e.attribute(attribute)
	}
	return e.value(), true
}

// xmlList finds all elements of one name, for count.
func xmlList(a *answer, path string) (any, bool) {
	i := strings.LastIndexByte(path, '.')
	parent := a.xml.follow(path[:max(i, 0)])
	if parent == nil {
		return nil, false
	}
	var list []any
	for _, e := range parent.children(path[i+1:]) {
		list = append(list, e)
	}
	return list, len(list) > 0
}

// xmlIssues are those of an OperationOutcome in XML, as they would be in JSON.
func xmlIssues(root *element) (issues []any) {
	if root == nil || root.XMLName.Local != "OperationOutcome" {
		return nil
	}
	for _, e := range root.children("issue") {
		issue := map[string]any{}
		for _, name := range []string{"severity", "code"} {
			if c := e.child(name); c != nil {
				issue[name] = c.value()
			}
		}
		var places []any
		for _, x := range e.children("expression") {
			places = append(places, x.value())
		}
		issue["expression"] = places
		issues = append(issues, issue)
	}
	return issues
}
