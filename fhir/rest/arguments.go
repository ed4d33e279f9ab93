package rest

import (
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
)

// arguments are the in parameters of an operation: those of the URL, and those
// of a Parameters resource in the body or, where an operation takes one
// resource, that resource itself (R4 operations.html#executing).
type arguments struct {
	url  []fhir.Param
	body *fhir.Document // nil without a body
}

// arguments reads what an operation is called with. What is no legal resource of
// R4 is refused, save the resource that $validate is to judge: see judged.
func (x *exchange) arguments() (arguments, error) {
	args := arguments{url: x.ix.Params}
	if len(x.body) == 0 || x.isFormSearch() {
		return args, nil
	}
	doc, err := fhir.ParseDocument(x.body)
	if err != nil {
		return arguments{}, err
	}
	args.body = doc
	if doc.Type() != "Parameters" {
		return args, nil
	}
	var bad []fhir.Issue
	for _, issue := range conformance.Validate(doc) {
		if !slices.ContainsFunc(issue.Expression, withinResource) {
			bad = append(bad, issue)
		}
	}
	if len(bad) > 0 {
		return arguments{}, &fhir.Error{Kind: fhir.Invalid, Issues: bad}
	}
	return args, nil
}

// withinResource: an issue about a resource that is passed, not about the
// passing. The operation that takes it judges it.
func withinResource(expression string) bool { return strings.Contains(expression, ".resource.") }

// known refuses arguments that the operation does not have; the error names
// every one.
func (a arguments) known(names ...string) error {
	bad := &fhir.Error{Kind: fhir.Invalid}
	refuse := func(name string) {
		if !slices.Contains(names, name) {
			bad.Issues = append(bad.Issues, fhir.Issue{Code: "not-supported", Details: "unknown parameter of the operation", Expression: []string{name}})
		}
	}
	for _, p := range a.url {
		refuse(p.Name)
	}
	for p := range a.parts() {
		refuse(p.Get("name").Text())
	}
	if len(bad.Issues) > 0 {
		return bad
	}
	return nil
}

// parts are the parameters of a Parameters body.
func (a arguments) parts() func(yield func(fhir.Node) bool) {
	if a.body == nil || a.body.Type() != "Parameters" {
		return func(func(fhir.Node) bool) {}
	}
	return a.body.Root().Get("parameter").All()
}

// texts are the values of a primitive parameter, wherever they stand, as text.
func (a arguments) texts(name string) (out []string) {
	for _, p := range a.url {
		if p.Name == name {
			out = append(out, p.Value)
		}
	}
	for p := range a.parts() {
		if p.Get("name").Text() != name {
			continue
		}
		for member := range p.All() {
			if strings.HasPrefix(member.Key(), "value") {
				out = append(out, primitive(member))
			}
		}
	}
	return out
}

// primitive is a value of FHIR as it would stand in a URL.
func primitive(n fhir.Node) string {
	if n.Kind() == fhir.String {
		return n.Text()
	}
	return string(n.Raw())
}

// params are all primitive parameters, as they would stand in a URL.
func (a arguments) params() []fhir.Param {
	out := slices.Clone(a.url)
	for p := range a.parts() {
		for member := range p.All() {
			if strings.HasPrefix(member.Key(), "value") {
				out = append(out, fhir.Param{Name: p.Get("name").Text(), Value: primitive(member)})
			}
		}
	}
	return out
}

// text is the value of a parameter that may be given once.
func (a arguments) text(name string) (string, error) {
	all := a.texts(name)
	switch len(all) {
	case 0:
		return "", nil
	case 1:
		return all[0], nil
	}
	return "", fhir.NewError(fhir.Invalid, "invalid", "given more than once", name)
}

// resource is the resource passed under a name, or, where the body is no
// Parameters, the body itself.
func (a arguments) resource(name string) (fhir.Node, bool) {
	if a.body != nil && a.body.Type() != "Parameters" {
		return a.body.Root(), true
	}
	for p := range a.parts() {
		if r := p.Get("resource"); p.Get("name").Text() == name && r.Kind() == fhir.Object {
			return r, true
		}
	}
	return fhir.Node{}, false
}

// baseName is a parameter's name without its modifier or chain.
func baseName(name string) string {
	if i := strings.IndexAny(name, ":."); i >= 0 {
		return name[:i]
	}
	return name
}
