package terminology

import (
	"slices"

	"sluis/fhir"
)

// Call is a call of an operation, as a surface has read it.
type Call struct {
	Name     string         // without $: expand, validate-code, lookup, subsumes
	Type     string         // CodeSystem or ValueSet
	Instance *fhir.Document // the resource it is called on, or nil
	Params   []fhir.Param   // of the URL
	Body     *fhir.Document // or nil
}

// operation is one row of what can be called.
type operation struct {
	name, on   string
	instance   bool // also on a resource
	parameters []parameter
	run        func(*Service, Call, *arguments) ([]byte, error)
}

// operations is the table (R4 terminology-service.html).
var operations = []operation{
	{name: "expand", on: "ValueSet", instance: true, parameters: expandParameters, run: (*Service).runExpand},
	{name: "validate-code", on: "ValueSet", instance: true, parameters: memberParameters, run: (*Service).runValidateMember},
	{name: "validate-code", on: "CodeSystem", instance: true, parameters: codeParameters, run: (*Service).runValidateCode},
	{name: "lookup", on: "CodeSystem", parameters: lookupParameters, run: (*Service).runLookup},
	{name: "subsumes", on: "CodeSystem", instance: true, parameters: subsumesParameters, run: (*Service).runSubsumes},
}

// Run does an operation of R4 and returns the resource that answers it: a
// ValueSet or Parameters, as JSON. The error is an *fhir.Error: Invalid names
// every argument that is at fault, NotFound says that the value set, code system
// or code asked for is not here, Unprocessable that a definition cannot be used
// or the work is too-costly.
func (s *Service) Run(c Call) ([]byte, error) {
	at := slices.IndexFunc(operations, func(o operation) bool {
		return o.name == c.Name && o.on == c.Type && (c.Instance == nil || o.instance)
	})
	if at < 0 {
		return nil, fhir.NewError(fhir.NotImplemented, "not-supported", "there is no operation "+shown(c.Name)+" here")
	}
	args, err := readArguments(operations[at].parameters, c.Params, c.Body)
	if err != nil {
		return nil, err
	}
	s.date = args.text("date")
	out, err := operations[at].run(s, c, args)
	if err != nil {
		return nil, answer(err)
	}
	return out, nil
}

// given is the definition that a call names: the instance, a resource in the
// body, or a canonical; it must be one of them. The canonical is "" for the
// others.
func (c Call) given(a *arguments, resource, version string) (fhir.Node, string, error) {
	ways := 0
	if c.Instance != nil {
		ways++
	}
	for _, name := range []string{"url", resource} {
		if a.has(name) {
			ways++
		}
	}
	switch {
	case ways == 0:
		return fhir.Node{}, "", fhir.NewError(fhir.Invalid, "required", "url or "+resource+" is needed", "url")
	case ways > 1:
		return fhir.Node{}, "", fhir.NewError(fhir.Invalid, "invalid", "only one of url, "+resource+" and the instance can be given", "url")
	case c.Instance != nil:
		return c.Instance.Root(), "", nil
	case a.has(resource):
		return a.node(resource), "", nil
	}
	canonical := a.text("url")
	if v := a.text(version); v != "" {
		if _, own := cutVersion(canonical); own != "" && own != v {
			return fhir.Node{}, "", fhir.NewError(fhir.Invalid, "invalid", "url and "+version+" name different versions", version)
		} else if own == "" {
			canonical += "|" + v
		}
	}
	return fhir.Node{}, canonical, nil
}

// setOf is the value set that a call is about.
func (s *Service) setOf(c Call, a *arguments) (*valueSet, error) {
	if a.has("context") {
		return nil, unsupported("context is not supported: name the value set by its url")
	}
	n, canonical, err := c.given(a, "valueSet", "valueSetVersion")
	if err != nil {
		return nil, err
	}
	if canonical != "" {
		return s.set(canonical)
	}
	if t := n.Get("resourceType").Text(); t != "ValueSet" {
		return nil, fhir.NewError(fhir.Invalid, "invalid", "valueSet is a "+shown(t), "valueSet")
	}
	return valueSetOf(n)
}
