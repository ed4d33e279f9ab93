package query

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"sluis/conformance"
	"sluis/fhir"
)

// Walk calls visit with x and, as long as it answers true, with every predicate
// below it, in order.
func Walk(x Expr, visit func(Expr) bool) {
	if !visit(x) {
		return
	}
	for _, below := range children(x) {
		Walk(below, visit)
	}
}

// children are the predicates right below one.
func children(x Expr) []Expr {
	switch x := x.(type) {
	case Conj:
		return x.Parts
	case Disj:
		return x.Parts
	case Neg:
		return []Expr{x.X}
	case Chain:
		return []Expr{x.X}
	case Has:
		return []Expr{x.X}
	case Subjects:
		return []Expr{x.X}
	}
	return nil
}

// Validate reports every defect in the make of a predicate, joined: one that is
// nil; a negation of what is empty; Person, Shape or Related that are not below
// Subjects, or anything about the resource that is; a Compare, Missing or Chain
// without a parameter, or a Chain that is none. What lists nothing is no defect
// where it is not negated: it matches nothing.
func Validate(x Expr) error { return errors.Join(defects(x, false, 0)...) }

// maxDepth bounds the nesting of a predicate, so that no renderer can be made
// to run away.
const maxDepth = 64

func defects(x Expr, ofSubject bool, depth int) []error {
	if depth > maxDepth {
		return []error{errors.New("query: nested too deep")}
	}
	out := ownDefects(x, ofSubject)
	switch x.(type) {
	case Subjects:
		ofSubject = true
	case Chain, Has:
		ofSubject = false
	}
	for _, below := range children(x) {
		out = append(out, defects(below, ofSubject, depth+1)...)
	}
	return out
}

// ownDefects looks at one predicate alone.
func ownDefects(x Expr, ofSubject bool) []error {
	var out []error
	add := func(bad bool, format string, args ...any) {
		if bad {
			out = append(out, fmt.Errorf("query: "+format, args...))
		}
	}
	switch x := x.(type) {
	case nil:
		add(true, "a predicate is nil")
	case None, All, Conj, Disj:
	case Neg:
		if Empty(x.X) {
			out = append(out, ErrEmptyNot)
		}
	case Person, Shape, Related:
		add(!ofSubject, "%T stands outside Subjects", x)
	default:
		add(ofSubject, "%T stands below Subjects", x)
	}
	switch x := x.(type) {
	case Compare:
		add(x.Param == nil, "a comparison lacks its parameter")
	case Missing:
		add(x.Param == nil, "a test for absence lacks its parameter")
	case Chain:
		add(x.Param == nil || x.Param.Type != conformance.ReferenceParam, "a chain lacks a reference parameter")
		add(!conformance.IsType(x.Target), "a chain points at %q, which is no type", x.Target)
	case Has:
		add(x.Param == nil || x.Param.Type != conformance.ReferenceParam, "a reverse chain lacks a reference parameter")
		add(!conformance.IsType(x.Source), "a reverse chain comes from %q, which is no type", x.Source)
	case Composite:
		add(x.Param == nil || x.Param.Type != conformance.CompositeParam, "a composite lacks its parameter")
		add(x.Param != nil && slices.ContainsFunc(x.Values, func(vs []Value) bool { return len(vs) != len(x.Param.Parts) }), "a composite lacks a component")
	case Words:
		add(slices.ContainsFunc(x.Any, func(all []string) bool { return len(all) == 0 }), "a search for no words")
	case Near:
		add(x.Param == nil, "a position lacks its parameter")
		add(slices.ContainsFunc(x.Points, func(p Point) bool { return !(p.Metres > 0) }), "a distance is none")
	}
	return out
}

// Named lists the resources that a query names outright: by _id, as the value
// of a reference, alone or in a composite, or so on either end of a chain; each
// once, sorted. A bare
// id in a reference names the Patient when the parameter may point at one, and
// every possible target otherwise; an id in a search over all types names the
// Patient. Whether the query matches them or excludes them makes no difference.
func Named(q Query) []fhir.Ref {
	types := []string{q.Type}
	if q.Type == "" {
		types = namedTypes(q.Where)
	}
	out := named(q.Where, types)
	slices.SortFunc(out, compareRefs)
	return slices.Compact(out)
}

func namedTypes(x Expr) []string {
	var types []string
	Walk(x, func(x Expr) bool {
		if t, ok := x.(TypeIs); ok {
			types = append(types, t.Types...)
		}
		switch x.(type) {
		case Chain, Has:
			return false
		}
		return true
	})
	if types == nil {
		types = []string{"Patient"}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

func named(x Expr, types []string) []fhir.Ref {
	var out []fhir.Ref
	switch x := x.(type) {
	case IDIs:
		for _, id := range x.IDs {
			for _, t := range types {
				out = append(out, fhir.Ref{Type: t, ID: id})
			}
		}
	case Compare:
		for _, v := range x.Values {
			out = append(out, namedByValue(x, v)...)
		}
	case Composite:
		for _, vs := range x.Values {
			for i, part := range x.Param.Parts[:min(len(vs), len(x.Param.Parts))] {
				out = append(out, namedByValue(Compare{Param: part}, vs[i])...)
			}
		}
	case Chain:
		return named(x.X, []string{x.Target})
	case Has:
		return named(x.X, []string{x.Source})
	case Conj:
		if narrow := typesOf(x); narrow != nil {
			types = narrow
		}
		for _, p := range x.Parts {
			out = append(out, named(p, types)...)
		}
	default:
		for _, below := range children(x) {
			out = append(out, named(below, types)...)
		}
	}
	return out
}

func namedByValue(c Compare, v Value) []fhir.Ref {
	switch {
	case v.Ref.ID == "":
		return nil
	case v.Ref.Type != "":
		return []fhir.Ref{v.Ref.Latest()}
	case slices.Contains(c.Param.Targets, "Patient"):
		return []fhir.Ref{{Type: "Patient", ID: v.Ref.ID}}
	}
	var out []fhir.Ref
	for _, t := range c.Param.Targets {
		out = append(out, fhir.Ref{Type: t, ID: v.Ref.ID})
	}
	return out
}

func compareRefs(a, b fhir.Ref) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Version, b.Version))
}
