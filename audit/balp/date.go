package balp

import (
	"time"

	"sluis/fhir/index"
)

// addDate narrows the period. recorded is an instant: eq means within what was
// written, gt and sa after its end, lt and eb before its start, ge and le take
// it in (R4 search.html#prefix). ne and ap would not be one period.
func (f *Filter) addDate(v string) bool {
	prefix := "eq"
	if len(v) > 2 && v[0] >= 'a' && v[0] <= 'z' {
		prefix, v = v[:2], v[2:]
	}
	low, high, ok := period(v)
	if !ok {
		return false
	}
	switch prefix {
	case "eq":
		f.after(low)
		f.before(high)
	case "ge":
		f.after(low)
	case "gt", "sa":
		f.after(high)
	case "le":
		f.before(high)
	case "lt", "eb":
		f.before(low)
	default:
		return false
	}
	return true
}

// period is [low, high) of what was written; a record's time has milliseconds,
// and so has this.
func period(v string) (low, high time.Time, ok bool) {
	first, last, ok := index.DateRange(v)
	low = time.UnixMicro(first).UTC().Truncate(time.Millisecond)
	high = time.UnixMicro(last).UTC().Truncate(time.Millisecond).Add(time.Millisecond)
	return low, high, ok
}

func (f *Filter) after(t time.Time) {
	if f.From.IsZero() || t.After(f.From) {
		f.From = t
	}
}

func (f *Filter) before(t time.Time) {
	if f.To.IsZero() || t.Before(f.To) {
		f.To = t
	}
}
