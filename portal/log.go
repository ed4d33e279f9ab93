package portal

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sluis/audit"
	"sluis/audit/balp"
	"sluis/fhir/query"
)

// placeWidth is wider than any place in the log, whose number would tell how much
// goes on in the server.
const placeWidth = 64

// logRows is how many records a page of the log holds.
const logRows = 100

// whoLooked shows the patient's log, newest first (promise L6).
func (v *visit) whoLooked() error {
	ask, err := v.asking()
	if err != nil {
		return err
	}
	page, err := v.Gate.SearchLog(v.r.Context(), v.caller, ask.filter, ask.After)
	if err != nil {
		return err
	}
	body := struct {
		asking
		Days    []logDay
		Total   int
		Next    string // path of the next page
		Choices []choice
	}{asking: ask, Days: v.timeline(page.Records), Total: page.Total, Choices: v.choices()}
	if page.Next != "" {
		place, err := v.seal("log", query.Position{Keys: []string{fmt.Sprintf("%*s", placeWidth, page.Next)}})
		if err != nil {
			return err
		}
		body.Next = ask.next(place)
	}
	return v.ok("log", body)
}

// asking is what the form above the log asks for.
type asking struct {
	From, To, Organization string
	Denied                 bool
	After                  string
	filter                 balp.Filter
}

// asking reads the form. A date is a day of the patient's own.
func (v *visit) asking() (asking, error) {
	q := v.r.URL.Query()
	a := asking{From: q.Get("from"), To: q.Get("to"), Organization: q.Get("organization"), Denied: q.Get("outcome") == "denied"}
	place, err := v.open("log", q.Get("after"))
	if err != nil {
		return asking{}, err
	}
	if place != nil && len(place.Keys) == 1 {
		a.After = strings.TrimSpace(place.Keys[0])
	}
	a.filter = balp.Filter{Count: logRows, Total: true, Organization: a.Organization}
	if a.Denied {
		denied := audit.Denied
		a.filter.Outcome = &denied
	}
	for _, day := range []struct {
		text  string
		later int
		into  *time.Time
	}{{a.From, 0, &a.filter.From}, {a.To, 1, &a.filter.To}} {
		if day.text == "" {
			continue
		}
		t, err := time.ParseInLocation("2006-01-02", day.text, v.zone)
		if err != nil {
			return asking{}, refusal{http.StatusBadRequest, "badForm"}
		}
		*day.into = t.AddDate(0, 0, day.later)
	}
	return a, nil
}

// next is the path that asks the same from a place onwards.
func (a asking) next(place string) string {
	q := url.Values{"after": {place}}
	for name, value := range map[string]string{"from": a.From, "to": a.To, "organization": a.Organization} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if a.Denied {
		q.Set("outcome", "denied")
	}
	return Path + "/log?" + q.Encode()
}

// logDay is one day of the timeline.
type logDay struct {
	Title  string
	Groups []logGroup
}

// logGroup is what one party did in the same way without anything else between:
// one line, that unfolds to all.
type logGroup struct {
	deed
	Time  string
	What  string
	Lines []logLine // newest first
}

// logLine is one record.
type logLine struct{ Time, What string }

// timeline folds records, newest first, into days and groups. No record is
// left out.
func (v *visit) timeline(records []audit.Record) (days []logDay) {
	var kinds [][]string // of the groups of the last day, in the order seen
	for _, r := range records {
		at := r.Recorded.In(v.zone)
		if title := v.weekday(at); len(days) == 0 || days[len(days)-1].Title != title {
			days, kinds = append(days, logDay{Title: title}), nil
		}
		day := &days[len(days)-1]
		d, what := v.deed(r), v.kinds(r)
		if n := len(day.Groups); n == 0 || day.Groups[n-1].deed != d {
			day.Groups, kinds = append(day.Groups, logGroup{deed: d}), append(kinds, nil)
		}
		n := len(day.Groups) - 1
		group := &day.Groups[n]
		for _, kind := range what {
			if !slices.Contains(kinds[n], kind) {
				kinds[n] = append(kinds[n], kind)
			}
		}
		group.Lines = append(group.Lines, logLine{at.Format("15:04:05"), v.sentence(d, what)})
		group.What = v.sentence(d, kinds[n])
		group.Time = span(group.Lines)
	}
	return days
}

// span is the minutes from the oldest to the newest line of a day.
func span(lines []logLine) string {
	from, to := lines[len(lines)-1].Time[:5], lines[0].Time[:5]
	if from == to {
		return to
	}
	return from + "–" + to
}
