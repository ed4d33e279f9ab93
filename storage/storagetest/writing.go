package storagetest

import (
	"fmt"
	"strings"

	"sluis/audit"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// atomicity: a change that is refused, or a record that cannot be kept, undoes the
// changes before it and the inbox key.
func atomicity(f *fixture) {
	patient := f.create("Patient", patientBody)
	first := f.change("Observation", observation(patient))
	key := &storage.InboxKey{Source: "lab", Key: "1"}
	ghost := f.change("Observation", observation(patient), of(fhir.Ref{Type: "Observation", ID: "absent"}))
	_, err := f.Apply(f.ctx, storage.Tx{Changes: []storage.Change{first, ghost}, At: now, Inbox: key})
	wantKind(f, err, fhir.NotFound)
	unfit := func([]storage.Result) []audit.Record { return []audit.Record{{ID: "not fit"}} }
	if _, err := f.Apply(f.ctx, storage.Tx{Changes: []storage.Change{first}, At: now, Inbox: key, Records: unfit}); err == nil {
		f.Error("a record that cannot be kept was no error")
	}
	if f.sees(f.all(), fhir.Ref{Type: "Observation", ID: first.ID}) {
		f.Error("the first change stayed")
	}
	var told []storage.Result
	tx := storage.Tx{Changes: []storage.Change{first}, At: now, Inbox: key, Records: func(r []storage.Result) []audit.Record {
		told = r
		return nil
	}}
	if _, err := f.Apply(f.ctx, tx); err != nil {
		f.Fatalf("the inbox key stayed: %v", err)
	}
	if len(told) != 1 || told[0].Resource.ID != first.ID || len(told[0].Persons) != 1 || told[0].Custodian != here {
		f.Errorf("records were told %+v", told)
	}
}

func matching(x query.Expr) func(*storage.Change) {
	return func(c *storage.Change) { c.Match = x }
}

// conditionalChanges: a match stands for the resource, references follow it,
// several are refused, and only what the access and the custodian have counts.
func conditionalChanges(f *fixture) {
	number := func(n string) string {
		return `{"resourceType":"Patient","identifier":[{"system":"http://x","value":"` + n + `"}]}`
	}
	match := func(n string) func(*storage.Change) {
		return matching(f.parse("Patient", "identifier", "http://x|"+n).Where)
	}
	have := f.create("Patient", number("1"))
	create := f.change("Patient", number("1"), match("1"))
	results := f.apply(f.change("Observation", observation(fhir.Ref{Type: "Patient", ID: create.ID})), create)
	if !results[1].Unchanged || results[1].Resource.ID != have.ID || len(results[1].Persons) != 1 {
		f.Errorf("conditional create: %+v", results[1])
	}
	if body := string(results[0].Resource.Body); !strings.Contains(body, `"`+have.String()+`"`) {
		f.Errorf("the reference did not follow: %s", body)
	}
	if found, _, _ := f.search(f.all(), f.parse("Observation", "subject", have.String())); len(found) != 1 {
		f.Errorf("found %v by the reference that followed", found)
	}
	updated := f.apply(f.change("Patient", number("1"), match("1"), update))[0]
	if updated.Resource.ID != have.ID || updated.Resource.Version != 2 || updated.Created {
		f.Errorf("conditional update: %+v", updated.Resource)
	}
	made := f.apply(f.change("Patient", number("2"), match("2"), update))[0]
	if !made.Created || made.Resource.Version != 1 {
		f.Errorf("conditional update of none: %+v", made)
	}
	elsewhere := f.apply(f.change("Patient", number("1"), match("1"), by(there)))[0]
	if !elsewhere.Created {
		f.Error("another custodian's resource matched")
	}
	blind := f.apply(f.change("Patient", number("1"), match("1"), under(f.permit(f.not(query.IDIs{IDs: []string{have.ID}})))))[0]
	if !blind.Created {
		f.Error("a hidden resource matched")
	}
	wantKind(f, f.tryApply(f.change("Patient", number("1"), match("1"))), fhir.Precondition)
	gone := f.apply(f.deletion(fhir.Ref{Type: "Patient"}, match("2")))[0]
	none := f.apply(f.deletion(fhir.Ref{Type: "Patient"}, match("3")))[0]
	if gone.Resource.ID != made.Resource.ID || !gone.Resource.Deleted || none.Resource.ID != "" || !none.Unchanged {
		f.Errorf("conditional deletes: %+v, %+v", gone, none)
	}
}

func update(c *storage.Change) { c.Op = storage.Update }

// images: what the access hides, and what belongs to another custodian, is
// absent; what it does not reach may not be written.
func images(f *fixture) {
	ref := f.create("Patient", `{"resourceType":"Patient","active":true}`)
	foreign := f.create("Patient", patientBody, by(there))
	active := f.permit(f.parse("Patient", "active", "true").Where)
	inactive := f.permit(f.parse("Patient", "active", "false").Where)
	body := `{"resourceType":"Patient","active":false}`

	absent := f.tryApply(f.change("Patient", body, of(fhir.Ref{Type: "Patient", ID: "absent"}), under(inactive)))
	for name, err := range map[string]error{
		"absent":            absent,
		"hidden":            f.tryApply(f.change("Patient", body, of(ref), under(inactive))),
		"hidden, version":   f.tryApply(f.change("Patient", body, of(ref), under(inactive), func(c *storage.Change) { c.IfMatch = 7 })),
		"hidden, upsert":    f.tryApply(f.change("Patient", body, of(ref), under(inactive), upsert)),
		"hidden, delete":    f.tryApply(f.deletion(ref, under(inactive))),
		"another's":         f.tryApply(f.change("Patient", body, of(foreign))),
		"another's, delete": f.tryApply(f.deletion(foreign)),
	} {
		wantKind(f, err, fhir.NotFound)
		if err.Error() != absent.Error() {
			f.Errorf("%s: %q, absent: %q", name, err, absent)
		}
	}
	wantKind(f, f.tryApply(f.change("Patient", body, of(ref), under(active))), fhir.Forbidden)
	wantKind(f, f.tryApply(f.change("Patient", body, under(active))), fhir.Forbidden)
	page, err := f.Read(f.ctx, f.all(), ref)
	if err != nil || page.Entries[0].Resource.Version != 1 {
		f.Errorf("after what was refused: %+v, %v", page.Entries, err)
	}
	f.update(ref, `{"resourceType":"Patient","active":true,"gender":"other"}`, under(active))
	f.update(foreign, body, func(c *storage.Change) { c.AnyCustodian = true })
	if page, err := f.Read(f.ctx, f.all(), foreign); err != nil || page.Entries[0].Custodian != there {
		f.Errorf("the custodian changed: %+v, %v", page.Entries, err)
	}
	wantKind(f, f.tryApply(f.change("Patient", patientBody, withID(ref.ID))), fhir.Conflict)
	again := f.change("Patient", body, of(ref))
	wantKind(f, f.tryApply(again, again), fhir.Invalid)
}

func upsert(c *storage.Change) { c.Upsert = true }

// upserts: Update with Upsert creates with its id and brings back what was
// deleted; KeepSame leaves equal bytes alone.
func upserts(f *fixture) {
	ref := fhir.Ref{Type: "Patient", ID: "chosen"}
	keep := func(c *storage.Change) { c.Upsert, c.KeepSame = true, true }
	if r := f.update(ref, patientBody, keep); !r.Created || r.Resource.ID != "chosen" || r.Resource.Method != "PUT" {
		f.Errorf("made: %+v", r)
	}
	if r := f.update(ref, patientBody, keep); !r.Unchanged || r.Created || r.Resource.Version != 1 {
		f.Errorf("kept: %+v", r)
	}
	if r := f.update(ref, `{"resourceType":"Patient"}`, keep); r.Unchanged || r.Resource.Version != 2 {
		f.Errorf("changed: %+v", r)
	}
	f.delete(ref)
	if r := f.update(ref, patientBody); r.Resource.Version != 4 || !r.Created {
		f.Errorf("brought back: %+v", r)
	}
	if !f.sees(f.all(), ref) {
		f.Error("not there again")
	}
}

// manyChanges: a thousand resources about one new Patient commit together.
func manyChanges(f *fixture) {
	patient := f.change("Patient", patientBody, identified("1"))
	changes := make([]storage.Change, 1000)
	for i := range changes {
		changes[i] = f.change("Observation", observation(fhir.Ref{Type: "Patient", ID: patient.ID}, fmt.Sprintf(`"effectiveDateTime":"2024-01-01T00:%02d:%02dZ"`, i/60, i%60)),
			under(patient.Access))
		changes[i].Subjects = storage.Access{} // the Patient is made in the same transaction
	}
	results := f.apply(append(changes, patient)...)
	if len(results) != 1001 || results[0].Resource.ID != changes[0].ID || len(results[999].Persons) != 1 {
		f.Fatalf("%d results", len(results))
	}
	if _, _, page := f.search(f.all(), f.parse("Observation", "subject", "Patient/"+patient.ID, "_summary", "count")); page.Total != 1000 {
		f.Errorf("%d found", page.Total)
	}
}
