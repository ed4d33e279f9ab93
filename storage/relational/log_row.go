package relational

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"sluis/audit"
	"sluis/fhir"
	"sluis/storage"
)

// eventTable holds the records. The database numbers them.
var eventTable = &Table{
	Name:    "audit_event",
	Columns: columns("recorded", "bigint", "id", "bigint", "patient", "bigint", "leaf", "bytea", "terms", "bytea", "body", "bytea"),
}

// What a record is found by. A term is eight bytes of a hash of the field and
// its value; a record's terms stand one after another in one column.
const (
	actionTerm       = "action"
	outcomeTerm      = "outcome"
	organizationTerm = "organization"
	userTerm         = "user"
	roleTerm         = "role"
	purposeTerm      = "purpose"
	policyTerm       = "policy"
)

// term is the key of a value of a field. Values are chosen by the server or by
// the law, and 64 bits leave no room for one made to pass for another person's.
func term(field, value string) []byte {
	sum := sha256.Sum256([]byte(field + "\x00" + value))
	return sum[:8]
}

func numberOf(term []byte) int64 { return int64(binary.BigEndian.Uint64(term)) }

func eventKey(id string) int64 { return numberOf(term("id", id)) }

// patientKey is the key of a Patient; 0 is nobody.
func patientKey(r fhir.Ref) int64 {
	if r.IsZero() {
		return 0
	}
	return numberOf(term("patient", r.ID))
}

// eventRows are records as rows of eventTable. A record that cannot be kept, or
// read back as it is, is refused here, before it can hold up others.
func eventRows(records []audit.Record) ([][]any, error) {
	rows := make([][]any, len(records))
	for i, r := range records {
		if err := r.Validate(); err != nil {
			return nil, fmt.Errorf("storage: a record cannot be kept: %w", err)
		}
		leaf := audit.Leaf(r.Canonical())
		rows[i] = []any{r.Recorded.UnixMilli(), eventKey(r.ID), patientKey(r.Patient), leaf[:], terms(r), r.Compact()}
	}
	return rows, nil
}

func terms(r audit.Record) []byte {
	out := append(term(actionTerm, r.Action), term(outcomeTerm, outcomeText(r.Outcome))...)
	for _, t := range []struct{ field, value string }{
		{organizationTerm, r.Organization}, {userTerm, r.User.Latest().String()}, {roleTerm, r.Role},
	} {
		if t.value != "" {
			out = append(out, term(t.field, t.value)...)
		}
	}
	for _, p := range r.Purpose {
		out = append(out, term(purposeTerm, p)...)
	}
	for _, p := range r.Policy {
		out = append(out, term(policyTerm, latest(p))...)
	}
	return out
}

// latest drops the version of a reference; a URI stays as it is.
func latest(policy string) string {
	if ref, ok := fhir.ParseRef(policy); ok {
		return ref.Latest().String()
	}
	return policy
}

func outcomeText(o audit.Outcome) string { return fmt.Sprint(int(o)) }

// agents are the terms of which a record of an agent of that id has one.
func agents(id string) [][]byte {
	out := [][]byte{term(organizationTerm, id)}
	for _, user := range []string{"Practitioner", "PractitionerRole", "Patient", "RelatedPerson", "Device"} {
		out = append(out, term(userTerm, fhir.Ref{Type: user, ID: id}.String()))
	}
	return out
}

// wanted are the terms that a record must have for the filter.
func wanted(f storage.LogFilter) (out [][]byte) {
	add := func(field, value string) {
		if value != "" {
			out = append(out, term(field, value))
		}
	}
	add(actionTerm, f.Action)
	if f.Outcome != nil {
		add(outcomeTerm, outcomeText(*f.Outcome))
	}
	add(organizationTerm, f.Organization)
	add(userTerm, f.User.Latest().String())
	add(roleTerm, f.Role)
	add(purposeTerm, f.Purpose)
	add(policyTerm, latest(f.Policy))
	return out
}
