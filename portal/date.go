package portal

import (
	"fmt"
	"strings"
	"time"

	"sluis/fhir"
)

// date writes a FHIR date or dateTime (R4 datatypes.html#dateTime) at its own
// precision in the language of the visit; an instant in the zone of the
// server, because the patient's day is meant. What is none is left as it is.
func (v *visit) date(s string) string {
	layouts := map[int]func(time.Time) string{
		len("2006"):       func(t time.Time) string { return t.Format("2006") },
		len("2006-01"):    func(t time.Time) string { return v.month(t) + t.Format(" 2006") },
		len("2006-01-02"): v.day,
	}
	if write, known := layouts[len(s)]; known {
		if t, err := time.Parse("2006-01-02"[:len(s)], s); err == nil {
			return write(t)
		}
		return s
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	t = t.In(v.zone)
	return v.day(t) + t.Format(", 15:04")
}

// day is a date in full: no order of day and month to guess.
func (v *visit) day(t time.Time) string {
	return fmt.Sprintf("%d %s %d", t.Day(), v.month(t), t.Year())
}

func (v *visit) month(t time.Time) string {
	return strings.Fields(v.words["months"])[t.Month()-1]
}

// weekday is a day with its name, for headings.
func (v *visit) weekday(t time.Time) string {
	return strings.Fields(v.words["weekdays"])[t.Weekday()] + " " + v.day(t)
}

// over reports whether a dateTime lies in the past as a whole, at its own
// precision. One that cannot be read does not.
func (v *visit) over(end string) bool {
	now := v.Gate.Now().In(v.zone)
	if len(end) <= len("2006-01-02") {
		return end != "" && now.Format("2006-01-02")[:len(end)] > end
	}
	t, err := time.Parse(time.RFC3339Nano, end)
	return err == nil && t.Before(now)
}

// period writes a Period in words.
func (v *visit) period(p fhir.Node) string {
	start, end := v.date(p.Get("start").Text()), v.date(p.Get("end").Text())
	switch {
	case start == "" && end == "":
		return ""
	case end == "":
		return v.words["since"] + " " + start
	case start == "":
		return v.words["until"] + " " + end
	case start == end:
		return start
	}
	return start + " – " + end
}
