package relational

import (
	"encoding/json"
	"time"

	"sluis/fhir"
	"sluis/storage"
)

// pageColumns select a page's rows from e (the entries, found under the
// access), r (their resources), s, p and q (subject, patient and person). An
// entry of several subjects is several rows; one without is one row. The row
// of policy_version is always there, so that an empty page tells the version.
//
// %[1]s is the alias that has version, updated, method, deleted and body: e for
// a history, r for a search. %[2]s is an expression for the snapshot.
const pageColumns = `v.version, %[2]s, coalesce(e.rid, 0), coalesce(r.type, ''), coalesce(r.id, ''),
	coalesce(%[1]s.version, 0), coalesce(%[1]s.updated, 0), coalesce(%[1]s.method, ''), coalesce(%[1]s.deleted, FALSE),
	coalesce(r.custodian, ''), coalesce(%[1]s.body, ''),
	coalesce(s.person, 0), coalesce(p.id, ''), coalesce(q.shape, 0), coalesce(q.card, '')`

const pageJoins = `
	LEFT JOIN resource r ON r.rid = e.rid
	LEFT JOIN subject s ON s.rid = e.rid
	LEFT JOIN patient p ON p.rid = s.patient
	LEFT JOIN person q ON q.person = s.person`

// pageRow is one row of pageColumns.
type pageRow struct {
	policy, snapshot int64
	rid              int64
	resource         fhir.Resource
	updated          int64
	custodian        string
	subject          subjectRow
}

type subjectRow struct {
	person, shape int64
	patient, card string
}

func (p *pageRow) destinations(more ...any) []any {
	return append([]any{&p.policy, &p.snapshot, &p.rid, &p.resource.Type, &p.resource.ID,
		&p.resource.Version, &p.updated, &p.resource.Method, &p.resource.Deleted,
		&p.custodian, &p.resource.Body,
		&p.subject.person, &p.subject.patient, &p.subject.shape, &p.subject.card}, more...)
}

// pageBuilder collects rows into a Page.
type pageBuilder struct {
	page     storage.Page
	policy   int64
	snapshot int64
	rids     []int64 // of page.Entries, in step with it
	persons  map[int64]int
	seen     map[int64]bool // rids of a search: matches and includes
	bytes    int            // of all bodies
}

// maxPage is how many bytes the resources of one page may have together: it is
// complete in memory before it is recorded and sent. One resource alone may have
// more.
const maxPage = 64 << 20

func newPageBuilder() *pageBuilder {
	return &pageBuilder{page: storage.Page{Total: -1}, persons: map[int64]int{}, seen: map[int64]bool{}}
}

// add takes one row; it reports whether the row began a new entry. Rows of one
// entry follow each other.
func (b *pageBuilder) add(row *pageRow, included bool) (bool, error) {
	b.policy, b.snapshot = row.policy, row.snapshot
	if row.rid == 0 {
		return false, nil
	}
	last := len(b.rids) - 1
	fresh := last < 0 || b.rids[last] != row.rid || b.page.Entries[last].Resource.Version != row.resource.Version
	if fresh {
		if b.bytes += len(row.resource.Body); b.bytes > maxPage && last >= 0 {
			return false, fhir.NewError(fhir.TooLarge, "too-costly", "the resources of this page are too large together; ask for fewer at a time", "_count")
		}
		b.rids = append(b.rids, row.rid)
		b.seen[row.rid] = true
		b.page.Entries = append(b.page.Entries, row.entry(included))
		last++
	}
	if row.subject.person == 0 {
		return fresh, nil
	}
	at, err := b.person(row.subject)
	if err != nil {
		return fresh, err
	}
	e := &b.page.Entries[last]
	for _, have := range e.Persons {
		if have == at {
			return fresh, nil
		}
	}
	e.Persons = append(e.Persons, at)
	return fresh, nil
}

func (p *pageRow) entry(included bool) storage.Entry {
	r := p.resource
	r.Updated = time.UnixMicro(p.updated).UTC()
	if r.Deleted {
		r.Body = nil
	}
	return storage.Entry{Resource: r, Included: included, Custodian: p.custodian}
}

func (b *pageBuilder) person(s subjectRow) (int, error) {
	if at, ok := b.persons[s.person]; ok {
		return at, nil
	}
	standing, err := s.standing()
	if err != nil {
		return 0, err
	}
	b.persons[s.person] = len(b.page.Persons)
	b.page.Persons = append(b.page.Persons, standing)
	return len(b.page.Persons) - 1, nil
}

// card is what a person's Standing needs, kept with the person as JSON so that
// a page is one statement.
type card struct {
	Patients []cardPatient `json:"patients"`
	Consents []cardConsent `json:"consents,omitempty"` // in the order of the shape's rules
}

type cardPatient struct {
	ID        string `json:"id"`
	Custodian string `json:"custodian"`
}

type cardConsent struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	Version int64  `json:"version"`
}

func (c card) String() string {
	text, _ := json.Marshal(c) // strings and numbers only: it cannot fail
	return string(text)
}

func (s subjectRow) standing() (storage.Standing, error) {
	var c card
	if err := json.Unmarshal([]byte(s.card), &c); err != nil {
		return storage.Standing{}, err
	}
	out := storage.Standing{Patient: fhir.Ref{Type: patientType, ID: s.patient}, Shape: s.shape}
	held := map[string]bool{}
	for _, p := range c.Patients {
		out.Linked = append(out.Linked, fhir.Ref{Type: patientType, ID: p.ID})
		if !held[p.Custodian] {
			held[p.Custodian] = true
			out.Holders = append(out.Holders, p.Custodian)
		}
	}
	for _, k := range c.Consents {
		out.Consents = append(out.Consents, fhir.Ref{Type: k.Type, ID: k.ID, Version: k.Version})
	}
	return out, nil
}
