package terminology

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluis/fhir"
	"sluis/fhir/index"
)

// kind is how an argument is written.
type kind int

const (
	textKind kind = iota // uri, canonical, code, string
	boolKind
	countKind // integer, not negative
	dateKind
	codingKind
	conceptKind
	resourceKind
)

// parameter is one in parameter of an operation (R4 OperationDefinition).
type parameter struct {
	name string
	kind kind
	many bool
}

// arguments are what an operation was called with, by name; those of the URL
// first.
type arguments struct {
	of       map[string][]argument
	problems []fhir.Issue
}

// argument is one value: text of a primitive, node of a complex one.
type argument struct {
	text  string
	node  fhir.Node
	where string
}

// surface are parameters that are the surface's own (R4 http.html#parameters).
var surface = []string{"_format", "_pretty"}

// readArguments reads the URL and the body, which is a Parameters resource or,
// where one parameter is a resource, that resource (R4
// operations.html#executing). The error names every parameter that is unknown, of
// a wrong type, or given too often.
func readArguments(known []parameter, url []fhir.Param, body *fhir.Document) (*arguments, error) {
	a := &arguments{of: map[string][]argument{}}
	for _, p := range url {
		if !slices.Contains(surface, p.Name) {
			a.fromURL(known, p)
		}
	}
	if body != nil {
		a.fromBody(known, body)
	}
	for _, k := range known {
		if given := a.of[k.name]; len(given) > 1 && !k.many {
			a.refuse("invalid", k.name+" is given more than once", given[1].where)
		}
	}
	return a, a.err()
}

func (a *arguments) err() error {
	if len(a.problems) == 0 {
		return nil
	}
	return &fhir.Error{Kind: fhir.Invalid, Issues: a.problems}
}

func (a *arguments) refuse(code, details, where string) {
	a.problems = append(a.problems, fhir.Issue{Code: code, Details: details, Expression: []string{where}})
}

func find(known []parameter, name string) (parameter, bool) {
	i := slices.IndexFunc(known, func(p parameter) bool { return p.name == name })
	if i < 0 {
		return parameter{}, false
	}
	return known[i], true
}

func (a *arguments) fromURL(known []parameter, p fhir.Param) {
	k, ok := find(known, p.Name)
	switch {
	case !ok:
		a.refuse("not-supported", "the operation has no parameter "+shown(p.Name), p.Name)
	case k.kind >= codingKind:
		a.refuse("invalid", p.Name+" is no primitive: it goes in a Parameters body", p.Name)
	default:
		a.primitive(k, argument{text: p.Value, where: p.Name})
	}
}

// primitive checks the form of a value and keeps it.
func (a *arguments) primitive(k parameter, v argument) {
	sent, ok := v.text, v.text != ""
	switch k.kind {
	case boolKind:
		ok = v.text == "true" || v.text == "false"
	case countKind:
		n, err := strconv.ParseInt(v.text, 10, 32)
		ok = err == nil && n >= 0
		v.text = strconv.FormatInt(n, 10)
	case dateKind:
		_, _, ok = index.DateRange(v.text)
	case textKind, codingKind, conceptKind, resourceKind:
	}
	if !ok {
		a.refuse("value", fmt.Sprintf("%s cannot be %s", k.name, shown(sent)), v.where)
		return
	}
	a.of[k.name] = append(a.of[k.name], v)
}

func (a *arguments) fromBody(known []parameter, body *fhir.Document) {
	root := body.Root()
	if body.Type() != "Parameters" {
		k, ok := find(known, lowerFirst(body.Type()))
		if !ok || k.kind != resourceKind {
			a.refuse("invalid", "the body is a Parameters resource, not "+shown(body.Type()), "resourceType")
			return
		}
		a.of[k.name] = append(a.of[k.name], argument{node: root, where: body.Type()})
		return
	}
	i := 0
	for n := range root.Get("parameter").All() {
		a.fromPart(known, n, fmt.Sprintf("Parameters.parameter[%d]", i))
		i++
	}
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// valueKeys are the members in which a value of each kind may stand.
var valueKeys = map[kind][]string{
	textKind: {"valueUri", "valueCanonical", "valueUrl", "valueCode", "valueString", "valueId", "valueOid", "valueUuid"},
	boolKind: {"valueBoolean"}, countKind: {"valueInteger", "valuePositiveInt", "valueUnsignedInt"},
	dateKind: {"valueDateTime", "valueDate", "valueInstant"}, codingKind: {"valueCoding"}, conceptKind: {"valueCodeableConcept"},
	resourceKind: {"resource"},
}

// fromPart reads one Parameters.parameter.
func (a *arguments) fromPart(known []parameter, n fhir.Node, where string) {
	name := n.Get("name").Text()
	k, ok := find(known, name)
	if !ok {
		a.refuse("not-supported", "the operation has no parameter "+shown(name), where)
		return
	}
	for _, key := range valueKeys[k.kind] {
		v := n.Get(key)
		switch {
		case v.IsZero():
			continue
		case k.kind < codingKind:
			a.primitive(k, argument{text: v.Text(), where: where})
		case v.Kind() != fhir.Object:
			a.refuse("value", name+" is not an object", where)
		default:
			a.of[name] = append(a.of[name], argument{node: v, where: where})
		}
		return
	}
	a.refuse("value", fmt.Sprintf("%s has no value of its type: %s", name, valueKeys[k.kind][0]), where)
}

func (a *arguments) has(name string) bool { return len(a.of[name]) > 0 }

func (a *arguments) text(name string) string {
	if !a.has(name) {
		return ""
	}
	return a.of[name][0].text
}

func (a *arguments) texts(name string) []string {
	var out []string
	for _, v := range a.of[name] {
		out = append(out, v.text)
	}
	return out
}

func (a *arguments) is(name string) bool { return a.text(name) == "true" }

// count is a number, or -1 where it is not given.
func (a *arguments) count(name string) int {
	n, err := strconv.Atoi(a.text(name))
	if err != nil {
		return -1
	}
	return n
}

func (a *arguments) node(name string) fhir.Node {
	if !a.has(name) {
		return fhir.Node{}
	}
	return a.of[name][0].node
}

func codingOf(n fhir.Node) Coding {
	return Coding{System: n.Get("system").Text(), Version: n.Get("version").Text(), Code: n.Get("code").Text(), Display: n.Get("display").Text()}
}

// canonicals reads system|version pairs.
func (a *arguments) canonicals(name string) map[string]string {
	out := map[string]string{}
	for _, v := range a.of[name] {
		url, version := cutVersion(v.text)
		if version == "" {
			a.refuse("value", name+" is system|version", v.where)
		}
		out[url] = version
	}
	return out
}
