package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"sluis/audit"
	"sluis/fhir"
	"sluis/storage"
)

func logDurable(t *testing.T, db LogDatabase) {
	first := db.Open(t)
	noError(t, first.Log.Append(context.Background(), logEvents("a", 3)))
	noError(t, first.Write(context.Background(), logEvents("b", 2)))
	noError(t, first.Close())

	again := openLog(t, db)
	if got := findLog(t, again, aboutPerson("a")); got.Total != 3 || len(got.Records) != 3 {
		t.Errorf("appended: %+v", got)
	}
	if got := findLog(t, again, aboutPerson("b")); got.Total != 2 || len(got.Records) != 2 {
		t.Errorf("written: %+v", got)
	}
}

// After N reads, N lines for that patient and none for others (spec row L6).
func logConcurrent(t *testing.T, db LogDatabase) {
	const callers, each = 24, 20
	s, other := openLog(t, db), openLog(t, db)
	noError(t, together(callers, func(i int) error {
		for n := range each {
			log, r := s.Log, logEvent(fmt.Sprintf("p%d", i%3), n*callers+i)
			if i%2 == 1 {
				log = other.Log
			}
			if err := log.Append(context.Background(), []audit.Record{r}); err != nil {
				return err
			}
		}
		return nil
	}))
	for i := range 3 {
		f := aboutPerson(fmt.Sprintf("p%d", i))
		f.Count = 1000
		page := findLog(t, s, f)
		if want := callers * each / 3; page.Total != want || len(slices.Compact(recordIDs(page.Records))) != want {
			t.Errorf("p%d: %d of %d", i, page.Total, want)
		}
	}
	if got := findLog(t, s, aboutPerson("p3")); got.Total != 0 {
		t.Errorf("another patient has %d", got.Total)
	}
}

func logPersons(t *testing.T, db LogDatabase) {
	s := openLog(t, db)
	ctx := context.Background()
	noError(t, s.Log.Append(ctx, append(logEvents("a", 2), logEvents("b", 1)...)))
	noError(t, s.Write(ctx, []audit.Record{logEvent("a", 5), logEvent("linked", 6)}))
	nobody := logEvent("a", 9)
	nobody.ID, nobody.Patient = "nobody", fhir.Ref{}
	noError(t, s.Log.Append(ctx, []audit.Record{nobody}))

	for _, c := range []struct {
		name string
		f    storage.LogFilter
		want []string
	}{
		{"one", aboutPerson("a"), []string{"a-5", "a-1", "a-0"}},
		{"linked Patients", storage.LogFilter{Patients: []fhir.Ref{logPatient("a"), {Type: "Patient", ID: "linked", Version: 3}}}, []string{"linked-6", "a-5", "a-1", "a-0"}},
		{"nobody asked for", storage.LogFilter{}, []string{}},
		{"everyone", storage.LogFilter{Everyone: true}, []string{"nobody", "linked-6", "a-5", "a-1", "a-0", "b-0"}},
		{"everyone, one patient", storage.LogFilter{Everyone: true, Patients: []fhir.Ref{logPatient("b")}}, []string{"b-0"}},
		{"oldest first", storage.LogFilter{Patients: []fhir.Ref{logPatient("a")}, Ascending: true}, []string{"a-0", "a-1", "a-5"}},
		{"another's id", storage.LogFilter{Patients: []fhir.Ref{logPatient("a")}, ID: "b-0"}, []string{}},
	} {
		got := findLog(t, s, c.f)
		have := recordIDs(got.Records)
		if c.name == "everyone" { // two records have the same time
			slices.Sort(have)
			slices.Sort(c.want)
		}
		if !slices.Equal(have, c.want) || got.Total != len(c.want) {
			t.Errorf("%s: %v, total %d, want %v", c.name, have, got.Total, c.want)
		}
	}
}

func logFilters(t *testing.T, db LogDatabase) {
	s := openLog(t, db)
	plain := logEvent("a", 0)
	rich := logEvent("a", 1)
	rich.Action, rich.Subtype, rich.Outcome = "E", "search", audit.Denied
	rich.Organization, rich.Role, rich.User = "org", "01.015", fhir.Ref{Type: "Practitioner", ID: "gp"}
	rich.Purpose, rich.Policy = []string{"TREAT", "BTG"}, []string{"Consent/c1/_history/2", "urn:implicit"}
	noError(t, s.Log.Append(context.Background(), []audit.Record{plain}))
	noError(t, s.Write(context.Background(), []audit.Record{rich}))

	denied, success := audit.Denied, audit.Success
	at := rich.Recorded
	for name, c := range map[string]struct {
		set  func(*storage.LogFilter)
		want []string
	}{
		"action":             {func(f *storage.LogFilter) { f.Action = "E" }, []string{"a-1"}},
		"agent, a user":      {func(f *storage.LogFilter) { f.Agent = "gp" }, []string{"a-1"}},
		"agent, its holder":  {func(f *storage.LogFilter) { f.Agent = "org" }, []string{"a-1"}},
		"agent, neither":     {func(f *storage.LogFilter) { f.Agent = "a" }, []string{}},
		"another action":     {func(f *storage.LogFilter) { f.Action = "D" }, []string{}},
		"outcome":            {func(f *storage.LogFilter) { f.Outcome = &denied }, []string{"a-1"}},
		"outcome success":    {func(f *storage.LogFilter) { f.Outcome = &success }, []string{"a-0"}},
		"organization":       {func(f *storage.LogFilter) { f.Organization = "org" }, []string{"a-1"}},
		"organization, part": {func(f *storage.LogFilter) { f.Organization = "or" }, []string{}},
		"role is no org":     {func(f *storage.LogFilter) { f.Role = "org" }, []string{}},
		"role":               {func(f *storage.LogFilter) { f.Role = "01.015" }, []string{"a-1"}},
		"user":               {func(f *storage.LogFilter) { f.User = fhir.Ref{Type: "Practitioner", ID: "gp"} }, []string{"a-1"}},
		"purpose":            {func(f *storage.LogFilter) { f.Purpose = "BTG" }, []string{"a-1"}},
		"policy":             {func(f *storage.LogFilter) { f.Policy = "Consent/c1" }, []string{"a-1"}},
		"policy by URI":      {func(f *storage.LogFilter) { f.Policy = "urn:implicit" }, []string{"a-1"}},
		"another policy":     {func(f *storage.LogFilter) { f.Policy = "Consent/c2" }, []string{}},
		"id":                 {func(f *storage.LogFilter) { f.ID = "a-0" }, []string{"a-0"}},
		"from":               {func(f *storage.LogFilter) { f.From = at }, []string{"a-1"}},
		"from just after":    {func(f *storage.LogFilter) { f.From = at.Add(time.Microsecond) }, []string{}},
		"to":                 {func(f *storage.LogFilter) { f.To = at }, []string{"a-0"}},
		"to just after":      {func(f *storage.LogFilter) { f.To = at.Add(time.Millisecond) }, []string{"a-1", "a-0"}},
		"both":               {func(f *storage.LogFilter) { f.Action, f.Role = "E", "01.015" }, []string{"a-1"}},
		"contradiction":      {func(f *storage.LogFilter) { f.Action, f.ID = "E", "a-0" }, []string{}},
	} {
		f := aboutPerson("a")
		c.set(&f)
		if got := findLog(t, s, f); !slices.Equal(recordIDs(got.Records), c.want) || got.Total != len(c.want) {
			t.Errorf("%s: %v, total %d, want %v", name, recordIDs(got.Records), got.Total, c.want)
		}
		f.CountOnly = true
		if got := findLog(t, s, f); got.Total != len(c.want) || got.Records != nil {
			t.Errorf("%s, count only: %+v", name, got)
		}
	}
	f := aboutPerson("a")
	if f.Uncounted = true; findLog(t, s, f).Total != -1 {
		t.Error("counted all the same")
	}
}

func logPages(t *testing.T, db LogDatabase) {
	s := openLog(t, db)
	var want []string
	for n := range 23 {
		r := logEvent("a", n/4) // several of the same time, in both files
		r.ID = fmt.Sprintf("e%02d", n)
		want = append(want, r.ID)
		if n%3 == 0 {
			noError(t, s.Write(context.Background(), []audit.Record{r}))
		} else {
			noError(t, s.Log.Append(context.Background(), []audit.Record{r}))
		}
	}
	for _, ascending := range []bool{false, true} {
		for _, size := range []int{1, 4, 5, 23, 50} {
			var got []string
			f := aboutPerson("a")
			f.Count, f.Ascending = size, ascending
			for page := (storage.LogPage{Next: "-"}); page.Next != ""; f.After = page.Next {
				page = findLog(t, s, f)
				if got = append(got, recordIDs(page.Records)...); page.Total != 23 || len(page.Records) > size || len(got) > 23 {
					t.Fatalf("size %d: a page of %d, total %d, %d so far", size, len(page.Records), page.Total, len(got))
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("size %d, ascending %v: %v", size, ascending, got)
			}
		}
	}
	for _, bad := range []string{"x", "1", "1.2", "1.2.3.4", " 1.2.3", "01.2.3"} {
		f := aboutPerson("a")
		f.After = bad
		if _, err := s.Log.Find(context.Background(), f); fhir.KindOf(err) != fhir.Invalid {
			t.Errorf("After %q: %v", bad, err)
		}
	}
}

// Newer records that arrive between two pages neither hide nor repeat older
// ones.
func logPagesWhileWriting(t *testing.T, db LogDatabase) {
	s := openLog(t, db)
	noError(t, s.Log.Append(context.Background(), logEvents("a", 11)))
	var got []string
	f := aboutPerson("a")
	f.Count = 3
	for page, n := (storage.LogPage{Next: "-"}), 11; page.Next != ""; f.After, n = page.Next, n+1 {
		page = findLog(t, s, f)
		got = append(got, recordIDs(page.Records)...)
		noError(t, s.Log.Append(context.Background(), []audit.Record{logEvent("a", n)}))
	}
	if want := recordIDs(logEvents("a", 11)); len(got) != len(want) {
		t.Errorf("%v", got)
	} else if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("%v", got)
	}
}

// All records of a call are kept, or none.
func logRefuses(t *testing.T, db LogDatabase) {
	s := openLog(t, db)
	bad := logEvent("a", 1)
	bad.Action = ""
	for name, write := range map[string]func(context.Context, []audit.Record) error{"Append": s.Log.Append, "Write": s.Write} {
		if err := write(context.Background(), []audit.Record{logEvent("a", 0), bad}); err == nil {
			t.Errorf("%s took a record without action", name)
		}
		if err := write(context.Background(), nil); err != nil {
			t.Errorf("%s of nothing: %v", name, err)
		}
	}
	if got := findLog(t, s, aboutPerson("a")); got.Total != 0 {
		t.Errorf("%d were kept", got.Total)
	}
}

func logFailsClosed(t *testing.T, db LogDatabase) {
	s := db.Open(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Log.Append(ctx, logEvents("a", 1)); err == nil {
		t.Error("appended for a caller who had gone")
	}
	noError(t, s.Close())
	if err := s.Log.Append(context.Background(), logEvents("a", 1)); err == nil {
		t.Error("a closed log took a record")
	}
}

func logFields(t *testing.T, db LogDatabase) {
	s := openLog(t, db)
	r := audit.Record{
		ID: "mzxw6ytboi2gk3tpmvxgk4tbmr", Recorded: logTime.Add(123 * time.Millisecond), Action: "E", Subtype: "search", Outcome: audit.Failed, Reason: "why",
		Patient: logPatient("a"), Data: []fhir.Ref{{Type: "Observation"}, {Type: "Condition", ID: "c", Version: 9}}, Query: "GET /fhir/Observation?x=\x00€%FF", Custodian: []string{"h1", "h2"},
		Client: "c", JTI: "6ba7b810-9dad-41d1-80b4-00c04fd430c8", User: fhir.Ref{Type: "Practitioner", ID: "u"}, Organization: "o", Role: "r", Responsible: fhir.Ref{Type: "Practitioner", ID: "v"},
		Purpose: []string{"TREAT", "X"}, Network: "2001:db8::1", Request: "q", Policy: []string{"Consent/c/_history/1"}, Authorised: true, Relation: true, Consent: true, Emergency: true, Feed: "f", PatientsOwn: true,
	}
	noError(t, s.Log.Append(context.Background(), []audit.Record{r}))
	got := findLog(t, s, aboutPerson("a"))
	if len(got.Records) != 1 || !bytes.Equal(got.Records[0].Canonical(), r.Canonical()) {
		t.Errorf("\n got %+v\nwant %+v", got.Records, r)
	}
}
