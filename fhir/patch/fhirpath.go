package patch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
)

// ParseParameters reads a FHIRPath Patch (R4 fhirpatch.html): a valid
// Parameters resource of operations, at most 1,000, each with the parts that
// its type takes and no other. The document must not change afterwards. The
// error is an *fhir.Error of kind Invalid, or TooLarge.
func ParseParameters(doc *fhir.Document) (Patch, error) {
	if doc.Type() != "Parameters" {
		return Patch{}, malformed("a FHIRPath Patch is a Parameters resource")
	}
	if issues := conformance.Validate(doc); len(issues) > 0 {
		return Patch{}, &fhir.Error{Kind: fhir.Invalid, Issues: issues}
	}
	var p Patch
	for n := range doc.Root().Get("parameter").All() {
		if len(p.operations) == maxOperations {
			return Patch{}, tooCostly(fmt.Sprintf("a patch has at most %d operations", maxOperations))
		}
		o, err := readOperation(n)
		if err != nil {
			return Patch{}, at(len(p.operations), err)
		}
		p.operations = append(p.operations, o)
	}
	if len(p.operations) == 0 {
		return Patch{}, malformed("a FHIRPath Patch has at least one operation")
	}
	return p, nil
}

// fhirpathOperation is an operation of R4 fhirpatch.html.
type fhirpathOperation struct {
	kind                       string
	path                       path
	name                       string
	value                      fhir.Node // the part that holds it
	index, source, destination int
}

// parts that each type of operation takes beside its type.
var parts = map[string][]string{
	"add":     {"path", "name", "value"},
	"insert":  {"path", "value", "index"},
	"delete":  {"path"},
	"replace": {"path", "value"},
	"move":    {"path", "source", "destination"},
}

func readOperation(n fhir.Node) (fhirpathOperation, error) {
	if n.Get("name").Text() != "operation" {
		return fhirpathOperation{}, malformed("each parameter of a FHIRPath Patch is called operation")
	}
	given := map[string]fhir.Node{}
	for part := range n.Get("part").All() {
		name := part.Get("name").Text()
		if _, twice := given[name]; twice {
			return fhirpathOperation{}, malformed("the part " + quote(name) + " stands twice")
		}
		given[name] = part
	}
	o := fhirpathOperation{kind: primitive(given["type"])}
	wanted, known := parts[o.kind]
	if !known {
		return o, malformed("type must be add, insert, delete, replace or move")
	}
	for _, name := range wanted {
		if given[name].IsZero() {
			return o, malformed(o.kind + " needs the part " + name)
		}
	}
	for name := range given {
		if name != "type" && !slices.Contains(wanted, name) {
			return o, malformed(o.kind + " takes no part " + quote(name))
		}
	}
	return o, o.read(given)
}

// read fills in the parts, of which none is missing.
func (o *fhirpathOperation) read(given map[string]fhir.Node) (err error) {
	o.name, o.value = primitive(given["name"]), given["value"]
	if o.path, err = parsePath(primitive(given["path"])); err != nil {
		return err
	}
	for name, to := range map[string]*int{"index": &o.index, "source": &o.source, "destination": &o.destination} {
		if part := given[name]; !part.IsZero() {
			n, err := strconv.ParseUint(primitive(part), 10, 31)
			if err != nil {
				return malformed(name + " must be a whole number from 0")
			}
			*to = int(n)
		}
	}
	if o.kind == "add" && o.name == "" {
		return malformed("name must be that of an element")
	}
	return nil
}

// primitive is the text of a part's primitive value.
func primitive(part fhir.Node) string {
	if part.IsZero() {
		return ""
	}
	for m := range part.All() {
		if strings.HasPrefix(m.Key(), "value") {
			return m.Text()
		}
	}
	return ""
}

func (o fhirpathOperation) apply(t *target) error {
	switch o.kind {
	case "add":
		return o.add(t)
	case "insert":
		return o.insert(t)
	case "delete":
		return o.remove(t)
	case "replace":
		return o.replace(t)
	}
	return o.move(t)
}

// one is the element that the path must lead to.
func (o fhirpathOperation) one(t *target, x path) (*place, error) {
	found, err := x.find(t, t.resource())
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, inapplicable("there is nothing at " + quote(o.path.source))
	case len(found) > 1:
		return nil, inapplicable(quote(o.path.source) + " leads to several elements, and must lead to one")
	}
	return found[0], nil
}

func (o fhirpathOperation) add(t *target) error {
	p, err := o.one(t, o.path)
	if err != nil {
		return err
	}
	return p.add(o.name, o.value)
}

// add appends a value under a name. What does not repeat must not be there yet.
func (p *place) add(name string, part fhir.Node) error {
	c, e, err := build(p.typ, name, part)
	if err != nil {
		return err
	}
	inside := p.children(true)
	for _, other := range p.typ.Children(name) {
		if !c.Many && len(inside.list(other.Key)) > 0 {
			return inapplicable(quote(name) + " is there already and does not repeat")
		}
	}
	inside.setList(c, append(inside.list(c.Key), e))
	return nil
}

// collection is the list that the path of an insert or a move names: its last
// step is the name of an element that repeats.
func (o fhirpathOperation) collection(t *target) (*place, conformance.Child, error) {
	last, ok := step(nil), false
	if n := len(o.path.steps); n > 0 {
		last = o.path.steps[n-1]
		_, ok = last.(named)
	}
	if !ok {
		return nil, conformance.Child{}, inapplicable("the path of " + o.kind + " must end in the name of a list")
	}
	p, err := o.one(t, path{steps: o.path.steps[:len(o.path.steps)-1]})
	if err != nil {
		return nil, conformance.Child{}, err
	}
	children := p.typ.Children(last.(named).name)
	if len(children) != 1 || !children[0].Many {
		return nil, conformance.Child{}, inapplicable(quote(o.path.source) + " is not a list")
	}
	return p, children[0], nil
}

func (o fhirpathOperation) insert(t *target) error {
	p, list, err := o.collection(t)
	if err != nil {
		return err
	}
	c, e, err := build(p.typ, list.Name, o.value)
	if err != nil {
		return err
	}
	inside := p.children(true)
	elements := inside.list(c.Key)
	if o.index > len(elements) {
		return inapplicable("index is past the end of the list")
	}
	inside.setList(c, slices.Insert(elements, o.index, e))
	return nil
}

// remove is the delete of R4: of nothing it is no error.
func (o fhirpathOperation) remove(t *target) error {
	found, err := o.path.find(t, t.resource())
	switch {
	case err != nil || len(found) == 0:
		return err
	case len(found) > 1:
		return inapplicable(quote(o.path.source) + " leads to several elements, and only one can be deleted")
	case found[0].holder == nil:
		return inapplicable("the resource itself cannot be deleted")
	}
	found[0].remove()
	return nil
}

func (o fhirpathOperation) replace(t *target) error {
	p, err := o.one(t, o.path)
	if err != nil {
		return err
	}
	if p.holder == nil {
		return inapplicable("the resource itself cannot be replaced")
	}
	c, e, err := build(p.holder.typ, p.child.Name, o.value)
	if err != nil {
		return err
	}
	if c.Key == p.child.Key {
		p.put(e)
		return nil
	}
	inside := p.holder.children(false) // of a choice, with another type: it does not repeat
	inside.setList(p.child, nil)
	inside.setList(c, []element{e})
	return nil
}

func (o fhirpathOperation) move(t *target) error {
	p, c, err := o.collection(t)
	if err != nil {
		return err
	}
	inside := p.children(true)
	elements := inside.list(c.Key)
	if o.source >= len(elements) || o.destination >= len(elements) {
		return inapplicable("source and destination must be within the list")
	}
	moved := elements[o.source]
	elements = slices.Delete(elements, o.source, o.source+1)
	inside.setList(c, slices.Insert(elements, o.destination, moved))
	return nil
}
