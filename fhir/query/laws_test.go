package query_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
)

var code = must2(conformance.Lookup("Observation", "code"))

func must2[T any](v T, ok bool) T {
	if !ok {
		panic("no such parameter")
	}
	return v
}

// empties are predicates that match nothing by their form.
func empties() []query.Expr {
	leaves := []query.Expr{
		nil, query.None{}, query.TypeIs{}, query.IDIs{}, query.Compare{Param: code}, query.Compare{Values: []query.Value{{}}}, query.Missing{},
		query.Coded{}, query.Labelled{}, query.PointsAt{}, query.PointedAtBy{}, query.Authored{Doubt: true}, query.Custodian{}, query.Person{}, query.Shape{}, query.Related{},
		query.Subjects{}, query.Subjects{X: query.Person{}}, query.Chain{Param: code, Target: "Patient"}, query.Conj{}, query.Disj{},
	}
	for _, x := range leaves {
		leaves = append(leaves, query.Conj{Parts: []query.Expr{query.IDIs{IDs: []string{"a"}}, x}}, query.Disj{Parts: []query.Expr{x, query.None{}}})
	}
	return leaves
}

func TestNotOfEmptyIsRefused(t *testing.T) {
	r, _ := world(t)
	r.Subjects = []query.Subject{{Relations: []query.Relation{{}}}}
	for _, x := range empties() {
		if n, err := query.Not(x); !errors.Is(err, query.ErrEmptyNot) || query.Match(n, r) {
			t.Errorf("Not(%#v) is %#v, %v", x, n, err)
		}
		if query.Match(x, r) {
			t.Errorf("%#v matches", x)
		}
		if query.Match(query.Neg{X: x}, r) {
			t.Errorf("the negation of %#v matches", x)
		}
		if err := query.Validate(query.Disj{Parts: []query.Expr{query.All{}, query.Subjects{X: query.Neg{X: x}}}}); err == nil {
			t.Errorf("a negation of %#v passes Validate", x)
		}
	}
}

func TestZeroFilterMatchesNothing(t *testing.T) {
	r, _ := world(t)
	for _, x := range []query.Expr{nil, query.None{}, query.Or(), query.And(nil), query.And(query.All{}, nil), query.Or(nil, query.None{}), query.Query{}.Where} {
		if query.Match(x, r) {
			t.Errorf("%#v matches", x)
		}
	}
	if !query.Match(query.And(), r) {
		t.Error("a search without criteria matches everything of its type")
	}
}

// drawExpr draws a predicate over the pulse.
func drawExpr(t *rapid.T, depth int) query.Expr {
	kind := rapid.IntRange(0, 8).Draw(t, "kind")
	if depth == 0 && kind > 5 {
		kind -= 3
	}
	switch kind {
	case 0:
		return query.All{}
	case 1:
		return query.None{}
	case 2:
		return query.IDIs{IDs: []string{rapid.SampledFrom([]string{"o1", "o2"}).Draw(t, "id")}}
	case 3:
		return query.Custodian{ID: rapid.SampledFrom([]string{"", "hospital", "practice"}).Draw(t, "custodian")}
	case 4:
		return query.Subjects{X: query.Shape{IDs: rapid.SliceOfN(rapid.Int64Range(0, 2), 0, 2).Draw(t, "shapes")}}
	case 5:
		q, err := language.Parse("Observation", []fhir.Param{drawParam(t, "Observation")})
		if err != nil && strings.Contains(err.Error(), "too many hops") {
			return query.None{}
		}
		if err != nil {
			t.Fatal(err)
		}
		return q.Where
	case 6:
		return query.And(drawExpr(t, depth-1), drawExpr(t, depth-1))
	case 7:
		return query.Or(drawExpr(t, depth-1), drawExpr(t, depth-1))
	}
	n, err := query.Not(drawExpr(t, depth-1))
	if err != nil {
		return query.None{}
	}
	return n
}

func TestLaws(t *testing.T) {
	r, _ := world(t)
	r.Subjects = []query.Subject{{Shape: 1}}
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawExpr(t, 3), drawExpr(t, 3)
		ma, mb := query.Match(a, r), query.Match(b, r)
		if got := query.Match(query.And(a, b), r); got != (ma && mb) {
			t.Fatalf("And: %v of %v and %v", got, ma, mb)
		}
		if got := query.Match(query.Or(a, b), r); got != (ma || mb) {
			t.Fatalf("Or: %v of %v or %v", got, ma, mb)
		}
		n, err := query.Not(a)
		switch {
		case err != nil && (ma || !query.Empty(a)):
			t.Fatalf("Not refuses %#v", a)
		case err == nil && query.Match(n, r) == ma:
			t.Fatalf("Not: %v of %v, %#v", ma, ma, a)
		}
		if err := query.Validate(a); err != nil {
			t.Fatalf("%#v: %v", a, err)
		}
	})
}

func TestValidate(t *testing.T) {
	related := query.Related{Custodian: "c", At: time.Date(2020, 5, 5, 0, 0, 0, 0, time.UTC)}
	subject := must2(conformance.Lookup("Observation", "subject"))
	for name, x := range map[string]query.Expr{
		"nil":                      nil,
		"nil within":               query.Conj{Parts: []query.Expr{query.All{}, nil}},
		"person outside":           query.Person{Patients: []fhir.Ref{{Type: "Patient", ID: "a"}}},
		"shape outside":            query.And(query.All{}, query.Custodian{ID: "c"}, query.Shape{IDs: []int64{1}}),
		"relation in a chain":      query.Subjects{X: query.Chain{Param: subject, Target: "Patient", X: related}},
		"relation outside":         query.Chain{Param: subject, Target: "Patient", X: related},
		"resource below subjects":  query.Subjects{X: query.IDIs{IDs: []string{"a"}}},
		"subjects below subjects":  query.Subjects{X: query.Subjects{X: related}},
		"chain by a token":         query.Chain{Param: code, Target: "Patient", X: query.All{}},
		"chain to nowhere":         query.Chain{Param: subject, Target: "Banana", X: query.All{}},
		"comparison without":       query.Compare{Values: []query.Value{{Code: "x"}}},
		"absence without":          query.Missing{},
		"negation of empty, below": query.Or(query.Custodian{ID: "c"}, query.Subjects{X: query.Or(related, query.Neg{X: query.Shape{}})}),
		"too deep":                 deep(100),
	} {
		if err := query.Validate(x); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	fine := query.And(
		query.TypeIs{Types: []string{"Observation"}},
		query.Or(query.Custodian{ID: "c"}, query.Subjects{X: query.And(related, query.Or(query.Shape{IDs: []int64{0}}, query.Person{}))}),
		query.Chain{Param: subject, Target: "Patient", X: query.Subjects{X: related}},
	)
	if err := query.Validate(fine); err != nil {
		t.Error(err)
	}
}

func deep(n int) query.Expr {
	var x query.Expr = query.Custodian{ID: "c"}
	for range n {
		x = query.Neg{X: x}
	}
	return x
}

func TestNamed(t *testing.T) {
	for s, want := range map[string]string{
		"Patient?_id=b,a,b":                                           "Patient/a Patient/b",
		"Observation?_id=o":                                           "Observation/o",
		"Observation?patient=a":                                       "Patient/a",
		"Observation?subject=a":                                       "Patient/a",
		"Observation?subject=Group/g,Patient/a":                       "Group/g Patient/a",
		"Observation?subject=Patient/a/_history/3":                    "Patient/a",
		"Observation?encounter=e":                                     "Encounter/e EpisodeOfCare/e",
		"Observation?patient._id=a":                                   "Patient/a",
		"Observation?encounter:Encounter.patient=a":                   "Patient/a",
		"Observation?code:not=x&_id:not=o":                            "Observation/o",
		"Observation?subject=https://a.example/x":                     "",
		"Observation?subject:identifier=1":                            "",
		"Observation?subject=https://sluis.example/fhir/Patient/a":    "Patient/a",
		"Observation?encounter:Encounter.subject:Patient._id=a":       "Patient/a",
		"Patient?_has:Observation:patient:_id=o":                      "Observation/o",
		"Patient?_has:Observation:patient:subject=Patient/a":          "Patient/a",
		"Patient?_list=l":                                             "List/l",
		"Patient?_filter=link re Patient/a or _id eq b":               "Patient/a Patient/b",
		"Observation?_filter=subject:Patient[_id eq a]._id ne b":      "Patient/a Patient/b",
		"Observation?_filter=not (subject re Patient/a)":              "Patient/a",
		"DocumentReference?relationship=DocumentReference/d$replaces": "DocumentReference/d",
		"?_type=Observation,Patient&_filter=_id eq a":                 "Observation/a Patient/a",
		"Observation?code=x":                                          "",
		"Observation":                                                 "",
		"?_id=a":                                                      "Patient/a",
		"?_id=a&_type=Observation,Patient":                            "Observation/a Patient/a",
		"?_type=Observation,Condition&subject=1":                      "Patient/1",
	} {
		got := ""
		for i, r := range query.Named(must(search(s))) {
			if i > 0 {
				got += " "
			}
			got += r.String()
		}
		if got != want {
			t.Errorf("%s names %q, want %q", s, got, want)
		}
	}
}

func ExampleMatch() {
	q := must(language.Parse("Observation", []fhir.Param{{Name: "_id", Value: "o1"}}))
	mine := query.And(q.Where, query.Custodian{ID: "hospital"})
	fmt.Println(query.Match(mine, query.Resource{Type: "Observation", ID: "o1", Custodian: "hospital"}))
	fmt.Println(query.Match(mine, query.Resource{Type: "Observation", ID: "o1", Custodian: "practice"}))
	fmt.Println(query.Match(nil, query.Resource{Type: "Observation", ID: "o1", Custodian: "hospital"}))
	// Output:
	// true
	// false
	// false
}
