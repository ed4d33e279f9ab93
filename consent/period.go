package consent

import (
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the default zone must be known where the system has no zone files, as in a bare container
)

// homeZone is the zone of dates that have none, unless Facts say otherwise.
var homeZone = sync.OnceValues(func() (*time.Location, error) { return time.LoadLocation("Europe/Amsterdam") })

// holds reports whether the period is in force. Its end is inclusive at the
// precision in which it is written (R4 datatypes.html#Period): 2025-12-31 ends
// with that day in the zone. known is false when a bound cannot be read.
func (p Period) holds(at time.Time, zone *time.Location) (in, known bool) {
	if p.Start != "" {
		from, _, ok := interval(p.Start, zone)
		if !ok {
			return false, false
		}
		if at.Before(from) {
			return false, true
		}
	}
	if p.End != "" {
		_, until, ok := interval(p.End, zone)
		if !ok {
			return false, false
		}
		return at.Before(until), true
	}
	return true, true
}

// Readable reports whether both bounds, where there are any, are times.
func (p Period) Readable() bool {
	_, known := Period{End: p.End}.holds(time.Time{}, time.UTC)
	_, _, start := interval(p.Start, time.UTC)
	return known && (start || p.Start == "")
}

// Interval is what a FHIR date or dateTime covers at its precision, [from,
// until), in a zone where it has none itself; a nil zone is Europe/Amsterdam.
func Interval(dateTime string, zone *time.Location) (from, until time.Time, ok bool) {
	if zone == nil {
		home, err := homeZone()
		if err != nil {
			return from, until, false
		}
		zone = home
	}
	return interval(dateTime, zone)
}

func interval(s string, zone *time.Location) (from, until time.Time, ok bool) {
	for _, form := range []struct {
		layout              string
		years, months, days int
	}{
		{"2006", 1, 0, 0},
		{"2006-01", 0, 1, 0},
		{"2006-01-02", 0, 0, 1},
	} {
		if t, err := time.ParseInLocation(form.layout, s, zone); err == nil {
			return t, t.AddDate(form.years, form.months, form.days), true
		}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return from, until, false
	}
	if strings.Contains(s, ".") { // a fraction: to the millisecond of our clock
		return t, t.Add(time.Millisecond), true
	}
	return t, t.Add(time.Second), true
}
