package gate

import (
	"fmt"
	"strconv"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
)

// Limits of what one request can make the server do. They are far above what is
// ever needed; beyond them a request is refused, never cut short.
const (
	maxConditions = 300      // of a search: SQLite takes expressions of a depth of 1,000
	maxNamed      = 500      // resources that a search names, each a possible denial to record
	maxDigits     = 128      // of a number: R4 asks for 18
	maxAnswer     = 64 << 20 // bytes of the resources that the reads of a Bundle find

	// maxConditional is how many writes of a transaction may be conditional, a
	// feed's apart: each that matches is renamed in all of them.
	maxConditional = 1000
)

// affordable refuses a search that would be too much for the store.
func affordable(q query.Query) error {
	cost := 0
	query.Walk(q.Where, func(x query.Expr) bool {
		if c, ok := x.(query.Compare); ok {
			cost += conditions(c)
		}
		return true
	})
	switch {
	case cost > maxConditions:
		return fhir.NewError(fhir.Invalid, "too-costly", fmt.Sprintf("the search counts for %d conditions, and %d is the most: ask for fewer values at a time", cost, maxConditions))
	case len(query.Named(q)) > maxNamed:
		return fhir.NewError(fhir.Invalid, "too-costly", fmt.Sprintf("a search names at most %d resources", maxNamed))
	}
	return nil
}

// conditions is how many alternatives the values come down to. The codes of one
// system are one list; a patient is looked up, which is worth several.
func conditions(c query.Compare) int {
	switch {
	case c.Param.Type == conformance.TokenParam || c.Modifier == query.IdentifierOf:
		systems := map[query.Value]bool{}
		for _, v := range c.Values {
			systems[query.Value{System: v.System, AnySystem: v.AnySystem}] = true
		}
		return len(systems)
	case c.Param.Type == conformance.ReferenceParam:
		return 3 * len(c.Values)
	}
	return len(c.Values)
}

// legible refuses numbers of so many digits that reading them exactly would take
// longer than any request is worth.
func legible(doc *fhir.Document) error {
	for n := range doc.Root().Walk() {
		if n.Kind() == fhir.Number && len(n.Raw()) > maxDigits {
			return fhir.NewError(fhir.Invalid, "too-long", "a number has at most "+strconv.Itoa(maxDigits)+" characters", n.Key())
		}
	}
	return nil
}
