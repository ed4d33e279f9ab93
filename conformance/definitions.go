package conformance

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Definitions is the set of SearchParameters that one server knows: R4's own,
// and those added to it. It never changes, so that a search, its index and the
// CapabilityStatement can be held to the same one.
type Definitions struct {
	byType     map[string][]*Parameter // sorted by code
	searchable map[string][]*Parameter
}

// R4 is the set of FHIR R4 4.0.1, the same value each time.
func R4() *Definitions { return loadParameters() }

// Parameters lists every SearchParameter that applies to a type, the common ones
// included, sorted by code. Not all are Searchable. The caller must not change
// the slice or what it points at.
func (d *Definitions) Parameters(resourceType string) []*Parameter { return d.byType[resourceType] }

// Searchable lists the parameters of a type that a search can use, sorted by
// code: the rows of the CapabilityStatement.
func (d *Definitions) Searchable(resourceType string) []*Parameter {
	return d.searchable[resourceType]
}

// Lookup finds a type's parameter by the name it has in a URL. It finds those
// that are not Searchable as well, so that a caller can say why it refuses.
func (d *Definitions) Lookup(resourceType, code string) (*Parameter, bool) {
	all := d.byType[resourceType]
	i, ok := slices.BinarySearchFunc(all, code, func(p *Parameter, code string) int { return strings.Compare(p.Code, code) })
	if !ok {
		return nil, false
	}
	return all[i], true
}

// With is the set with more parameters, each for one base; Key is filled in. A
// parameter cannot replace another, nor be named so that its entries would be
// taken for another's. The error names every parameter that cannot be added;
// whether an expression can be indexed is for fhir/index to say.
func (d *Definitions) With(custom ...*Parameter) (*Definitions, error) {
	out := &Definitions{maps.Clone(d.byType), maps.Clone(d.searchable)}
	taken := d.keys()
	changed := map[string]bool{}
	var bad []error
	for _, given := range custom {
		p := *given
		p.Key = ParameterKey(p.Base, p.Code)
		if err := p.addable(taken); err != nil {
			bad = append(bad, fmt.Errorf("conformance: search parameter %q of %q: %w", p.Code, p.Base, err))
			continue
		}
		for _, k := range p.keys() {
			taken[k] = p.Base + "." + p.Code
		}
		if !changed[p.Base] {
			out.byType[p.Base] = slices.Clone(out.byType[p.Base])
			changed[p.Base] = true
		}
		out.byType[p.Base] = append(out.byType[p.Base], &p)
	}
	for base := range changed {
		out.index(base)
	}
	return out, errors.Join(bad...)
}

// index sorts the parameters of a type and picks those that can be searched by.
func (d *Definitions) index(base string) {
	slices.SortFunc(d.byType[base], func(a, b *Parameter) int { return strings.Compare(a.Code, b.Code) })
	d.searchable[base] = nil
	for _, p := range d.byType[base] {
		if p.Searchable() {
			d.searchable[base] = append(d.searchable[base], p)
		}
	}
}

// keys are the names in the index that are taken, with who has them.
func (d *Definitions) keys() map[int32]string {
	out := map[int32]string{}
	for _, base := range Types() {
		for _, p := range slices.Concat(d.byType[base], Pseudo(base)) {
			for _, k := range p.keys() {
				out[k] = base + "." + p.Code
			}
		}
	}
	return out
}

// keys are all names of a parameter in the index.
func (p *Parameter) keys() []int32 {
	out := []int32{p.Key}
	if p.Type == TokenParam {
		out = append(out, p.TextKey(), p.OfTypeKey())
	}
	for _, part := range p.Parts {
		out = append(out, part.Key)
	}
	return out
}

// addable says why a parameter cannot be added.
func (p *Parameter) addable(taken map[int32]string) error {
	switch {
	case !IsType(p.Base):
		return errors.New("its base is no resource type of R4")
	case !isParameterCode(p.Code):
		return errors.New("its code is not letters, digits and hyphens, with a letter first")
	case p.Expression == "" || p.Type == SpecialParam:
		return errors.New("it has no expression")
	case p.Type == CompositeParam && len(p.Parts) < 2:
		return errors.New("a composite has at least two components")
	case p.Type == ReferenceParam && !slices.ContainsFunc(p.Targets, IsType):
		return errors.New("a reference needs its targets")
	}
	for _, k := range p.keys() {
		if other, ok := taken[k]; ok {
			return fmt.Errorf("its name in the index is that of %s", other)
		}
	}
	return nil
}

// isParameterCode leaves out what the grammar of a search gives a meaning: _ : . , $ |.
func isParameterCode(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || s[i] != '-' && (s[i] < '0' || s[i] > '9')) {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
