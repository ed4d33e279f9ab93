package conformance

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

const parameterPrefix = "http://hl7.org/fhir/SearchParameter/"

// Searchable reports whether a search by this parameter can be answered. Of the
// special ones that is near; the others, and _query, are no parameters of a
// resource, or have no meaning here. _text and _content are answered from the
// words of the index.
func (p *Parameter) Searchable() bool {
	if p.Code == TextCode || p.Code == ContentCode {
		return true
	}
	return p.Expression != "" && (p.Type != SpecialParam || p.Code == NearCode)
}

// The parameters that have no values of a type: words of the narrative, words of
// the whole resource, and a position.
const (
	TextCode    = "_text"
	ContentCode = "_content"
	NearCode    = "near"
)

// domainless are the resource types that are not a DomainResource.
var domainless = []string{"Binary", "Bundle", "Parameters"}

var loadParameters = sync.OnceValue(func() *Definitions {
	t := &Definitions{map[string][]*Parameter{}, map[string][]*Parameter{}}
	var common []*Parameter
	for line := range lines("data/parameters.txt") {
		p := readParameter(line)
		if p.Base == "Resource" || p.Base == "DomainResource" {
			common = append(common, p)
			continue
		}
		t.byType[p.Base] = append(t.byType[p.Base], p)
	}
	for _, name := range Types() {
		t.finish(name, common)
	}
	return t
})

// finish adds the common parameters to a type and sorts.
func (t *Definitions) finish(name string, common []*Parameter) {
	all := t.byType[name]
	for _, p := range common {
		if p.Base == "DomainResource" && slices.Contains(domainless, name) {
			continue
		}
		own := *p
		own.Base, own.Key = name, ParameterKey(name, p.Code)
		if p.Expression != "" {
			own.Expression = name + strings.TrimPrefix(p.Expression, p.Base)
		}
		all = append(all, &own)
	}
	t.byType[name] = all
	t.index(name)
	for _, p := range all {
		for i, part := range p.Parts {
			part.Targets = targetsOf(all, p.Components[i])
		}
	}
}

// readParameter reads a line of parameters.txt: base, code, type, id, targets,
// components, expression.
func readParameter(line string) *Parameter {
	f := strings.Split(line, "\t")
	p := &Parameter{
		Base:    f[0],
		Code:    f[1],
		Type:    ParamType(f[2]),
		Targets: list(f[4], ","),
		Key:     ParameterKey(f[0], f[1]),
	}
	if f[3] != "-" {
		p.URL = parameterPrefix + f[3]
	}
	if f[4] == "*" {
		p.Targets = Types()
	}
	if f[6] != "-" {
		p.Expression = f[6]
	}
	for i, c := range list(f[5], "; ") {
		p.addPart(i, c)
	}
	return p
}

// addPart reads a component: id, type and expression.
func (p *Parameter) addPart(i int, component string) {
	f := strings.SplitN(component, " ", 3)
	code := p.Code + "$" + strconv.Itoa(i+1)
	p.Components = append(p.Components, parameterPrefix+f[0])
	p.Parts = append(p.Parts, &Parameter{
		Base: p.Base, Code: code, URL: parameterPrefix + f[0], Type: ParamType(f[1]), Expression: f[2],
		Key: ParameterKey(p.Base, code), of: p.Expression,
	})
}

// targetsOf is what the parameter of that canonical may point at.
func targetsOf(all []*Parameter, canonical string) []string {
	for _, p := range all {
		if p.URL == canonical {
			return p.Targets
		}
	}
	return nil
}

// Parameters is R4().Parameters.
func Parameters(resourceType string) []*Parameter { return R4().Parameters(resourceType) }

// Searchable is R4().Searchable.
func Searchable(resourceType string) []*Parameter { return R4().Searchable(resourceType) }

// Lookup is R4().Lookup, for what is about R4 alone, such as consent.
func Lookup(resourceType, code string) (*Parameter, bool) { return R4().Lookup(resourceType, code) }
