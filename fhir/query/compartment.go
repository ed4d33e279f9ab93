package query

import (
	"slices"

	"sluis/conformance"
	"sluis/fhir"
)

// ParseCompartment reads the parameters of a search of one compartment (R4
// http.html#vsearch, compartmentdefinition.html): for resources of a type that
// are in it, or with type "" for all that are, which _type narrows. Whether the
// resource that the compartment is named after may be seen is not asked here:
// what is found is judged one by one.
func (l Language) ParseCompartment(of fhir.Ref, resourceType string, params []fhir.Param) (Query, error) {
	q, _, err := l.parseCompartment(of, resourceType, params, false)
	return q, err
}

// ParseCompartmentLenient is ParseCompartment as ParseLenient is Parse.
func (l Language) ParseCompartmentLenient(of fhir.Ref, resourceType string, params []fhir.Param) (Query, []string, error) {
	return l.parseCompartment(of, resourceType, params, true)
}

func (l Language) parseCompartment(of fhir.Ref, resourceType string, params []fhir.Param, lenient bool) (Query, []string, error) {
	types := conformance.CompartmentTypes(of.Type)
	switch {
	case types == nil || !fhir.IsID(of.ID):
		return Query{}, nil, fhir.NewError(fhir.Invalid, "not-supported", "R4 defines no compartment for "+quote(of.String()))
	case resourceType != "" && !slices.Contains(types, resourceType):
		return Query{}, nil, fhir.NewError(fhir.Invalid, "not-supported", quote(resourceType)+" is not in the compartment of "+of.Type)
	}
	q, ignored, err := l.parse(resourceType, params, lenient)
	if err != nil {
		return Query{}, nil, err
	}
	if resourceType != "" {
		types = []string{resourceType}
	} else if narrow := typesOf(q.Where); narrow != nil {
		types = slices.DeleteFunc(slices.Clone(types), func(t string) bool { return !slices.Contains(narrow, t) })
	}
	var members []Expr
	for _, t := range types {
		x := member(of, t)
		if resourceType == "" {
			x = And(TypeIs{[]string{t}}, x)
		}
		members = append(members, x)
	}
	q.Where = And(Or(members...), q.Where)
	return q, ignored, nil
}

// member matches resources of a type that are in a compartment.
func member(of fhir.Ref, resourceType string) Expr {
	var by []Expr
	for _, p := range conformance.Compartment(of.Type, resourceType) {
		if slices.Contains(p.Targets, of.Type) {
			by = append(by, Compare{Param: p, Values: []Value{{Ref: of.Latest()}}})
		}
	}
	if resourceType == of.Type {
		by = append(by, IDIs{[]string{of.ID}})
	}
	return Or(by...)
}

// typesOf are the types to which a conjunction is narrowed; nil when it is not.
func typesOf(x Expr) []string {
	parts := []Expr{x}
	if c, ok := x.(Conj); ok {
		parts = c.Parts
	}
	for _, p := range parts {
		if t, ok := p.(TypeIs); ok {
			return t.Types
		}
	}
	return nil
}
