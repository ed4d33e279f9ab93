package storagetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
	"sluis/storage"
)

// model is a population in memory beside the same one in the store.
type model struct {
	*fixture
	random    *rand.Rand
	resources []query.Resource

	patients   []fhir.Ref
	encounters []fhir.Ref
	number     map[fhir.Ref]string // of a Patient: who share it are one person
	relations  map[fhir.Ref][]query.Relation
	rules      map[fhir.Ref][][]byte
	shapes     []int64 // that persons have, 0 among them
}

const (
	loinc   = "http://loinc.org"
	secrecy = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
)

var (
	codes    = []string{"8867-4", "718-7", "2339-0"}
	labels   = []string{"N", "R", "V"}
	families = []string{"Jansen", "Janssens", "Müller", "de Vries"}
	parties  = []fhir.Ref{{Type: "Practitioner", ID: "dr-a"}, {Type: "Practitioner", ID: "dr-b"}, {Type: "Organization", ID: here}}
	ruleSets = []string{"deny-all", "permit-some"}
)

// newModel fills the store with people of two custodians, some of them linked,
// their observations, consents and treatment relations.
func newModel(f *fixture) *model {
	seed := rand.Uint64()
	f.Logf("seed %d", seed)
	m := &model{
		fixture: f, random: rand.New(rand.NewPCG(seed, 1)),
		number: map[fhir.Ref]string{}, relations: map[fhir.Ref][]query.Relation{}, rules: map[fhir.Ref][][]byte{},
	}
	m.addOrganizations()
	for i := range 8 {
		m.addPatient(i)
	}
	for range 3 {
		m.addEncounter()
	}
	for range 24 {
		m.addObservation()
	}
	for range 3 {
		m.addProvenance()
	}
	for range 5 {
		m.addCareTeam()
		m.addConsent()
	}
	m.learnSubjects()
	return m
}

func pick[T any](m *model, from []T) T { return from[m.random.IntN(len(from))] }

func (m *model) custodian() string { return pick(m, []string{here, there}) }

// addOrganizations remembers those that every fixture has.
func (m *model) addOrganizations() {
	_, _, page := m.search(m.all(), query.Query{Type: "Organization", Where: query.All{}})
	for _, e := range page.Entries {
		c := m.change("Organization", string(e.Resource.Body))
		m.resources = append(m.resources, query.Resource{
			Type: "Organization", ID: e.Resource.ID, Custodian: e.Custodian, Updated: e.Resource.Updated, Entries: c.Entries,
		})
	}
}

// add writes a resource and remembers what the store was told.
func (m *model) add(kind, body string, options ...func(*storage.Change)) fhir.Ref {
	c := m.change(kind, body, append(options, by(m.custodian()))...)
	result := m.apply(c)[0]
	r := query.Resource{Type: kind, ID: c.ID, Custodian: c.Custodian, Updated: result.Resource.Updated, Entries: c.Entries}
	for _, l := range c.Labels {
		r.Labels = append(r.Labels, query.Coding{System: l.System, Code: l.Code})
	}
	ref := fhir.Ref{Type: kind, ID: c.ID}
	subjects := c.Entries.Subjects
	if c.Entries.IsPatient {
		subjects = []fhir.Ref{ref}
		m.number[ref] = c.Policy.Identities[0].Value
	}
	for _, s := range subjects {
		for _, rel := range c.Policy.Relations {
			m.relations[s] = append(m.relations[s], query.Relation{Custodian: c.Custodian, Party: rel.Party, Start: rel.Start, End: rel.End})
		}
		if c.Policy.Rules != nil {
			m.rules[s] = append(m.rules[s], c.Policy.Rules)
		}
	}
	m.resources = append(m.resources, r)
	return ref
}

func (m *model) addPatient(i int) {
	body := fmt.Sprintf(`{"resourceType":"Patient","active":%t,"birthDate":"19%02d-0%d","name":[{"family":%q,"given":["P%d"]}]}`,
		i%2 == 0, 40+m.random.IntN(50), 1+m.random.IntN(9), pick(m, families), i)
	// Six numbers for eight patients: some share one.
	m.patients = append(m.patients, m.add("Patient", body, identified(fmt.Sprint(i%6))))
}

func (m *model) addEncounter() {
	body := `{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"subject":{"reference":"` + pick(m, m.patients).String() + `"}}`
	m.encounters = append(m.encounters, m.add("Encounter", body))
}

func (m *model) addObservation() {
	more := []string{fmt.Sprintf(`"effectiveDateTime":"20%02d-0%d-1%d"`, 20+m.random.IntN(5), 1+m.random.IntN(9), m.random.IntN(9))}
	if m.random.IntN(2) == 0 {
		more = append(more, fmt.Sprintf(`"valueQuantity":{"value":%d.%d,"unit":"mmol/l","system":"http://unitsofmeasure.org","code":"mmol/L"}`, m.random.IntN(10), m.random.IntN(10)))
	}
	if m.random.IntN(3) == 0 {
		more = append(more, `"encounter":{"reference":"`+pick(m, m.encounters).String()+`"}`)
	}
	if m.random.IntN(3) == 0 {
		more = append(more, `"meta":{"profile":["http://example.org/vital"],"security":[{"system":"`+secrecy+`","code":"`+pick(m, labels)+`"}]}`)
	}
	if m.random.IntN(3) > 0 {
		more = append(more, `"performer":[`+pick(m, authors)+`,`+pick(m, authors)+`]`)
	}
	body := fmt.Sprintf(`{"resourceType":"Observation","status":%q,"code":{"coding":[{"system":%q,"code":%q}]},"subject":{"reference":%q}`,
		pick(m, []string{"final", "amended"}), loinc, pick(m, codes), pick(m, m.patients).String())
	for _, s := range more {
		body += "," + s
	}
	var options []func(*storage.Change)
	if m.random.IntN(4) == 0 {
		options = append(options, labelled(secrecy, pick(m, labels)))
	}
	m.add("Observation", body+"}", options...)
}

// authors are references by which a resource may name who made it.
var authors = []string{
	`{"reference":"Practitioner/dr-a"}`, `{"reference":"Practitioner/dr-b"}`, `{"reference":"PractitionerRole/role"}`, `{"reference":"Organization/` + here + `"}`,
	`{"identifier":{"system":"http://agb","value":"1"}}`, `{"identifier":{"system":"http://agb","value":"2"}}`, `{"identifier":{"system":"http://big","value":"1"}}`,
	`{"reference":"Practitioner/dr-a","identifier":{"system":"http://agb","value":"2"}}`, `{"display":"a nurse"}`,
}

// addProvenance attests an observation: in an element without a parameter it
// refers to an encounter.
func (m *model) addProvenance() {
	target := m.resources[len(m.patients)+len(m.encounters)+m.random.IntN(20)]
	m.add("Provenance", `{"resourceType":"Provenance","target":[{"reference":"`+target.Type+"/"+target.ID+`"}],"recorded":"2026-01-01T00:00:00Z",`+
		`"reason":[{"extension":[{"url":"http://example.org/during","valueReference":{"reference":"`+pick(m, m.encounters).String()+`"}}]}],`+
		`"agent":[{"who":`+pick(m, authors)+`}]}`)
}

func (m *model) addCareTeam() {
	body := `{"resourceType":"CareTeam","status":"active","subject":{"reference":"` + pick(m, m.patients).String() + `"}}`
	relation := storage.Relation{Party: pick(m, parties)}
	if m.random.IntN(2) == 0 {
		relation.End = now.Add(time.Duration(m.random.IntN(5)-2) * time.Hour)
	}
	m.add("CareTeam", body, func(c *storage.Change) { c.Policy.Relations = []storage.Relation{relation} })
}

func (m *model) addConsent() {
	body := `{"resourceType":"Consent","status":"active","scope":{"text":"privacy"},"category":[{"text":"x"}],"patient":{"reference":"` +
		pick(m, m.patients).String() + `"}}`
	m.add("Consent", body, ruling(pick(m, ruleSets)))
}

// learnSubjects gives every resource its persons: the Patients with one number,
// their relations, and the shape that the store gave their rules.
func (m *model) learnSubjects() {
	known, _, err := m.Policy(m.ctx, storage.Actor{At: now})
	if err != nil {
		m.Fatal(err)
	}
	persons := map[string]query.Subject{}
	for _, p := range m.patients {
		s := persons[m.number[p]]
		s.Patients = append(s.Patients, p)
		s.Relations = append(s.Relations, m.relations[p]...)
		persons[m.number[p]] = s
	}
	for number, s := range persons {
		s.Shape = m.shapeOf(s, known.Shapes)
		persons[number] = s
		m.shapes = append(m.shapes, s.Shape)
	}
	slices.Sort(m.shapes)
	m.shapes = slices.Compact(append([]int64{0}, m.shapes...))
	for i := range m.resources {
		r := &m.resources[i]
		r.Referring = m.referring(fhir.Ref{Type: r.Type, ID: r.ID})
		named := r.Entries.Subjects
		if r.Entries.IsPatient {
			named = []fhir.Ref{{Type: r.Type, ID: r.ID}}
		}
		for _, p := range named {
			r.Subjects = append(r.Subjects, persons[m.number[p]])
		}
	}
}

// shapeOf finds the shape with exactly a person's rules.
func (m *model) shapeOf(s query.Subject, shapes []storage.Shape) int64 {
	var rules [][]byte
	for _, p := range s.Patients {
		rules = append(rules, m.rules[p]...)
	}
	if len(rules) == 0 {
		return 0
	}
	slices.SortFunc(rules, bytes.Compare)
	for _, shape := range shapes {
		if slices.EqualFunc(shape.Rules, rules, bytes.Equal) {
			return shape.ID
		}
	}
	m.Fatalf("no shape has the rules %q", rules)
	return 0
}

// referring lists what has an entry that names a resource.
func (m *model) referring(to fhir.Ref) func() []query.Resource {
	return func() []query.Resource {
		var out []query.Resource
		for _, r := range m.resources {
			if slices.ContainsFunc(r.Entries.References, func(e index.Reference) bool { return e.Type == to.Type && e.ID == to.ID }) {
				out = append(out, r)
			}
		}
		return out
	}
}

// find returns a resource of the population.
func (m *model) find(ref fhir.Ref) (query.Resource, bool) {
	i := slices.IndexFunc(m.resources, func(r query.Resource) bool { return r.Type == ref.Type && r.ID == ref.ID })
	if i < 0 {
		return query.Resource{}, false
	}
	return m.resources[i], true
}

// as is a resource as a caller with that access searches it: chains and links
// lead only to what the access shows.
func (m *model) as(access query.Expr, r query.Resource) query.Resource {
	visible := func(ref fhir.Ref) (query.Resource, bool) {
		target, ok := m.find(ref)
		return target, ok && query.Match(access, target)
	}
	r.Resolve = func(ref fhir.Ref) (query.Resource, bool) {
		target, ok := visible(ref)
		return m.as(access, target), ok
	}
	r.Linked = func(ref fhir.Ref) []fhir.Ref {
		if target, ok := visible(ref); ok {
			return target.Subjects[0].Patients
		}
		return nil
	}
	return r
}

// matches is the oracle: the references of what a search must find.
func (m *model) matches(access query.Expr, q query.Query) []string {
	var out []string
	for _, r := range m.resources {
		if (q.Type == "" || r.Type == q.Type) && query.Match(access, r) && query.Match(q.Where, m.as(access, r)) {
			out = append(out, r.Type+"/"+r.ID)
		}
	}
	return out
}
