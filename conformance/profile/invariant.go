package profile

import (
	"errors"

	"sluis/conformance"
	"sluis/conformance/fhirpath"
)

// constraints evaluates invariants on an element: those of R4's own definitions,
// or those that profiles add.
func (r *run) constraints(at *place, constraints []Constraint, core bool) {
	for i := range constraints {
		if c := &constraints[i]; c.core == core && c.Expression != "" && !structural[c.Key] {
			r.constraint(at, c)
		}
	}
}

// constraint evaluates one. What cannot be evaluated is an error: an invariant
// that was not checked does not hold. Where it is the server that lacks what the
// invariant asks for, it is a warning, as for a binding.
func (r *run) constraint(at *place, c *Constraint) {
	holds, err := r.evaluate(at, c)
	switch {
	case errors.Is(err, fhirpath.ErrBudget):
		r.issue(at, "error", "too-costly", c.Key+": could not be evaluated: "+err.Error())
	case errors.Is(err, fhirpath.ErrUnknown):
		r.issue(at, "warning", "not-supported", c.Key+": could not be checked: "+err.Error())
	case err != nil:
		r.issue(at, "error", "exception", c.Key+": could not be evaluated: "+err.Error())
	case !holds && c.Severity == "warning":
		r.issue(at, "warning", "invariant", c.Key+": "+c.Human)
	case !holds:
		r.issue(at, "error", "invariant", c.Key+": "+c.Human)
	}
}

func (r *run) evaluate(at *place, c *Constraint) (bool, error) {
	compiled, err := c.compile()
	if err != nil {
		return false, err
	}
	budget := fhirpath.NewBudget(min(fhirpath.Steps, r.steps))
	before := budget.Left()
	out, err := compiled.Evaluate(fhirpath.Scope{
		Focus: fhirpath.Of(at.element), Resource: fhirpath.Of(at.scope.resource), Root: fhirpath.Of(at.scope.root),
		At: r.request.At, Budget: budget,
		Resolve: func(reference fhirpath.Item) (fhirpath.Item, bool) {
			e, ok := r.target(at, reference.Element)
			return fhirpath.Of(e), ok
		},
		ConformsTo: func(item fhirpath.Item, profile string) (conforms, known bool) {
			return r.conformsTo(at, item.Element, profile)
		},
		MemberOf: func(item fhirpath.Item, valueSet string) (member, known bool) {
			return r.member(item.Element, valueSet)
		},
	})
	r.steps -= before - budget.Left()
	return out.Holds(), err
}

// compile parses the expression when it is first needed; profiles are shared by
// concurrent validations.
func (c *Constraint) compile() (*fhirpath.Expression, error) {
	c.compiled.once.Do(func() { c.compiled.Expression, c.compiled.err = fhirpath.Parse(c.Expression) })
	return c.compiled.Expression, c.compiled.err
}

// conformsTo answers conformsTo() of an expression.
func (r *run) conformsTo(at *place, e conformance.Element, canonical string) (conforms, known bool) {
	p, issues, ok := r.library.Profile(canonical)
	if !ok || len(issues) > 0 {
		return false, false
	}
	return r.try(&place{parent: at, name: "conformsTo()", index: -1, element: e, scope: at.scope}, p), true
}
