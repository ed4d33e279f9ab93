package subset

import (
	"slices"
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
)

// Summary is _summary (R4 search.html#summary).
type Summary string

// The values of _summary. Count concerns a search, and no resource.
const (
	Whole Summary = "" // false, or not asked for
	True  Summary = "true"
	Text  Summary = "text"
	Data  Summary = "data"
	Count Summary = "count"
)

// Spec is which part of a resource is shown. The zero Spec is all of it.
type Spec struct {
	Summary  Summary
	Elements []string // the elements named, besides those that always stay
}

// IsZero reports whether nothing is left out.
func (s Spec) IsZero() bool {
	return (s.Summary == Whole || s.Summary == Count) && len(s.Elements) == 0
}

// Names are the parameters that Parse reads.
var Names = []string{"_summary", "_elements"}

// Parse reads _summary and _elements among the parameters of a request for
// resources of one type, or of any with "". The error is an *fhir.Error of kind
// Invalid: a value that is none, an element that the type has not, both
// parameters at once, or one of them twice.
func Parse(resourceType string, params []fhir.Param) (Spec, error) {
	var s Spec
	seen := map[string]bool{}
	for _, p := range params {
		if !slices.Contains(Names, p.Name) {
			continue
		}
		if seen[p.Name] {
			return Spec{}, invalid(p.Name, "given more than once")
		}
		seen[p.Name] = true
		if p.Name == "_elements" {
			s.Elements = strings.Split(p.Value, ",")
		} else {
			s.Summary = Summary(p.Value)
		}
	}
	return s, s.check(resourceType, seen["_summary"])
}

func (s *Spec) check(resourceType string, summary bool) error {
	switch {
	case s.Summary == "false":
		s.Summary = Whole
	case summary && !slices.Contains([]Summary{True, Text, Data, Count}, s.Summary):
		return invalid("_summary", "_summary is true, text, data, count or false")
	}
	if s.Summary != Whole && s.Elements != nil {
		return invalid("_elements", "_elements and _summary cannot both be asked for")
	}
	var unknown []string
	for _, name := range s.Elements {
		if !isElement(resourceType, name) {
			unknown = append(unknown, strconv.Quote(name))
		}
	}
	if unknown != nil {
		return invalid("_elements", "no such element: "+strings.Join(unknown, ", ")+"; the names are those of the first level, without a path")
	}
	return nil
}

// isElement reports whether a type, or any, has an element of that name.
func isElement(resourceType, name string) bool {
	if l := conformance.LayoutOf(resourceType); l != nil {
		return l.Resource && l.Has(name)
	}
	return slices.ContainsFunc(conformance.Types(), func(t string) bool { return conformance.LayoutOf(t).Has(name) })
}

func invalid(name, details string) error { return fhir.NewError(fhir.Invalid, "value", details, name) }
