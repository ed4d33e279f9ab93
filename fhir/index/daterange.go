package index

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Open ends of a Date.
const (
	BeforeAll = math.MinInt64
	AfterAll  = math.MaxInt64
)

// DateRange is what a FHIR date, dateTime or instant covers, as far as it was
// written: 2020-02 is the whole of February. Both ends are inclusive, in
// microseconds since 1970 UTC; digits beyond those are dropped. It also reads
// what a search may hold: a time without seconds, or without a zone.
//
// What is written without a zone is taken as UTC, in resources and in searches
// alike, so that a date always finds itself. ok is false for anything that is
// not a date of the calendar.
func DateRange(s string) (low, high int64, ok bool) {
	date, clock, timed := strings.Cut(s, "T")
	first, next, ok := dayRange(date)
	if !ok || !timed {
		return first.UnixMicro(), next.UnixMicro() - 1, ok
	}
	if len(date) != len("2006-01-02") {
		return 0, 0, false
	}
	at, unit, ok := clockRange(clock)
	low = first.UnixMicro() + at.Microseconds()
	return low, low + unit.Microseconds() - 1, ok
}

// dayRange is the first instant of a year, month or day and that of the next.
func dayRange(s string) (first, next time.Time, ok bool) {
	year, okYear := digits(s, 0, 4)
	month, okMonth, day, okDay := 1, true, 1, true
	if len(s) >= 7 {
		month, okMonth = digits(s, 5, 2)
		okMonth = okMonth && s[4] == '-'
	}
	if len(s) >= 10 {
		day, okDay = digits(s, 8, 2)
		okDay = okDay && s[7] == '-'
	}
	first = time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	ok = okYear && okMonth && okDay && year > 0 && int(first.Month()) == month && first.Day() == day
	switch len(s) {
	case 4:
		return first, first.AddDate(1, 0, 0), ok
	case 7:
		return first, first.AddDate(0, 1, 0), ok
	case 10:
		return first, first.AddDate(0, 0, 1), ok
	}
	return first, next, false
}

// clockRange is how long after midnight UTC a time with its zone is, and how
// long the last digit written lasts. Second 60 is the next minute.
func clockRange(s string) (at, unit time.Duration, ok bool) {
	s, shift, ok := cutZone(s)
	if !ok || len(s) < 5 || s[2] != ':' {
		return 0, 0, false
	}
	hour, okHour := digits(s, 0, 2)
	minute, okMinute := digits(s, 3, 2)
	at = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute - shift
	ok = okHour && okMinute && hour < 24 && minute < 60
	if len(s) == 5 {
		return at, time.Minute, ok
	}
	second, okSecond := digits(s, 6, 2)
	if !ok || !okSecond || s[5] != ':' || second > 60 {
		return 0, 0, false
	}
	fraction, unit, ok := fractionRange(s[8:])
	return at + time.Duration(second)*time.Second + fraction, unit, ok
}

// cutZone takes the zone off the end of a time.
func cutZone(s string) (clock string, shift time.Duration, ok bool) {
	if clock, utc := strings.CutSuffix(s, "Z"); utc {
		return clock, 0, true
	}
	i := strings.IndexAny(s, "+-")
	if i < 0 {
		return s, 0, true
	}
	zone := s[i+1:]
	hour, okHour := digits(zone, 0, 2)
	minute, okMinute := digits(zone, 3, 2)
	if len(zone) != 5 || !okHour || !okMinute || zone[2] != ':' || hour > 14 || minute > 59 {
		return "", 0, false
	}
	shift = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	if s[i] == '-' {
		shift = -shift
	}
	return s[:i], shift, true
}

// fractionRange reads .123 with the length of its last digit.
func fractionRange(s string) (at, unit time.Duration, ok bool) {
	unit = time.Second
	if s == "" {
		return 0, unit, true
	}
	if s[0] != '.' || len(s) == 1 {
		return 0, 0, false
	}
	for _, c := range []byte(s[1:]) {
		if c < '0' || c > '9' {
			return 0, 0, false
		}
		if unit > time.Microsecond {
			unit /= 10
			at += time.Duration(c-'0') * unit
		}
	}
	return at, unit, true
}

// digits reads n digits at a position.
func digits(s string, at, n int) (int, bool) {
	if len(s) < at+n {
		return 0, false
	}
	v, err := strconv.ParseUint(s[at:at+n], 10, 32)
	return int(v), err == nil
}
