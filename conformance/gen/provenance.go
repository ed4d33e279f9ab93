package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const provenanceHead = `# Where these tables come from

Source: npm package hl7.fhir.r4.examples@4.0.1, published by HL7 International;
FHIR R4 4.0.1 of 1 November 2019. Licence: CC0-1.0 (package.json).
Made by ` + "`conformance/gen`" + `; reproduce with ` + "`go run ./conformance/gen -definitions DIR -out conformance/data`" + `.

Departures from the definitions, each for a reason:

* Resource.id has type id; the definitions say string (resource.html#id says id).
* InsurancePlan's parameter name reads ` + "`name | alias`" + ` in HL7's file; the type is put before both.
* A parameter of several bases has one line per base, with that base's part of the expression.
* Targets are narrowed where the whole expression says ` + "`where(resolve() is T)`" + `.
* _filter, _has, _list and _type have no SearchParameter in HL7's files and are added as special.
* DocumentReference.relationship names the expressions of its two components the wrong way round; they are exchanged.
* Observation.code-value-date casts to DateTime, which is no type; dateTime is written.
* In components ` + "`%resource.`" + ` is written as the base, from which such an expression is read.
* Patient and Device are in their own compartments by {def}, as Encounter, Practitioner and RelatedPerson are in HL7's file.
* Value sets that HL7 marks too costly or unclosed (mimetypes) or that it does not expand (UCUM, LOINC) are left open:
  they have no line in concepts.txt, and in codes.txt none but their systems, each with a star.
* Profiles are left out of structures.txt, save SimpleQuantity, on which other types build.

The vocabulary, codesystems.* and valuesets.*: the ` + "`.tsv`" + ` is the index, the ` + "`.ndjson.gz`" + ` the resources, one a
line, of the package hl7.fhir.r4.core@4.0.1 (CC0-1.0), which has the tables of HL7 v2 and v3 besides. Of each is kept
what says which codes there are and what they mean; narrative, publisher, contact, identifiers and extensions go.

* The value set task-code names version 3.6.0 of its code system, which R4 has as 4.0.1; the version goes.
* The value set of DICOM CID 29 stands in R4's expansions alone and is added.
* ISO 4217 and ISO 3166-1 are not defined by R4; their codes are those that R4's value sets currencies and iso3166-1-2 list.
* CVX, the Australian vaccine codes and the IHE format codes are fragments: what R4's expansions of vaccine-code and formatcodes list.

The definitions, structuredefinitions.gz: a canonical and a StructureDefinition a line. A type has its snapshot, a profile
its differential; texts, mappings and examples go.

* The constraints ele-1, dom-2, txt-1 and txt-2 are left out: the one reading of every document holds it to them.
* ext-1 stands at Extension alone, not at every element of that type.
* Expressions that are empty in R4 for what they mean to allow, such as an absent element or a period from 2012 to 2012-05,
  are corrected: ref-1, bdl-8, md-1, per-1, mdd-1, inv-1 of Task, rng-2, que-7, ras-2, vs-1, sdf-0 and its likes.
`

// writeProvenance records the hash of every input and output.
func writeProvenance(in, out string) error {
	var b strings.Builder
	b.WriteString(provenanceHead)
	b.WriteString("\n| input | sha256 |\n|---|---|\n")
	if err := hashes(&b, in, resourcesFile, typesFile, parametersFile, expansionsFile, profilesFile, extensionsFile, coreFile); err != nil {
		return err
	}
	b.WriteString("\n| output | sha256 |\n|---|---|\n")
	made, err := tableNames(out)
	if err != nil {
		return err
	}
	if err := hashes(&b, out, made...); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, provenanceFile), []byte(b.String()), 0o644)
}

const provenanceFile = "PROVENANCE.md"

// tableNames lists the tables of a folder, sorted.
func tableNames(dir string) ([]string, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, f := range files {
		if f.Name() != provenanceFile {
			out = append(out, f.Name())
		}
	}
	return out, nil
}

func hashes(b *strings.Builder, dir string, names ...string) error {
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "| %s | %x |\n", name, sha256.Sum256(content))
	}
	return nil
}
