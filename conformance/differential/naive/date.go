package naive

import (
	"regexp"
	"strings"
	"time"
)

// span is what a date covers: from its first instant up to, not including, the
// first one after it. A nil end is open.
type span struct{ from, to *time.Time }

var dateForm = regexp.MustCompile(`^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$`)

// parseDate reads a date as far as it is written. Without a zone it is UTC:
// rulings.md.
func parseDate(s string) (span, bool) {
	m := dateForm.FindStringSubmatch(s)
	if m == nil {
		return span{}, false
	}
	var at time.Time
	var err error
	var next func(time.Time) time.Time
	switch {
	case m[2] == "":
		at, err = time.Parse("2006", s)
		next = func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }
	case m[3] == "":
		at, err = time.Parse("2006-01", s)
		next = func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }
	case m[4] == "":
		at, err = time.Parse("2006-01-02", s)
		next = func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }
	default:
		return parseTime(s, m)
	}
	to := next(at)
	return span{&at, &to}, err == nil
}

// parseTime reads a date with a time: to the minute, the second, or a fraction.
func parseTime(s string, m []string) (span, bool) {
	layout, unit := "2006-01-02T15:04", time.Minute
	if m[6] != "" {
		layout, unit = layout+":05", time.Second
		for range len(m[7]) - 1 {
			unit /= 10
		}
	}
	if m[8] == "" {
		s += "Z"
	}
	at, err := time.Parse(layout+"Z07:00", s)
	to := at.Add(unit)
	return span{&at, &to}, err == nil
}

// dates reads a value of a date parameter: a date, a Period, or the outer
// limits of a Timing (R4 search.html#date).
func dates(v value) []span {
	if s, ok := v.json.(string); ok {
		if v.kind != "" && !strings.Contains("Date DateTime Instant", v.kind) {
			return nil
		}
		if d, ok := parseDate(s); ok {
			return []span{d}
		}
		return nil
	}
	m := object(v.json)
	switch {
	case v.kind == "Period" || v.kind == "" && (m["start"] != nil || m["end"] != nil):
		return period(m)
	case v.kind == "Timing" || v.kind == "" && (m["event"] != nil || m["repeat"] != nil):
		all := period(dig(m, "repeat", "boundsPeriod"))
		for _, e := range list(m["event"]) {
			if d, ok := parseDate(str(e)); ok {
				all = append(all, d)
			}
		}
		return hull(all)
	}
	return nil
}

func period(v any) []span {
	var out span
	start, started := parseDate(str(dig(v, "start")))
	end, ended := parseDate(str(dig(v, "end")))
	if started {
		out.from = start.from
	}
	if ended {
		out.to = end.to
	}
	if !started && !ended {
		return nil
	}
	return []span{out}
}

// hull is the one span that covers all.
func hull(all []span) []span {
	if len(all) == 0 {
		return nil
	}
	out := all[0]
	for _, s := range all[1:] {
		if before(s.from, out.from) {
			out.from = s.from
		}
		if after(s.to, out.to) {
			out.to = s.to
		}
	}
	return []span{out}
}

// before compares two beginnings: an open one is before all others.
func before(a, b *time.Time) bool {
	switch {
	case b == nil:
		return false
	case a == nil:
		return true
	}
	return a.Before(*b)
}

// after compares two ends: an open one is after all others.
func after(a, b *time.Time) bool {
	switch {
	case b == nil:
		return false
	case a == nil:
		return true
	}
	return a.After(*b)
}

// matchDate is R4 search.html#prefix for dates: t is the resource's, s what is
// searched. Both ends of s are known.
func matchDate(prefix string, t, s span) bool {
	overlaps := (t.to == nil || t.to.After(*s.from)) && (t.from == nil || t.from.Before(*s.to))
	switch prefix {
	case "eq":
		return contains(s, t)
	case "ne":
		return !contains(s, t)
	case "gt":
		return after(t.to, s.to)
	case "lt":
		return before(t.from, s.from)
	case "ge": // after the value, or about it: rulings.md
		return after(t.to, s.to) || overlaps
	case "le":
		return before(t.from, s.from) || overlaps
	case "sa":
		return t.from != nil && !t.from.Before(*s.to)
	case "eb":
		return t.to != nil && !t.to.After(*s.from)
	case "ap":
		return matchDate("ge", t, widened(s)) && matchDate("le", t, widened(s))
	}
	return false
}

func contains(s, t span) bool {
	return t.from != nil && t.to != nil && !t.from.Before(*s.from) && !t.to.After(*s.to)
}

// widened is what ap means: as wide again to either side as the value is, and
// at least a day: rulings.md.
func widened(s span) span {
	w := max(s.to.Sub(*s.from), 24*time.Hour)
	from, to := s.from.Add(-w), s.to.Add(w)
	return span{&from, &to}
}
