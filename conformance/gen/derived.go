package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// derivedSystem is a code system that R4 includes as a whole and does not
// define; what R4's published expansion or value set lists of it is all there
// is.
type derivedSystem struct {
	url, name, title string
	content          string // complete, or fragment where the publisher adds codes
	from             string // the value set
}

var derivedSystems = []derivedSystem{
	{"urn:iso:std:iso:4217", "Currencies", "ISO 4217 currency codes", "complete", "http://hl7.org/fhir/ValueSet/currencies"},
	{"urn:iso:std:iso:3166", "Countries", "ISO 3166-1 country codes, two letters", "complete", "http://hl7.org/fhir/ValueSet/iso3166-1-2"},
	{"http://hl7.org/fhir/sid/cvx", "CVX", "Vaccines administered (CVX)", "fragment", "http://hl7.org/fhir/ValueSet/vaccine-code"},
	{"urn:oid:1.2.36.1.2001.1005.17", "AIRVaccines", "Australian Immunisation Register vaccines", "fragment", "http://hl7.org/fhir/ValueSet/vaccine-code"},
	{"http://ihe.net/fhir/ValueSet/IHE.FormatCode.codesystem", "IHEFormatCodes", "IHE format codes", "fragment", "http://hl7.org/fhir/ValueSet/formatcodes"},
}

// listing is a ValueSet as far as it lists concepts.
type listing struct {
	URL     string
	Compose struct {
		Include []struct {
			System  string
			Concept []codeSystemConcept
		}
	}
	Expansion struct {
		Contains []struct{ System, Code, Display string }
	}
}

// pinned is a version that a value set of R4 asks for and R4 does not have: its
// own code system, as it was in a draft.
const (
	pinnedSet     = "http://hl7.org/fhir/ValueSet/task-code"
	pinnedVersion = `,"version":"3.6.0"`
)

// unpin takes that version out.
func (v *vocabulary) unpin() error {
	for i := range v.sets {
		s := &v.sets[i]
		if s.URL != pinnedSet {
			continue
		}
		var flat bytes.Buffer
		if err := json.Compact(&flat, s.Compose); err != nil {
			return err
		}
		if !bytes.Contains(flat.Bytes(), []byte(pinnedVersion)) {
			return fmt.Errorf("%s names no such version", pinnedSet)
		}
		s.Compose = bytes.Replace(flat.Bytes(), []byte(pinnedVersion), nil, 1)
		return nil
	}
	return fmt.Errorf("no value set %s", pinnedSet)
}

// derive adds the systems above, and the value sets that are published with
// their expansion alone.
func (v *vocabulary) derive(published []json.RawMessage) error {
	known := map[string]bool{}
	for _, s := range v.sets {
		known[s.URL] = true
	}
	lists := map[string]listing{}
	for _, raw := range published {
		var l listing
		if err := json.Unmarshal(raw, &l); err != nil {
			return err
		}
		lists[l.URL] = l
		if known[l.URL] {
			continue
		}
		if err := v.add(raw); err != nil {
			return err
		}
	}
	for _, s := range v.sets {
		if _, ok := lists[s.URL]; ok {
			continue
		}
		l := listing{URL: s.URL}
		if err := json.Unmarshal(s.Compose, &l.Compose); err != nil {
			return fmt.Errorf("%s: %w", s.URL, err)
		}
		lists[s.URL] = l
	}
	for _, d := range derivedSystems {
		if slices.ContainsFunc(v.systems, func(s codeSystem) bool { return s.URL == d.url }) {
			return fmt.Errorf("R4 defines %s itself", d.url)
		}
		concepts := lists[d.from].of(d.url)
		if len(concepts) == 0 {
			return fmt.Errorf("%s lists nothing of %s", d.from, d.url)
		}
		sensitive := true
		v.systems = append(v.systems, codeSystem{
			ResourceType: "CodeSystem", URL: d.url, Name: d.name, Title: d.title, Status: "active",
			CaseSensitive: &sensitive, Content: d.content, Concept: concepts,
		})
	}
	return nil
}

// of lists the concepts of one system.
func (l listing) of(system string) []codeSystemConcept {
	var out []codeSystemConcept
	for _, c := range l.Expansion.Contains {
		if c.System == system {
			out = append(out, codeSystemConcept{Code: c.Code, Display: c.Display})
		}
	}
	for _, include := range l.Compose.Include {
		if include.System == system && len(out) == 0 {
			out = include.Concept
		}
	}
	return out
}
