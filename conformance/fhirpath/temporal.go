package fhirpath

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

type temporalKind uint8

const (
	dateKind temporalKind = iota
	dateTimeKind
	timeKind
)

func (k temporalKind) String() string { return [...]string{"Date", "DateTime", "Time"}[k] }

// precision is the last part that a date or time has.
type precision uint8

const (
	yearPart precision = iota
	monthPart
	dayPart
	hourPart
	minutePart
	secondPart
	milliPart
)

// temporal is a Date, DateTime or Time, as precise as it was written.
type temporal struct {
	kind      temporalKind
	at        time.Time // in its own zone; UTC where it has none; a Time on the first day of year 1
	precision precision
	zoned     bool
}

// The widest offsets that a time without a zone can have.
const (
	mostEast = 14 * time.Hour
	mostWest = 12 * time.Hour
)

// parseTemporalLiteral reads what follows @ in an expression.
func parseTemporalLiteral(s string) (temporal, bool) {
	if clock, ok := strings.CutPrefix(s, "T"); ok {
		return parseTime(clock)
	}
	date, timed := strings.CutSuffix(s, "T")
	t, ok := parseTemporal(date)
	if timed {
		t.kind = dateTimeKind
	}
	return t, ok
}

// parseTemporal reads a Date, a DateTime or, where it has a colon and no date,
// a Time.
func parseTemporal(s string) (temporal, bool) {
	if len(s) >= 3 && s[2] == ':' {
		return parseTime(s)
	}
	date, clock, timed := strings.Cut(s, "T")
	t, ok := parseDate(date)
	if !ok || !timed {
		return t, ok
	}
	if t.precision != dayPart || clock == "" {
		return temporal{}, false
	}
	return t.withClock(clock)
}

var dateLayouts = map[int]struct {
	layout string
	last   precision
}{4: {"2006", yearPart}, 7: {"2006-01", monthPart}, 10: {"2006-01-02", dayPart}}

func parseDate(s string) (temporal, bool) {
	l, ok := dateLayouts[len(s)]
	if !ok {
		return temporal{}, false
	}
	at, err := time.Parse(l.layout, s)
	return temporal{dateKind, at, l.last, false}, err == nil
}

// parseTime reads hh, hh:mm, hh:mm:ss or hh:mm:ss.fff, without a zone.
func parseTime(s string) (temporal, bool) {
	t, ok := temporal{kind: timeKind, at: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)}.withClock(s)
	t.kind = timeKind
	return t, ok && !t.zoned
}

// withClock adds hh[:mm[:ss[.fff]]] and a zone.
func (t temporal) withClock(s string) (temporal, bool) {
	t.kind = dateTimeKind
	clock, zone := s, ""
	if i := strings.IndexAny(s, "Z+-"); i >= 0 {
		clock, zone = s[:i], s[i:]
	}
	whole, fraction, fractional := strings.Cut(clock, ".")
	layouts := map[int]struct {
		layout string
		last   precision
	}{2: {"15", hourPart}, 5: {"15:04", minutePart}, 8: {"15:04:05", secondPart}}
	l, ok := layouts[len(whole)]
	if !ok || fractional && l.last != secondPart {
		return t, false
	}
	at, err := time.Parse(l.layout, whole)
	if err != nil {
		return t, false
	}
	t.precision = l.last
	nanos, ok := nanoseconds(fraction)
	if !ok || fractional && fraction == "" {
		return t, false
	}
	if fractional {
		t.precision = milliPart
	}
	location, ok := zoneOf(zone)
	t.zoned = zone != ""
	y, m, d := t.at.Date()
	t.at = time.Date(y, m, d, at.Hour(), at.Minute(), at.Second(), nanos, location)
	return t, ok
}

// nanoseconds reads the digits after the point; beyond nine they are cut.
func nanoseconds(digits string) (int, bool) {
	if strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi((digits + "000000000")[:9])
	return n, err == nil
}

func zoneOf(s string) (*time.Location, bool) {
	if s == "" || s == "Z" {
		return time.UTC, true
	}
	at, err := time.Parse("-07:00", s)
	if err != nil {
		return time.UTC, false
	}
	return at.Location(), true
}

// String writes the value as precisely as it was given.
func (t temporal) String() string {
	layout := [...]string{"2006", "2006-01", "2006-01-02", "2006-01-02T15", "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02T15:04:05.000"}[t.precision]
	if t.kind == timeKind {
		return t.at.Format(layout[len("2006-01-02T"):])
	}
	if t.zoned && t.precision >= hourPart {
		layout += "Z07:00"
	}
	return t.at.Format(layout)
}

// span is the interval in which the value lies: from its first instant up to
// the first one after it. From the second on, a value is a point.
func (t temporal) span() (from, to time.Time) {
	from = t.at
	switch t.precision {
	case yearPart:
		to = from.AddDate(1, 0, 0)
	case monthPart:
		to = from.AddDate(0, 1, 0)
	case dayPart:
		to = from.AddDate(0, 0, 1)
	case hourPart:
		to = from.Add(time.Hour)
	case minutePart:
		to = from.Add(time.Minute)
	default:
		to = from
	}
	return from, to
}

func (t temporal) exact() precision { return min(t.precision, secondPart) }

// compareTemporal orders two values, or cannot tell: where one is less precise,
// or has no zone, and the intervals meet.
func compareTemporal(a, b temporal) (int, bool) {
	if (a.kind == timeKind) != (b.kind == timeKind) {
		return 0, false
	}
	fromA, toA := a.span()
	fromB, toB := b.span()
	if a.kind == dateTimeKind && b.kind == dateTimeKind && a.zoned != b.zoned {
		if a.zoned {
			fromB, toB = fromB.Add(-mostEast), toB.Add(mostWest)
		} else {
			fromA, toA = fromA.Add(-mostEast), toA.Add(mostWest)
		}
	} else if a.exact() == b.exact() {
		return fromA.Compare(fromB), true
	}
	switch {
	case toA.Before(fromB) || toA.Equal(fromB) && !fromA.Equal(toA):
		return -1, true
	case toB.Before(fromA) || toB.Equal(fromA) && !fromB.Equal(toB):
		return 1, true
	}
	return 0, false
}

// calendarUnits are the units that stand in expressions without quotes.
var calendarUnits = map[string]string{
	"year": "year", "years": "year", "month": "month", "months": "month", "week": "week", "weeks": "week",
	"day": "day", "days": "day", "hour": "hour", "hours": "hour", "minute": "minute", "minutes": "minute",
	"second": "second", "seconds": "second", "millisecond": "millisecond", "milliseconds": "millisecond",
}

// definite are the UCUM units of a fixed length, as calendar units. A year and
// a month of UCUM are means, and cannot be added to a date.
var definite = map[string]string{"wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond"}

var durations = map[string]time.Duration{
	"hour": time.Hour, "minute": time.Minute, "second": time.Second, "millisecond": time.Millisecond,
}

var unitPrecision = map[string]precision{
	"year": yearPart, "month": monthPart, "week": dayPart, "day": dayPart,
	"hour": hourPart, "minute": minutePart, "second": secondPart, "millisecond": milliPart,
}

// mostYears bounds what may be added.
const mostYears = 9999

// add adds a duration; what is finer than the value's precision counts in whole
// units of it (N1, date/time arithmetic).
func (t temporal) add(q quantity, sign int) (temporal, error) {
	unit := q.unit
	if calendar, ok := calendarUnits[unit]; ok {
		unit = calendar
	} else if unit, ok = definite[q.unit]; !ok {
		return t, fmt.Errorf("cannot add %q to a date or time", q.unit)
	}
	n, err := wholePart(q.value)
	if err != nil || n > mostYears*366*86400000 || n < -mostYears*366*86400000 {
		return t, fmt.Errorf("the duration is out of range")
	}
	n *= int64(sign)
	for t.kind != timeKind && unitPrecision[unit] > max(t.precision, dayPart) {
		n, unit = coarser(n, unit)
	}
	if t.precision < dayPart && t.kind != timeKind {
		n, unit = inMonths(n, unit)
		if t.precision == yearPart && unit == "month" {
			n, unit = n/12, "year"
		}
	}
	return t.shift(int(n), unit)
}

func coarser(n int64, unit string) (int64, string) {
	switch unit {
	case "millisecond":
		return n / 1000, "second"
	case "second":
		return n / 60, "minute"
	case "minute":
		return n / 60, "hour"
	}
	return n / 24, "day"
}

func inMonths(n int64, unit string) (int64, string) {
	switch unit {
	case "week":
		return n * 7 / 30, "month"
	case "day":
		return n / 30, "month"
	}
	return n, unit
}

func (t temporal) shift(n int, unit string) (temporal, error) {
	switch unit {
	case "year":
		t.at = addMonths(t.at, n*12)
	case "month":
		t.at = addMonths(t.at, n)
	case "week":
		t.at = t.at.AddDate(0, 0, 7*n)
	case "day":
		t.at = t.at.AddDate(0, 0, n)
	default:
		if d := time.Duration(n); d > 1<<62/durations[unit] || -d > 1<<62/durations[unit] {
			return t, fmt.Errorf("the duration is out of range")
		}
		t.at = t.at.Add(time.Duration(n) * durations[unit])
	}
	if t.kind == timeKind {
		t.at = time.Date(1, 1, 1, t.at.Hour(), t.at.Minute(), t.at.Second(), t.at.Nanosecond(), time.UTC)
		return t, nil
	}
	if y := t.at.Year(); y < 1 || y > mostYears {
		return t, fmt.Errorf("the date is out of range")
	}
	return t, nil
}

// addMonths keeps the day, or takes the month's last where it has no such day.
func addMonths(at time.Time, n int) time.Time {
	first := time.Date(at.Year(), at.Month()+time.Month(n), 1, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), at.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(at.Day(), last)-1)
}
