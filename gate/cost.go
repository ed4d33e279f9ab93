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
	maxHops       = 64       // chains and reverse chains of a search, each judged under the caller's access
	maxNamed      = 500      // resources that a search names, each a possible denial to record
	maxDigits     = 128      // of a number: R4 asks for 18
	maxAnswer     = 64 << 20 // bytes of the resources that the reads of a Bundle find
	maxPatched    = 80 << 20 // bytes of what the patches of a transaction come to: the largest body, and what a patch may add

	// maxConditional is how many writes of a transaction may be conditional, a
	// feed's apart: each is a search of its own under the lock of its type, for
	// some milliseconds.
	maxConditional = 1000
)

// affordable refuses a search that would be too much for the store.
func affordable(q query.Query) error {
	cost, hops := 0, 0
	query.Walk(q.Where, func(x query.Expr) bool {
		switch x.(type) {
		case query.Chain, query.Has:
			hops++
		}
		cost += costOf(x)
		return true
	})
	switch {
	case hops > maxHops:
		return fhir.NewError(fhir.Invalid, "too-costly", fmt.Sprintf("the search follows references %d ways, and %d is the most: name the types along its chains", hops, maxHops))
	case cost > maxConditions:
		return fhir.NewError(fhir.Invalid, "too-costly", fmt.Sprintf("the search counts for %d conditions, and %d is the most: ask for fewer values at a time", cost, maxConditions))
	case len(query.Named(q)) > maxNamed:
		return fhir.NewError(fhir.Invalid, "too-costly", fmt.Sprintf("a search names at most %d resources", maxNamed))
	}
	return nil
}

// costOf counts one predicate without what is below it.
func costOf(x query.Expr) int {
	switch x := x.(type) {
	case query.Compare:
		return conditions(x)
	case query.Missing:
		return 1
	case query.Composite:
		return len(x.Values) * len(x.Param.Parts)
	case query.Near:
		return 2 * len(x.Points)
	case query.Words:
		words := 0
		for _, all := range x.Any {
			words += len(all)
		}
		return words
	}
	return 0
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
		n := 0
		for _, v := range c.Values {
			if n++; person(c, v) {
				n += 2
			}
		}
		return n
	}
	return len(c.Values)
}

// person reports whether a value denotes a person, whose Patients are looked up.
func person(c query.Compare, v query.Value) bool {
	_, ok := c.Person(v)
	return ok
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
