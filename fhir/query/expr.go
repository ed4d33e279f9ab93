package query

import (
	"errors"
	"slices"
	"time"

	"sluis/conformance"
	"sluis/fhir"
)

// Expr is a predicate over one resource. The set is closed; make the composite
// ones with And, Or and Not so that they stay normal.
type Expr interface{ isExpr() }

// None matches nothing. It is what a nil Expr means everywhere.
type None struct{}

// All matches every resource. Only a grant that reaches a whole level makes it.
type All struct{}

// Conj matches what all its parts match; it has at least two.
type Conj struct{ Parts []Expr }

// Disj matches what one of its parts matches; it has at least two.
type Disj struct{ Parts []Expr }

// Neg matches what X does not match.
type Neg struct{ X Expr }

// TypeIs matches resources of one of the types.
type TypeIs struct{ Types []string }

// IDIs matches resources with one of the logical ids (_id).
type IDIs struct{ IDs []string }

// Compare matches resources with an index entry of Param for which one of the
// values holds. Modifier "not" is never here: Parse turns it into Neg.
type Compare struct {
	Param    *conformance.Parameter
	Modifier Modifier
	Values   []Value
}

// Missing matches resources without any entry of Param.
type Missing struct{ Param *conformance.Parameter }

// Chain matches resources of which a reference of Param points at a resource
// of type Target for which X holds. The caller's access is applied to the
// target as to any resource.
type Chain struct {
	Param  *conformance.Parameter
	Target string
	X      Expr
}

// Has is the chain the other way (R4 search.html#has): it matches resources at
// which a reference of Param points, in a resource of type Source for which X
// holds. The caller's access is applied to that resource as to any.
type Has struct {
	Source string
	Param  *conformance.Parameter
	X      Expr
}

// Composite matches resources of which one element has, for each component of
// Param, the component's value of one of Values (R4 search.html#composite).
type Composite struct {
	Param  *conformance.Parameter
	Values [][]Value // each as long as Param.Parts
}

// Words matches resources with all words of one of the alternatives in their
// narrative (_text) or, with Content, in any of their strings (_content). Words
// are folded, as in the index.
type Words struct {
	Content bool
	Any     [][]string
}

// Near matches resources with a position within the distance of one of the
// points (R4 location.html#near).
type Near struct {
	Param  *conformance.Parameter
	Points []Point
}

// Point is a circle on the earth: degrees by WGS 84, and metres.
type Point struct{ Latitude, Longitude, Metres float64 }

// Custodian matches resources whose custodian is that Organization.
type Custodian struct{ ID string }

// Coded matches resources that carry one of the codings in a code-like element
// (the pseudo parameter conformance.CodedCode). System "" means any system.
type Coded struct{ Codings []Coding }

// Coding is a code in a system.
type Coding struct{ System, Code string }

// Labelled matches resources with one of the security labels among their
// effective labels.
type Labelled struct{ Labels []Coding }

// Subjects matches resources that have at least one subject and of which every
// subject satisfies X. Person, Shape and Related may stand only below it.
type Subjects struct{ X Expr }

// Person holds for a subject who is the same person as one of the patients.
type Person struct{ Patients []fhir.Ref }

// Shape holds for a subject whose consents, taken together, have one of the
// shapes. Shape 0 is: no consent that is in force.
type Shape struct{ IDs []int64 }

// Related holds for a subject with a treatment relation recorded by the
// custodian and in force at that time, naming one of the parties; no parties
// means any party of that custodian.
type Related struct {
	Custodian string
	Parties   []fhir.Ref
	At        time.Time
}

func (None) isExpr()      {}
func (All) isExpr()       {}
func (Conj) isExpr()      {}
func (Disj) isExpr()      {}
func (Neg) isExpr()       {}
func (TypeIs) isExpr()    {}
func (IDIs) isExpr()      {}
func (Compare) isExpr()   {}
func (Missing) isExpr()   {}
func (Chain) isExpr()     {}
func (Has) isExpr()       {}
func (Composite) isExpr() {}
func (Words) isExpr()     {}
func (Near) isExpr()      {}
func (Custodian) isExpr() {}
func (Coded) isExpr()     {}
func (Labelled) isExpr()  {}
func (Subjects) isExpr()  {}
func (Person) isExpr()    {}
func (Shape) isExpr()     {}
func (Related) isExpr()   {}

// And is the conjunction, simplified: None absorbs, All vanishes, nested
// conjunctions are flattened. And() is All.
func And(parts ...Expr) Expr {
	var out []Expr
	for _, p := range parts {
		switch p := p.(type) {
		case nil, None:
			return None{}
		case All:
		case Conj:
			out = append(out, p.Parts...)
		default:
			out = append(out, p)
		}
	}
	switch len(out) {
	case 0:
		return All{}
	case 1:
		return out[0]
	}
	return Conj{out}
}

// Or is the disjunction, simplified: All absorbs, None vanishes. Or() is None.
func Or(parts ...Expr) Expr {
	var out []Expr
	for _, p := range parts {
		switch p := p.(type) {
		case nil, None:
		case All:
			return All{}
		case Disj:
			out = append(out, p.Parts...)
		default:
			out = append(out, p)
		}
	}
	switch len(out) {
	case 0:
		return None{}
	case 1:
		return out[0]
	}
	return Disj{out}
}

// ErrEmptyNot is the refusal to negate what matches nothing.
var ErrEmptyNot = errors.New("query: the negation of an empty predicate is refused")

// Not is the negation. It refuses nil, None and leaves without values, which
// are what a predicate that failed to be made looks like.
func Not(x Expr) (Expr, error) {
	if Empty(x) {
		return None{}, ErrEmptyNot
	}
	switch x := x.(type) {
	case All:
		return None{}, nil
	case Neg:
		return x.X, nil
	}
	return Neg{x}, nil
}

// Empty reports whether x can match nothing by its very form: nil, None, a leaf
// that lists nothing, a conjunction with such a part, a disjunction of nothing
// else.
func Empty(x Expr) bool {
	switch x := x.(type) {
	case nil, None:
		return true
	case TypeIs:
		return len(x.Types) == 0
	case IDIs:
		return len(x.IDs) == 0
	case Compare:
		return x.Param == nil || len(x.Values) == 0
	case Missing:
		return x.Param == nil
	case Custodian:
		return x.ID == ""
	case Coded:
		return len(x.Codings) == 0
	case Labelled:
		return len(x.Labels) == 0
	case PointsAt:
		return len(x.Refs) == 0
	case PointedAtBy:
		return len(x.Refs) == 0
	case Authored:
		return x.Who.ID == "" && x.Number.Code == ""
	case Person:
		return len(x.Patients) == 0
	case Shape:
		return len(x.IDs) == 0
	case Related:
		return x.Custodian == ""
	case Subjects:
		return Empty(x.X)
	case Chain:
		return x.Param == nil || Empty(x.X)
	case Has:
		return x.Param == nil || Empty(x.X)
	case Composite:
		return x.Param == nil || len(x.Values) == 0
	case Words:
		return !slices.ContainsFunc(x.Any, func(all []string) bool { return len(all) > 0 })
	case Near:
		return x.Param == nil || len(x.Points) == 0
	case Conj:
		return len(x.Parts) == 0 || slices.ContainsFunc(x.Parts, Empty)
	case Disj:
		return !slices.ContainsFunc(x.Parts, func(p Expr) bool { return !Empty(p) })
	}
	return false
}
