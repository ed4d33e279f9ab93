package consent

import (
	"slices"
	"time"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
)

// This file is the data that a rule speaks of by time, by author and by name
// (Consent.provision.dataPeriod, actors with the role AUT, and data). A permit
// covers what is proven, a deny also what is not told.

// times are the clinically relevant and recorded times of resources of any type.
var times = &conformance.Parameter{
	Base: "Resource", Code: conformance.DatedCode, Type: conformance.DateParam, Key: conformance.ParameterKey("Resource", conformance.DatedCode),
}

// dated is the data of a period. A permit needs one of their times to overlap
// it; a deny also covers data without any time, save the Patient.
func (q question) dated(p Period, e Effect) region {
	if p == (Period{}) {
		return everything
	}
	low, high, ok := q.span(p, e)
	if !ok || low > high {
		return inDoubt(e)
	}
	overlap := region{query.Compare{Param: times, Values: []query.Value{{Prefix: query.Po, DateLow: low, DateHigh: high}}}}
	if e == Permit {
		return overlap
	}
	return some(overlap, all(region{query.Missing{Param: times}}, butPatients()))
}

// butPatients is all but the Patient: it is of no period, and what every
// resource refers to. Who somebody is must not go away with what was done to him,
// unless the rule names it.
func butPatients() region { return region{query.TypeIs{Types: []string{"Patient"}}}.outside(Deny) }

// span is a period in the microseconds of the index, both ends inclusive. The
// index takes a date without a zone for one in UTC and keeps no trace of that.
// It may be a day of the deployment's zone: a permit covers what lies in the
// period read either way, a deny what lies in it read one of the ways.
func (q question) span(p Period, e Effect) (low, high int64, ok bool) {
	low, high = -1<<63, 1<<63-1
	if p.Start != "" {
		from, _, ok := interval(p.Start, q.zone)
		if !ok {
			return 0, 0, false
		}
		low = from.Add(shift(from, e == Permit)).UnixMicro()
	}
	if p.End != "" {
		_, until, ok := interval(p.End, q.zone)
		if !ok {
			return 0, 0, false
		}
		high = until.Add(shift(until, e != Permit)).UnixMicro() - 1
	}
	return low, high, true
}

// shift is how far UTC and the zone of a time are apart, if that is later or
// earlier as asked, else nothing.
func shift(t time.Time, later bool) time.Duration {
	_, seconds := t.Zone()
	if later != (seconds > 0) {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// authors is the data of the authors that the rule names (actor role AUT).
func authors(actors []Actor, e Effect) region {
	named := slices.DeleteFunc(slices.Clone(actors), func(a Actor) bool { return a.Role != Author })
	return anyOf(named, func(a Actor) region { return authored(a.Ref, a.System, a.Value, e) })
}

// authored is the data that somebody wrote, performed, recorded, asserted or
// requested, by their own elements; a deny also counts what a Provenance says,
// and what names no author that can be told apart.
func authored(ref, system, value string, e Effect) region {
	x := query.Authored{Doubt: e != Permit}
	if who, ok := fhir.ParseRef(ref); ok {
		x.Who = who.Latest()
	}
	if system != "" && value != "" {
		x.Number = query.Coding{System: system, Code: value}
	}
	if query.Empty(x) {
		return inDoubt(e)
	}
	return region{x}
}

// referred is the data of one Consent.provision.data. R4 takes related for the
// resource and what it refers to, PCF for what refers to it, which R4 calls
// dependents: a permit follows the reading of its profile, a deny both.
func referred(d Datum, e Effect, p Profile) region {
	if d.Meaning == AuthoredBy {
		return authored(d.Ref, d.System, d.Value, e)
	}
	ref, ok := fhir.ParseRef(d.Ref)
	if !ok {
		return inDoubt(e)
	}
	refs := []fhir.Ref{ref.Latest()}
	itself := all(region{query.TypeIs{Types: []string{ref.Type}}}, region{query.IDIs{IDs: []string{ref.ID}}})
	from, to := region{query.PointedAtBy{Refs: refs}}, region{query.PointsAt{Refs: refs}}
	switch {
	case d.Meaning == Instance:
		return itself
	case d.Meaning != Linked && d.Meaning != Dependents:
		return inDoubt(e)
	case e != Permit:
		return some(itself, all(from, butPatients()), to)
	case d.Meaning == Linked && p != PCF:
		return some(itself, from)
	}
	return some(itself, to)
}
