package storagetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// staleAccess: after policy changed, no method answers by the old decision.
func staleAccess(f *fixture) {
	patient := f.create("Patient", patientBody)
	old := f.all()
	f.create("Consent", consent(patient), ruling("deny"))
	_, read := f.Read(f.ctx, old, patient)
	_, vread := f.Read(f.ctx, old, fhir.Ref{Type: "Patient", ID: patient.ID, Version: 1})
	_, search := f.Search(f.ctx, old, query.Query{Type: "Patient", Where: query.All{}})
	_, empty := f.Search(f.ctx, old, query.Query{Type: "Patient", Where: query.None{}})
	_, included := f.Search(f.ctx, old, f.parse("Observation", "_include", "Observation:subject"))
	_, count := f.Search(f.ctx, old, f.parse("Patient", "_summary", "count"))
	_, past := f.History(f.ctx, old, storage.HistoryQuery{})
	for name, err := range map[string]error{
		"read": read, "vread": vread, "search": search, "empty search": empty, "include": included, "count": count, "history": past,
		"apply":    f.tryApply(f.change("Patient", patientBody, under(old))),
		"subjects": f.tryApply(f.change("Patient", patientBody, func(c *storage.Change) { c.Subjects = old })),
	} {
		if !errors.Is(err, storage.ErrStale) {
			f.Errorf("%s: %v", name, err)
		}
	}
}

func consent(patient fhir.Ref) string {
	return `{"resourceType":"Consent","status":"active","scope":{"text":"privacy"},"category":[{"text":"x"}],"patient":{"reference":"` + patient.String() + `"}}`
}

func careTeam(patient fhir.Ref) string {
	return `{"resourceType":"CareTeam","status":"active","subject":{"reference":"` + patient.String() + `"}}`
}

func related(r storage.Relation) func(*storage.Change) {
	return func(c *storage.Change) { c.Policy.Relations = []storage.Relation{r} }
}

// versionGrows: with every policy input that comes or goes, and with nothing
// else.
func versionGrows(f *fixture) {
	step := func(name string, grows bool, do func()) {
		f.Helper()
		before := f.version()
		do()
		if after := f.version(); (after > before) != grows {
			f.Errorf("%s: version %d, then %d", name, before, after)
		}
	}
	var patient, team fhir.Ref
	dr := fhir.Ref{Type: "Practitioner", ID: "dr"}
	step("a Patient", false, func() { patient = f.create("Patient", patientBody, identified("1")) })
	step("a Patient of the same person", true, func() { f.create("Patient", patientBody, identified("1"), by(there)) })
	step("an Observation", false, func() { f.create("Observation", observation(patient)) })
	step("a relation", true, func() { team = f.create("CareTeam", careTeam(patient), related(storage.Relation{Party: dr})) })
	step("a relation dropped", true, func() { f.update(team, careTeam(patient)) })
	step("a CareTeam without one", false, func() { f.update(team, careTeam(patient)) })
	step("rules", true, func() { f.create("Consent", consent(patient), ruling("x")) })
	step("a member", true, func() {
		f.create("Organization", `{"resourceType":"Organization","name":"C"}`, func(c *storage.Change) {
			c.Policy.Members = []storage.Member{{Member: dr, Of: fhir.Ref{Type: "Organization", ID: here}}}
		})
	})
	step("a representative", true, func() {
		f.create("RelatedPerson", relatedPerson(patient), func(c *storage.Change) { c.Policy.Represents = &storage.Period{} })
	})
	step("persons parted", true, func() { f.update(patient, patientBody, identified("2")) })
	step("a new custodian", true, func() { f.create("Patient", patientBody, by("org-c")) })
	step("a refused change", false, func() {
		wantKind(f, f.tryApply(f.change("Consent", consent(patient), ruling("y"), under(storage.Access{}))), fhir.Forbidden)
	})
}

func relatedPerson(patient fhir.Ref) string {
	return `{"resourceType":"RelatedPerson","patient":{"reference":"` + patient.String() + `"}}`
}

// linked lists the Patients of the person of a resource.
func (f *fixture) linked(ref fhir.Ref) []string {
	f.Helper()
	list, err := f.Standings(f.ctx, []fhir.Ref{ref}, query.Related{})
	if err != nil || len(list) != 1 {
		f.Fatalf("standings of %s: %v, %v", ref, list, err)
	}
	var out []string
	for _, p := range list[0].Linked {
		out = append(out, p.String())
	}
	return out
}

// persons: Patients that share a number are one person, by way of others too;
// everything about them follows when they are joined and when they part.
func persons(f *fixture) {
	a := f.create("Patient", patientBody, identified("1"))
	b := f.create("Patient", patientBody, identified("2"), by(there))
	about := f.create("Observation", observation(b), by(there))
	f.create("Consent", consent(b), ruling("rule"))
	dr := fhir.Ref{Type: "Practitioner", ID: "dr"}
	f.create("CareTeam", careTeam(b), related(storage.Relation{Party: dr}))
	mother := f.create("RelatedPerson", relatedPerson(b), func(c *storage.Change) { c.Policy.Represents = &storage.Period{} })
	self := query.Subjects{X: query.Person{Patients: []fhir.Ref{a}}}
	if f.sees(f.permit(self), about) || len(f.linked(b)) != 1 {
		f.Fatal("linked without a common number")
	}
	bridge := f.create("Patient", patientBody, identified("1"), identified("2"))
	all := []string{a.String(), b.String(), bridge.String()}
	if got := f.linked(about); !same(got, all) {
		f.Errorf("joined: %v", got)
	}
	if !f.sees(f.permit(self), about) {
		f.Error("the person does not see what is about a linked Patient")
	}
	treats := query.Related{Custodian: here, Parties: []fhir.Ref{dr}, At: now}
	list, err := f.Standings(f.ctx, []fhir.Ref{a}, treats)
	if err != nil || list[0].Shape == 0 || len(list[0].Consents) != 1 || !list[0].Related || !same(list[0].Holders, []string{here, there}) {
		f.Errorf("a consent or relation does not reach the linked Patient: %+v, %v", list, err)
	}
	known, _, err := f.Policy(f.ctx, storage.Actor{User: mother, At: now})
	if err != nil || !same(refs(known.Patients), all) {
		f.Errorf("the representative of one does not stand for all: %v, %v", known.Patients, err)
	}
	f.update(bridge, patientBody, identified("2"))
	if got := f.linked(about); !same(got, []string{b.String(), bridge.String()}) {
		f.Errorf("parted: %v", got)
	}
	if f.sees(f.permit(self), about) {
		f.Error("the person sees what is about a Patient no longer linked")
	}
	if list, err := f.Standings(f.ctx, []fhir.Ref{a}, treats); err != nil || list[0].Shape != 0 || list[0].Related {
		f.Errorf("a consent or relation still reaches the Patient that parted: %+v, %v", list, err)
	}
	if list, err := f.Standings(f.ctx, []fhir.Ref{bridge}, treats); err != nil || list[0].Shape == 0 || !list[0].Related {
		f.Errorf("a consent or relation was lost: %+v, %v", list, err)
	}
	f.delete(b, by(there))
	if got := f.linked(about); !same(got, []string{b.String(), bridge.String()}) {
		f.Errorf("a deleted Patient lost its person: %v", got)
	}
	f.linkAtOnce()
}

// linkAtOnce: Patients of one number that arrive at the same time are one person.
func (f *fixture) linkAtOnce() {
	f.raceAll(8, func(int) error {
		return f.decideAgain(func() error { return f.tryApply(f.change("Patient", patientBody, identified("9"))) })
	})
	_, _, page := f.search(f.all(), query.Query{Type: "Patient", Where: query.All{}, Count: 100})
	if n := len(page.Persons); n != 3 {
		f.Errorf("%d persons, want three: those of 1, 2 and 9", n)
	}
}

// shapes: equal sets of rules are one shape, in any order and from any number
// of consents; consents are told in the order of the rules, with versions.
func shapes(f *fixture) {
	one, two, three := f.create("Patient", patientBody), f.create("Patient", patientBody), f.create("Patient", patientBody)
	f.create("Consent", consent(one), ruling("b"))
	second := f.create("Consent", consent(one), ruling("a"))
	f.create("Consent", consent(two), ruling("a"))
	third := f.create("Consent", consent(two), ruling("b"))
	f.update(second, consent(one), ruling("a"))
	shape := func(ref fhir.Ref) storage.Standing {
		page, err := f.Read(f.ctx, f.all(), ref)
		if err != nil || len(page.Persons) != 1 {
			f.Fatalf("read of %s: %+v, %v", ref, page.Persons, err)
		}
		return page.Persons[0]
	}
	known, _, err := f.Policy(f.ctx, storage.Actor{At: now})
	if err != nil || len(known.Shapes) != 1 || !slices.EqualFunc(known.Shapes[0].Rules, [][]byte{[]byte("a"), []byte("b")}, bytes.Equal) {
		f.Fatalf("shapes %v, %v", known.Shapes, err)
	}
	s := shape(one)
	if s.Shape != known.Shapes[0].ID || shape(two).Shape != s.Shape || shape(three).Shape != 0 {
		f.Errorf("shapes %d, %d, %d of %v", s.Shape, shape(two).Shape, shape(three).Shape, known.Shapes)
	}
	if len(s.Consents) != 2 || s.Consents[0] != (fhir.Ref{Type: "Consent", ID: second.ID, Version: 2}) {
		f.Errorf("consents %v, want first %s at version 2", s.Consents, second)
	}
	withShape := f.permit(query.Subjects{X: query.Shape{IDs: []int64{s.Shape}}})
	without := f.permit(query.Subjects{X: query.Shape{IDs: []int64{0}}})
	if !f.sees(withShape, one) || f.sees(withShape, three) || f.sees(without, one) || !f.sees(without, three) {
		f.Error("Shape holds for others than those who have it")
	}
	f.delete(third)
	if now := shape(two); now.Shape == s.Shape || now.Shape == 0 || len(now.Consents) != 1 {
		f.Errorf("after a consent was deleted: %+v", now)
	}
	f.update(second, consent(three), ruling("a"))
	if shape(three).Shape == 0 || shape(one).Shape == s.Shape {
		f.Error("a consent that changed its patient did not change the shapes of both")
	}
}

// facts: edges lead upwards where the group's own custodian states them, within
// their periods.
func facts(f *fixture) {
	dr := fhir.Ref{Type: "Practitioner", ID: "dr"}
	role, unit := newID(), newID()
	org := func(id string) fhir.Ref { return fhir.Ref{Type: "Organization", ID: id} }
	member := func(edges ...storage.Member) func(*storage.Change) {
		return func(c *storage.Change) { c.Policy.Members = edges }
	}
	f.create("Organization", `{"resourceType":"Organization","name":"unit"}`, withID(unit), member(storage.Member{Member: org(unit), Of: org(here)}))
	practises := fhir.Ref{Type: "PractitionerRole", ID: role}
	f.create("PractitionerRole", `{"resourceType":"PractitionerRole","active":true}`, withID(role),
		member(storage.Member{Member: dr, Of: practises}, storage.Member{Member: practises, Of: org(unit)}))
	// Another custodian cannot make the practitioner a member of ours, nor an
	// edge that is over.
	ours := f.create("Organization", `{"resourceType":"Organization","name":"ours"}`)
	f.create("PractitionerRole", `{"resourceType":"PractitionerRole"}`, by(there), member(storage.Member{Member: dr, Of: ours}))
	f.create("PractitionerRole", `{"resourceType":"PractitionerRole"}`, by(there),
		member(storage.Member{Member: dr, Of: org(there), Period: storage.Period{End: now.Add(-time.Hour)}}))

	known, _, err := f.Policy(f.ctx, storage.Actor{User: dr, Organization: unit, At: now})
	if err != nil {
		f.Fatal(err)
	}
	if got, want := refs(known.Parties), []string{dr.String(), practises.String(), org(unit).String(), org(here).String()}; !same(got, want) {
		f.Errorf("parties %v, want %v", got, want)
	}
	if a := known.Ancestors[here]; len(a) != 1 || a[0] != here || len(known.Ancestors[there]) != 1 {
		f.Errorf("ancestors %v", known.Ancestors)
	}
	f.create("Patient", patientBody, by(unit))
	known, _, err = f.Policy(f.ctx, storage.Actor{At: now})
	if err != nil || !slices.Equal(known.Ancestors[unit], []string{unit, here}) || len(known.Parties) > 0 {
		f.Errorf("ancestors of the unit %v, parties of nobody %v, %v", known.Ancestors[unit], known.Parties, err)
	}
	f.ownPatients()
}

func refs(list []fhir.Ref) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.String()
	}
	return out
}

// ownPatients: of a Patient, every linked one; of a RelatedPerson, those it
// represents now.
func (f *fixture) ownPatients() {
	mine := f.create("Patient", patientBody, identified("1"))
	theirs := f.create("Patient", patientBody, identified("1"), by(there))
	period := func(p storage.Period) func(*storage.Change) {
		return func(c *storage.Change) { c.Policy.Represents = &p }
	}
	mother := f.create("RelatedPerson", relatedPerson(mine), period(storage.Period{End: now}))
	former := f.create("RelatedPerson", relatedPerson(mine), period(storage.Period{End: now.Add(-time.Second)}))
	both := []string{mine.String(), theirs.String()}
	for user, want := range map[fhir.Ref][]string{
		mine: both, theirs: both, mother: both, former: nil, {Type: "Patient", ID: "nobody"}: nil, {Type: "Practitioner", ID: mine.ID}: nil,
	} {
		known, _, err := f.Policy(f.ctx, storage.Actor{User: user, At: now})
		if err != nil || !same(refs(known.Patients), want) {
			f.Errorf("patients of %s: %v, want %v, %v", user, known.Patients, want, err)
		}
	}
	f.delete(mother)
	if known, _, err := f.Policy(f.ctx, storage.Actor{User: mother, At: now}); err != nil || len(known.Patients) > 0 {
		f.Errorf("a deleted RelatedPerson represents %v, %v", known.Patients, err)
	}
}

// standings: persons of any refs, each once, with the relation asked for.
func standings(f *fixture) {
	dr := fhir.Ref{Type: "Practitioner", ID: "dr"}
	a := f.create("Patient", patientBody, identified("1"))
	b := f.create("Patient", patientBody, identified("1"), by(there))
	other := f.create("Patient", patientBody)
	about := f.create("Observation", observation(b))
	f.create("CareTeam", careTeam(a), related(storage.Relation{Party: dr, Period: storage.Period{Start: now, End: now}}))
	ask := func(rel query.Related, list ...fhir.Ref) string {
		got, err := f.Standings(f.ctx, list, rel)
		if err != nil {
			f.Fatal(err)
		}
		var out []string
		for _, s := range got {
			out = append(out, fmt.Sprintf("%s/%d/%t", s.Patient.ID, len(s.Linked), s.Related))
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	treats := query.Related{Custodian: here, Parties: []fhir.Ref{dr}, At: now}
	later := query.Related{Custodian: here, At: now.Add(time.Second)}
	for _, c := range [][2]string{
		{ask(treats, about), b.ID + "/2/true"},
		{ask(treats, a, about, b), a.ID + "/2/true"},
		{ask(later, b), b.ID + "/2/false"},
		{ask(query.Related{Custodian: there, At: now}, b), b.ID + "/2/false"},
		{ask(treats, other), other.ID + "/1/false"},
		{ask(treats, fhir.Ref{Type: "Patient", ID: "nobody"}, fhir.Ref{Type: "Organization", ID: here}), ""},
		{ask(treats), ""},
	} {
		if c[0] != c[1] {
			f.Errorf("standings %q, want %q", c[0], c[1])
		}
	}
}
