package index

import (
	"cmp"
	"slices"
	"strings"

	"sluis/fhir"
)

// tidy puts all entries into one order, each once, so that equal resources have
// equal Entries.
func (e *Entries) tidy() {
	e.Tokens = unique(e.Tokens, func(a, b Token) int {
		return cmp.Or(cmp.Compare(a.Param, b.Param), strings.Compare(a.System, b.System),
			strings.Compare(a.Code, b.Code), cmp.Compare(a.Element, b.Element))
	})
	e.Strings = unique(e.Strings, func(a, b String) int {
		return cmp.Or(cmp.Compare(a.Param, b.Param), strings.Compare(a.Folded, b.Folded), strings.Compare(a.Exact, b.Exact), cmp.Compare(a.Element, b.Element))
	})
	e.Dates = unique(e.Dates, func(a, b Date) int {
		return cmp.Or(cmp.Compare(a.Param, b.Param), cmp.Compare(a.Low, b.Low), cmp.Compare(a.High, b.High), cmp.Compare(a.Element, b.Element))
	})
	e.Numbers = unique(e.Numbers, func(a, b Number) int {
		return cmp.Or(cmp.Compare(a.Param, b.Param), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Low, b.Low), cmp.Compare(a.High, b.High), cmp.Compare(a.Element, b.Element))
	})
	e.Quantities = unique(e.Quantities, compareQuantities)
	e.References = unique(e.References, compareReferences)
	e.URIs = unique(e.URIs, func(a, b URI) int {
		return cmp.Or(cmp.Compare(a.Param, b.Param), strings.Compare(a.Value, b.Value), cmp.Compare(a.Element, b.Element))
	})
	e.Positions = unique(e.Positions, func(a, b Position) int {
		return cmp.Or(cmp.Compare(a.Param, b.Param), cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y), cmp.Compare(a.Z, b.Z))
	})
	e.Subjects = unique(e.Subjects, func(a, b fhir.Ref) int { return strings.Compare(a.String(), b.String()) })
}

func compareQuantities(a, b Quantity) int {
	return cmp.Or(cmp.Compare(a.Param, b.Param), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Low, b.Low), cmp.Compare(a.High, b.High),
		strings.Compare(a.System, b.System), strings.Compare(a.Code, b.Code), strings.Compare(a.Unit, b.Unit), cmp.Compare(a.Element, b.Element))
}

func compareReferences(a, b Reference) int {
	return cmp.Or(cmp.Compare(a.Param, b.Param), strings.Compare(a.Type, b.Type), strings.Compare(a.ID, b.ID), cmp.Compare(a.Version, b.Version),
		strings.Compare(a.URL, b.URL), strings.Compare(a.System, b.System), strings.Compare(a.Identifier, b.Identifier), cmp.Compare(a.Element, b.Element))
}

func unique[T comparable](s []T, compare func(a, b T) int) []T {
	slices.SortFunc(s, compare)
	return slices.Compact(s)
}
