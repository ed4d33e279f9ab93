package patch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluis/fhir"
)

// ParseJSON reads a JSON Patch document (RFC 6902): strict JSON, an array of
// operations, at most 1,000. Members that RFC 6902 does not define are ignored,
// as it has them be. The error is an *fhir.Error of kind Invalid, or TooLarge.
func ParseJSON(body []byte) (Patch, error) {
	// A document is an object; so the array is read as the one member of one.
	const before, after = `{"patch":`, `}`
	wrapped := make([]byte, 0, len(before)+len(body)+len(after))
	wrapped = append(append(append(wrapped, before...), body...), after...)
	doc, err := fhir.ParseDocument(wrapped)
	if err != nil {
		return Patch{}, malformed("the body is not a JSON Patch: " + fhir.IssuesOf(err)[0].Details)
	}
	list := doc.Root().Get("patch")
	if _, end := list.Span(); list.Kind() != fhir.Array || strings.TrimLeft(string(wrapped[end:]), " \t\r\n") != after {
		return Patch{}, malformed("a JSON Patch is an array of operations (RFC 6902)")
	}
	var p Patch
	for n := range list.All() {
		if len(p.operations) == maxOperations {
			return Patch{}, tooCostly(fmt.Sprintf("a patch has at most %d operations", maxOperations))
		}
		o, err := readJSON(n)
		if err != nil {
			return Patch{}, at(len(p.operations), err)
		}
		p.operations = append(p.operations, o)
	}
	return p, nil
}

// jsonOperation is an operation of RFC 6902 §4.
type jsonOperation struct {
	op         string
	path, from pointer
	value      fhir.Node
}

// readJSON reads an operation with what it needs: no more, no less.
func readJSON(n fhir.Node) (jsonOperation, error) {
	o := jsonOperation{op: text(n.Get("op"))}
	var err error
	if o.path, err = readPointer(n.Get("path"), "path"); err != nil {
		return o, err
	}
	switch o.op {
	case "add", "replace", "test":
		if o.value = n.Get("value"); o.value.IsZero() {
			return o, malformed(o.op + " needs a value")
		}
	case "move", "copy":
		if o.from, err = readPointer(n.Get("from"), "from"); err != nil {
			return o, err
		}
		if o.op == "move" && len(o.from) < len(o.path) && slices.Equal(o.from, o.path[:len(o.from)]) {
			return o, malformed("nothing can be moved into itself")
		}
	case "remove":
	default:
		return o, malformed("op must be add, remove, replace, move, copy or test")
	}
	return o, nil
}

// text is the text of a string, and "" for any other value.
func text(n fhir.Node) string {
	if n.Kind() != fhir.String {
		return ""
	}
	return n.Text()
}

// pointer is a JSON Pointer (RFC 6901), unescaped; none is the whole document.
type pointer []string

func readPointer(n fhir.Node, name string) (pointer, error) {
	s := n.Text()
	switch {
	case n.Kind() != fhir.String:
		return nil, malformed(name + " must be a string")
	case s == "":
		return nil, nil
	case s[0] != '/':
		return nil, malformed(name + " must be a JSON Pointer: it starts with /")
	}
	p := pointer(strings.Split(s[1:], "/"))
	for i, token := range p {
		if strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(token), "~") {
			return nil, malformed(name + " must be a JSON Pointer: ~ stands as ~0")
		}
		p[i] = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
	}
	return p, nil
}

func (p pointer) String() string {
	var b strings.Builder
	for _, token := range p {
		b.WriteString("/" + strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1"))
	}
	return quote(b.String())
}

func (o jsonOperation) apply(t *target) error {
	switch o.op {
	case "add":
		return t.add(o.path, received(o.value))
	case "remove":
		_, err := t.remove(o.path)
		return err
	case "replace":
		return t.replace(o.path, received(o.value))
	case "move":
		return t.move(o.from, o.path)
	case "copy":
		return t.copy(o.from, o.path)
	}
	return t.test(o.path, received(o.value))
}

// at is the value that a pointer names.
func (t *target) at(p pointer) (*value, error) {
	v := t.root
	for _, token := range p {
		if v = v.child(token); v == nil {
			return nil, missing(p)
		}
	}
	return v, nil
}

// child is the member or element that a token names, or nil.
func (v *value) child(token string) *value {
	switch v.kind {
	case fhir.Object:
		return v.get(token)
	case fhir.Array:
		if i, ok := position(token); ok && i < len(v.opened().elements) {
			return v.elements[i]
		}
	}
	return nil
}

func missing(p pointer) error { return inapplicable("there is nothing at " + p.String()) }

// position reads an array index: decimal, without sign or leading zero.
func position(token string) (int, bool) {
	if token == "" || len(token) > 9 || token[0] == '0' && token != "0" {
		return 0, false
	}
	i, err := strconv.ParseUint(token, 10, 31)
	return int(i), err == nil
}

func (t *target) add(p pointer, v *value) error {
	if len(p) == 0 {
		t.root = v
		return nil
	}
	holder, err := t.at(p[:len(p)-1])
	if err != nil {
		return err
	}
	last := p[len(p)-1]
	switch holder.kind {
	case fhir.Object:
		if !isName(last) {
			return inapplicable("no element of R4 has the name " + quote(last))
		}
		holder.set(last, v)
		return nil
	case fhir.Array:
		i, ok := position(last)
		if last == "-" {
			i, ok = len(holder.opened().elements), true
		}
		if !ok || i > len(holder.opened().elements) {
			return inapplicable("no position of the array: " + p.String())
		}
		holder.elements = slices.Insert(holder.elements, i, v)
		return nil
	}
	return missing(p)
}

// isName reports whether a string can be written as a member's name as it is.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '_') {
			return false
		}
	}
	return s != ""
}

func (t *target) remove(p pointer) (*value, error) {
	v, err := t.at(p)
	if err != nil {
		return nil, err
	}
	if len(p) == 0 {
		return nil, inapplicable("the resource itself cannot be removed")
	}
	holder, _ := t.at(p[:len(p)-1]) // is there: at has just gone through it
	last := p[len(p)-1]
	if holder.kind == fhir.Object {
		holder.set(last, nil)
		return v, nil
	}
	i, _ := position(last)
	holder.elements = slices.Delete(holder.elements, i, i+1)
	return v, nil
}

func (t *target) replace(p pointer, v *value) error {
	old, err := t.at(p)
	if err != nil {
		return err
	}
	*old = *v
	return nil
}

func (t *target) move(from, to pointer) error {
	if slices.Equal(from, to) {
		_, err := t.at(from)
		return err
	}
	v, err := t.remove(from)
	if err != nil {
		return err
	}
	return t.add(to, v)
}

func (t *target) copy(from, to pointer) error {
	v, err := t.at(from)
	if err != nil {
		return err
	}
	if t.copied += v.size(); t.copied > maxCopied {
		return tooCostly(fmt.Sprintf("a patch copies at most %d bytes", maxCopied))
	}
	return t.add(to, v.clone())
}

func (t *target) test(p pointer, want *value) error {
	got, err := t.at(p)
	if err != nil {
		return err
	}
	if !got.equal(want) {
		return inapplicable("the test does not hold")
	}
	return nil
}
