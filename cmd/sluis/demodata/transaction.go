package demodata

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/url"
)

// DirectoryTransaction is the FHIR transaction with the practitioners of a
// custodian and their roles. The Organization itself, Organization/<id>, is the
// server's.
func (d Data) DirectoryTransaction(c Custodian) []byte {
	s := d.transactions(c)
	var records []record
	for _, p := range d.Practitioners {
		if p.Custodian == c.ID {
			records = append(records, s.staff(p)...)
		}
	}
	return s.bundle(records)
}

// HospitalTransaction is the FHIR transaction with all that the hospital keeps
// of a patient. Every entry is a conditional create on an identifier, so that a
// second delivery changes nothing.
func (d Data) HospitalTransaction(p Patient) []byte { return d.chartTransaction(p, p.Hospital) }

// PracticeTransaction is the same of the practice.
func (d Data) PracticeTransaction(p Patient) []byte { return d.chartTransaction(p, p.Practice) }

func (d Data) chartTransaction(p Patient, c Chart) []byte {
	s := d.transactions(c.Custodian)
	var records []record
	for _, practitioner := range c.Team {
		records = append(records, s.staff(practitioner)...)
	}
	return s.bundle(append(records, s.chart(p, c)...))
}

// transactions is a scribe that links by urn:uuid.
func (d Data) transactions(c Custodian) scribe {
	return scribe{custodian: c, link: func(kind, key string) string { return d.uuid(c, kind, key) }}
}

// uuid names a resource within a transaction: the same on every run, and
// different for each seed, custodian and resource (RFC 9562, version 8).
func (d Data) uuid(c Custodian, kind, key string) string {
	u := sha256.Sum256(fmt.Appendf(nil, "%d|%s|%s|%s", d.Seed, c.ID, kind, key))
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

func (s scribe) bundle(records []record) []byte {
	b := bundle{ResourceType: "Bundle", Type: "transaction"}
	for _, r := range records {
		match := "identifier=" + url.QueryEscape(r.id.System+"|"+r.id.Value)
		b.Entry = append(b.Entry, entry{s.link(r.kind, r.key), r.body, request{"POST", r.kind, match}})
	}
	return marshal(b)
}

// marshal cannot fail: the types here hold texts and well-formed numbers only.
func marshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
