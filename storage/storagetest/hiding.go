package storagetest

import (
	"fmt"
	"strings"
	"time"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// deleted: gone is said to those who could see it before; nobody finds it.
func deleted(f *fixture) {
	patient := f.create("Patient", patientBody)
	ref := f.create("Observation", observation(patient))
	encounter := f.create("Encounter", `{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"subject":{"reference":"`+patient.String()+`"}}`)
	linking := f.create("Observation", observation(patient, `"encounter":{"reference":"`+encounter.String()+`"}`))
	result := f.delete(ref)
	f.delete(encounter)
	if !result.Resource.Deleted || result.Resource.Version != 2 || result.Resource.Method != "DELETE" || len(result.Persons) != 1 {
		f.Errorf("result %+v", result)
	}
	subject := f.permit(query.Subjects{X: query.Person{Patients: []fhir.Ref{patient}}})
	coded := f.permit(query.Coded{Codings: []query.Coding{{System: loinc, Code: "8867-4"}}})
	for _, a := range []storage.Access{f.all(), subject, coded} {
		_, err := f.Read(f.ctx, a, ref)
		wantKind(f, err, fhir.Gone)
		_, err = f.Read(f.ctx, a, fhir.Ref{Type: ref.Type, ID: ref.ID, Version: 2})
		wantKind(f, err, fhir.Gone)
		if !f.sees(a, fhir.Ref{Type: ref.Type, ID: ref.ID, Version: 1}) {
			f.Error("the version before is hidden")
		}
	}
	stranger := f.permit(query.Subjects{X: query.Person{Patients: []fhir.Ref{f.create("Patient", patientBody)}}})
	if f.sees(stranger, ref) {
		f.Error("seen by a stranger")
	}
	wantKind(f, f.tryApply(f.deletion(ref, under(stranger))), fhir.NotFound)
	if again := f.apply(f.deletion(ref))[0]; !again.Unchanged || again.Resource.Version != 2 {
		f.Errorf("deleted twice: %+v", again)
	}
	found, included, _ := f.search(f.all(), f.parse("Observation", "_include", "Observation:encounter"))
	if !same(found, []string{linking.String()}) || len(included) > 0 {
		f.Errorf("found %v, included %v", found, included)
	}
	if found, _, _ := f.search(f.all(), f.parse("Observation", "encounter.class", "AMB")); len(found) > 0 {
		f.Errorf("a chain led through what is deleted to %v", found)
	}
}

// versions lists what a history shows, newest first, as id/version.
func (f *fixture) versions(a storage.Access, h storage.HistoryQuery) []string {
	f.Helper()
	var out []string
	for range 100 {
		page, err := f.History(f.ctx, a, h)
		if err != nil {
			f.Fatal(err)
		}
		for _, e := range page.Entries {
			out = append(out, fmt.Sprintf("%s/%d", e.Resource.Type, e.Resource.Version))
		}
		if page.Next == nil {
			return out
		}
		h.After = page.Next
	}
	f.Fatal("the history does not end")
	return nil
}

// history: newest first and whole, whatever the page; an older version is shown
// only to an access that is known to hold for it.
func history(f *fixture) {
	a, b := f.create("Patient", patientBody), f.create("Patient", patientBody)
	ref := f.create("Observation", observation(a))
	f.update(ref, observation(b)) // another subject
	f.update(ref, observation(b, `"note":[{"text":"x"}]`))
	f.update(ref, strings.Replace(observation(b), "8867-4", "718-7", 1)) // another code
	mine := storage.HistoryQuery{Type: ref.Type, ID: ref.ID, Count: 2}
	for _, c := range []struct {
		name   string
		access query.Expr
		want   string
	}{
		{"all", query.All{}, "4 3 2 1"},
		{"custodian", query.Or(query.Custodian{ID: here}, query.Coded{Codings: []query.Coding{{Code: "none"}}}), "4 3 2 1"},
		{"subject", query.Subjects{X: query.Person{Patients: []fhir.Ref{b}}}, "4"},
		{"former subject", query.Subjects{X: query.Person{Patients: []fhir.Ref{a}}}, ""},
		{"a deny that might hold", f.not(query.Coded{Codings: []query.Coding{{Code: "8867-4"}}}), "4"},
		{"compared", f.parse("Observation", "status", "final").Where, "4"},
	} {
		if c.want == "" {
			_, err := f.History(f.ctx, f.permit(c.access), mine)
			wantKind(f, err, fhir.NotFound)
			continue
		}
		got := strings.ReplaceAll(strings.Join(f.versions(f.permit(c.access), mine), " "), "Observation/", "")
		if got != c.want {
			f.Errorf("%s: versions %s, want %s", c.name, got, c.want)
		}
		for v := int64(1); v <= 4; v++ {
			shown := strings.Contains(" "+c.want+" ", fmt.Sprintf(" %d ", v))
			if f.sees(f.permit(c.access), fhir.Ref{Type: ref.Type, ID: ref.ID, Version: v}) != shown {
				f.Errorf("%s: read of version %d is not as in the history", c.name, v)
			}
		}
	}
	alike := f.create("Observation", observation(b))
	f.update(alike, observation(b, `"note":[{"text":"y"}]`))
	if got := f.versions(f.permit(query.Subjects{X: query.Person{Patients: []fhir.Ref{b}}}), storage.HistoryQuery{Type: "Observation", ID: alike.ID}); len(got) != 2 {
		f.Errorf("a version judged alike is hidden: %v", got)
	}
	f.historyOfAll(ref)
	c := f.change("Observation", observation(b), of(alike))
	if r, err := f.Apply(f.ctx, storage.Tx{Changes: []storage.Change{c}, At: now.Add(-time.Hour)}); err != nil || r[0].Resource.Updated.Before(now) {
		f.Errorf("a clock that was set back makes a version older than the one before: %v, %v", r, err)
	}
}

// historyOfAll: of a type and of everything, since a time.
func (f *fixture) historyOfAll(ref fhir.Ref) {
	all := f.all()
	c := f.deletion(ref)
	later := now.Add(time.Hour)
	if _, err := f.Apply(f.ctx, storage.Tx{Changes: []storage.Change{c}, At: later}); err != nil {
		f.Fatal(err)
	}
	if got := f.versions(all, storage.HistoryQuery{Since: later}); fmt.Sprint(got) != "[Observation/5]" {
		f.Errorf("since: %v", got)
	}
	whole := f.versions(all, storage.HistoryQuery{Count: 100})
	if paged := f.versions(all, storage.HistoryQuery{Count: 1}); fmt.Sprint(paged) != fmt.Sprint(whole) || whole[0] != "Observation/5" || len(whole) != 11 {
		f.Errorf("pages of everything %v, want %v", paged, whole)
	}
	if got := f.versions(all, storage.HistoryQuery{Type: "Patient"}); len(got) != 2 {
		f.Errorf("of a type: %v", got)
	}
	_, err := f.History(f.ctx, all, storage.HistoryQuery{Type: "Patient", ID: "nobody"})
	wantKind(f, err, fhir.NotFound)
	if page, err := f.History(f.ctx, all, storage.HistoryQuery{Type: ref.Type, ID: ref.ID, Since: later.Add(time.Hour)}); err != nil || len(page.Entries) > 0 {
		f.Errorf("since later: %v, %v", page.Entries, err)
	}
}

// labelsStick: an update takes away no added label, nor a received one without
// the right; _security finds the effective ones; bodies stay as they are.
func labelsStick(f *fixture) {
	body := func(code string) string {
		return `{"resourceType":"Patient","meta":{"security":[{"system":"` + secrecy + `","code":"` + code + `"}]}}`
	}
	ref := f.create("Patient", body("R"), labelled(secrecy, "ADDED"))
	effective := func(want ...string) {
		f.Helper()
		for _, code := range []string{"R", "N", "V", "ADDED"} {
			has := strings.Contains(" "+strings.Join(want, " ")+" ", " "+code+" ")
			if f.sees(f.permit(query.Labelled{Labels: []query.Coding{{System: secrecy, Code: code}}}), ref) != has {
				f.Errorf("label %s, want %t", code, has)
			}
			if found, _, _ := f.search(f.all(), f.parse("Patient", "_security", secrecy+"|"+code)); (len(found) == 1) != has {
				f.Errorf("_security=%s found %v, want %t", code, found, has)
			}
		}
	}
	effective("R", "ADDED")
	f.update(ref, body("N"))
	effective("R", "N", "ADDED")
	f.update(ref, body("V"), func(c *storage.Change) { c.LowerLabels = true })
	effective("R", "V", "ADDED") // R is an added one since it was kept; N was received
	result := f.update(ref, body("V"))
	if strings.Contains(string(result.Resource.Body), "ADDED") {
		f.Errorf("the body was altered: %s", result.Resource.Body)
	}
	effective("R", "V", "ADDED")
	f.delete(ref)
	f.update(ref, patientBody, upsert)
	effective("R", "V", "ADDED")
}

// subjects: a Patient that is not there and one that is not seen are refused in
// the same words; one made in the transaction, or there before, is not.
func subjects(f *fixture) {
	open := f.create("Patient", patientBody)
	hidden := f.create("Patient", patientBody)
	gone := f.create("Patient", patientBody)
	f.delete(gone)
	blind := f.permit(query.IDIs{IDs: []string{open.ID}})
	try := func(patient fhir.Ref) error {
		return f.tryApply(f.change("Observation", observation(patient), func(c *storage.Change) { c.Subjects = blind }))
	}
	if err := try(open); err != nil {
		f.Errorf("a visible patient: %v", err)
	}
	absent := fhir.Ref{Type: "Patient", ID: newID()}
	for _, p := range []fhir.Ref{hidden, gone, absent} {
		err := try(p)
		wantKind(f, err, fhir.Unprocessable)
		if strings.ReplaceAll(err.Error(), p.ID, "") != strings.ReplaceAll(try(absent).Error(), absent.ID, "") {
			f.Errorf("the message tells %s from one that is absent: %v", p, err)
		}
	}
	wantKind(f, f.tryApply(f.change("Observation", observation(gone))), fhir.Unprocessable) // under every access
	wantKind(f, f.tryApply(f.change("Observation", observation(open), func(c *storage.Change) { c.Subjects = storage.Access{} })), fhir.Unprocessable)
	ref := f.create("Observation", observation(hidden))
	f.update(ref, observation(hidden, `"note":[{"text":"x"}]`), func(c *storage.Change) { c.Subjects = blind })
	err := f.tryApply(f.change("Observation", observation(hidden), of(f.create("Observation", observation(open))), func(c *storage.Change) { c.Subjects = blind }))
	wantKind(f, err, fhir.Unprocessable)
}
