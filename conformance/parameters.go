package conformance

import (
	"slices"
	"strings"
	"sync"
)

const parameterPrefix = "http://hl7.org/fhir/SearchParameter/"

// Searchable reports whether a search by this parameter can be answered:
// composite and special parameters, and those without an expression (_text,
// _content, _query), cannot.
func (p *Parameter) Searchable() bool {
	return p.Type != CompositeParam && p.Type != SpecialParam && p.Expression != ""
}

// domainless are the resource types that are not a DomainResource.
var domainless = []string{"Binary", "Bundle", "Parameters"}

type parameterTable struct {
	byType     map[string][]*Parameter // sorted by code
	searchable map[string][]*Parameter
}

var loadParameters = sync.OnceValue(func() parameterTable {
	t := parameterTable{map[string][]*Parameter{}, map[string][]*Parameter{}}
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
func (t parameterTable) finish(name string, common []*Parameter) {
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
	slices.SortFunc(all, func(a, b *Parameter) int { return strings.Compare(a.Code, b.Code) })
	t.byType[name] = all
	for _, p := range all {
		if p.Searchable() {
			t.searchable[name] = append(t.searchable[name], p)
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
	for _, id := range list(f[5], ",") {
		p.Components = append(p.Components, parameterPrefix+id)
	}
	if f[6] != "-" {
		p.Expression = f[6]
	}
	return p
}

// Parameters lists every SearchParameter of R4 that applies to a type, the
// common ones included, sorted by code. Not all are Searchable. The caller must
// not change the slice or what it points at.
func Parameters(resourceType string) []*Parameter { return loadParameters().byType[resourceType] }

// Searchable lists the parameters of a type that a search can use, sorted by
// code: the rows of the CapabilityStatement.
func Searchable(resourceType string) []*Parameter { return loadParameters().searchable[resourceType] }

// Lookup finds a type's parameter by the name it has in a URL. It finds those
// that are not Searchable as well, so that a caller can say why it refuses.
func Lookup(resourceType, code string) (*Parameter, bool) {
	all := Parameters(resourceType)
	i, ok := slices.BinarySearchFunc(all, code, func(p *Parameter, code string) int { return strings.Compare(p.Code, code) })
	if !ok {
		return nil, false
	}
	return all[i], true
}
