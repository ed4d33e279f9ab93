package hl7v2

import (
	"errors"
	"regexp"
	"strconv"
	"time"
	_ "time/tzdata" // times without a zone are Europe/Amsterdam on every machine
)

// Precision is how much of a time was given.
type Precision int

// The precisions. A time to the hour or minute counts as Second: FHIR has
// nothing between day and second.
const (
	Year Precision = iota + 1
	Month
	Day
	Second
	Millisecond
)

// Timestamp is a date or time with its precision.
type Timestamp struct {
	time.Time
	Precision Precision
}

// Amsterdam is the zone of times that state none.
var Amsterdam = mustZone("Europe/Amsterdam")

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

var (
	errTimestamp  = errors.New("not a date or time")
	timestampForm = regexp.MustCompile(`^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,4}))?)?)?)?)?)?([+-]\d{4})?$`)
	timeForm      = regexp.MustCompile(`^(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,4}))?)?)?(?:[+-]\d{4})?$`)
)

// ParseTimestamp reads the types TS, DTM and DT:
// YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ] (HL7 v2.5.1, 2.A.22). zone
// holds where none is stated. Month or day 00, as Dutch registers write a birth
// date that is partly unknown, lowers the precision.
func ParseTimestamp(s string, zone *time.Location) (Timestamp, error) {
	g := timestampForm.FindStringSubmatch(s)
	if g == nil {
		return Timestamp{}, errTimestamp
	}
	if g[8] != "" {
		var err error
		if zone, err = offset(g[8]); err != nil {
			return Timestamp{}, err
		}
	}
	year, month, day := digits(g[1]), digits(g[2]), digits(g[3])
	hour, minute, second := digits(g[4]), digits(g[5]), digits(g[6])
	if year == 0 {
		return Timestamp{}, errTimestamp
	}
	p := precision(g)
	at := time.Date(year, time.Month(max(month, 1)), max(day, 1), hour, minute, second, fraction(g[7]), zone)
	valid := (month == 0 || int(at.Month()) == month) && (day == 0 || at.Day() == day) &&
		hour < 24 && minute < 60 && second < 60 && (month > 0 || day == 0)
	if !valid {
		return Timestamp{}, errTimestamp
	}
	return Timestamp{at, p}, nil
}

func precision(g []string) Precision {
	switch {
	case digits(g[2]) == 0:
		return Year
	case digits(g[3]) == 0:
		return Month
	case g[4] == "":
		return Day
	case g[7] == "":
		return Second
	}
	return Millisecond
}

// parseClock reads the type TM, HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ], as the time
// since midnight. A zone is dropped: a FHIR time has none.
func parseClock(s string) (time.Duration, Precision, error) {
	g := timeForm.FindStringSubmatch(s)
	if g == nil {
		return 0, 0, errTimestamp
	}
	hour, minute, second := digits(g[1]), digits(g[2]), digits(g[3])
	if hour > 23 || minute > 59 || second > 59 {
		return 0, 0, errTimestamp
	}
	d := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
	if g[4] == "" {
		return d, Second, nil
	}
	return d + time.Duration(fraction(g[4])), Millisecond, nil
}

// offset reads +HHMM.
func offset(s string) (*time.Location, error) {
	hours, minutes := digits(s[1:3]), digits(s[3:5])
	if hours > 14 || minutes > 59 {
		return nil, errTimestamp
	}
	seconds := hours*3600 + minutes*60
	if s[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone(s[:3]+":"+s[3:], seconds), nil
}

// fraction is .SSSS in nanoseconds, cut to milliseconds.
func fraction(s string) int {
	for len(s) < 3 {
		s += "0"
	}
	return digits(s[:3]) * int(time.Millisecond)
}

// digits reads a number that a pattern has already matched; "" is 0.
func digits(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
