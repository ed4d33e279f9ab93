package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
)

// The bundles that are read.
const (
	resourcesFile  = "Bundle-resources.json.gz"
	typesFile      = "Bundle-types.json.gz"
	parametersFile = "Bundle-searchParams.json.gz"
	expansionsFile = "Bundle-valueset-expansions.json.gz"
)

func main() {
	log.SetFlags(0)
	definitions := flag.String("definitions", "", "folder of HL7's Bundle-*.json.gz")
	out := flag.String("out", "data", "folder of the tables")
	flag.Parse()
	if err := generate(*definitions, *out); err != nil {
		log.Fatal(err)
	}
}

// definitions is what is read of R4.
type definitions struct {
	structures   []structureDefinition
	parameters   []searchParameter
	expansions   map[string]valueSet
	compartments []compartmentDefinition
}

func generate(in, out string) error {
	d, err := read(in)
	if err != nil {
		return err
	}
	structures, bound, err := structureTable(d.structures)
	if err != nil {
		return err
	}
	codes, err := codeTable(bound.codes, d.expansions)
	if err != nil {
		return err
	}
	parameters, err := parameterTable(d.parameters, resourceTypes(d.structures))
	if err != nil {
		return err
	}
	compartment, err := compartmentTable(d.compartments)
	if err != nil {
		return err
	}
	tables := map[string][]byte{
		"structures.txt":   structures,
		"codes.txt":        codes,
		"concepts.txt":     conceptTable(bound.concepts, d.expansions),
		"parameters.txt":   parameters,
		"compartments.txt": compartment,
		"flags.txt":        flagTable(d.structures),
	}
	words, err := readVocabulary(in)
	if err != nil {
		return err
	}
	libraries, err := words.tables()
	if err != nil {
		return err
	}
	maps.Copy(tables, libraries)
	if tables["structuredefinitions.gz"], err = profileTable(in); err != nil {
		return err
	}
	for name, table := range tables {
		if err := os.WriteFile(filepath.Join(out, name), table, 0o644); err != nil {
			return err
		}
	}
	return writeProvenance(in, out)
}

func read(dir string) (definitions, error) {
	d := definitions{expansions: map[string]valueSet{}}
	for _, file := range []string{resourcesFile, typesFile, parametersFile, expansionsFile} {
		bundle, err := readBundle(filepath.Join(dir, file))
		if err != nil {
			return d, err
		}
		for _, raw := range bundle {
			if err := d.add(raw); err != nil {
				return d, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return d, nil
}

func readBundle(path string) ([]json.RawMessage, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var bundle struct {
		Entry []struct{ Resource json.RawMessage }
	}
	if err := json.NewDecoder(unzipped).Decode(&bundle); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var out []json.RawMessage
	for _, e := range bundle.Entry {
		out = append(out, e.Resource)
	}
	return out, nil
}

// add files one definition; kinds that no table needs are passed over.
func (d *definitions) add(raw json.RawMessage) error {
	var head struct{ ResourceType string }
	if err := json.Unmarshal(raw, &head); err != nil {
		return err
	}
	switch head.ResourceType {
	case "StructureDefinition":
		return appendDecoded(&d.structures, raw)
	case "SearchParameter":
		return appendDecoded(&d.parameters, raw)
	case "CompartmentDefinition":
		return appendDecoded(&d.compartments, raw)
	case "ValueSet":
		var v valueSet
		if err := json.Unmarshal(raw, &v); err != nil {
			return err
		}
		d.expansions[v.URL] = v
	}
	return nil
}

func appendDecoded[T any](list *[]T, raw json.RawMessage) error {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	*list = append(*list, v)
	return nil
}

// table is a text under a comment that says where it comes from.
type table struct{ bytes.Buffer }

func newTable(format string) *table {
	t := &table{}
	t.WriteString("# Made by conformance/gen from HL7 FHIR R4 4.0.1 (CC0); see PROVENANCE.md. Do not edit.\n# " + format + "\n")
	return t
}

func (t *table) line(format string, args ...any) { fmt.Fprintf(&t.Buffer, format+"\n", args...) }
