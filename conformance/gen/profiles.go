package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// The bundles that have StructureDefinitions beside those of resources and types.
const (
	profilesFile   = "Bundle-profiles-others.json.gz"
	extensionsFile = "Bundle-extensions.json.gz"
)

// keptOfDefinition and keptOfElement are what validation reads of a
// StructureDefinition; texts, mappings and examples go.
var (
	keptOfDefinition = []string{"resourceType", "url", "version", "name", "status", "kind", "abstract", "context", "type", "baseDefinition", "derivation"}
	keptOfElement    = []string{"id", "path", "sliceName", "min", "max", "type", "contentReference", "binding", "slicing", "constraint", "maxLength"}
	keptOfBinding    = []string{"strength", "valueSet", "extension"}
	keptOfConstraint = []string{"key", "severity", "human", "expression"}
)

// structural are the constraints that every document is held to in its one
// reading (conformance.Validate), without their expression; and those that R4
// repeats on each element of a type that has them itself.
var structural = map[string]bool{"ele-1": true, "dom-2": true, "txt-1": true, "txt-2": true}

// corrected are R4's expressions that are empty, neither true nor false, for what
// they mean to allow; with what R5 says instead, or would have to say.
var corrected = map[string]string{
	// sdf-0 and its likes: a definition may have no name.
	`name.matches('[A-Z]([A-Za-z0-9_]){0,254}')`: `name.exists() implies name.matchesFull('[A-Z]([A-Za-z0-9_]){0,254}')`,
	// ref-1, bdl-8, md-1: what they look at may be absent.
	`reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))`: `reference.exists() implies (reference.startsWith('#').not() or (reference.substring(1) in %rootResource.contained.id))`,
	`fullUrl.contains('/_history/').not()`: `fullUrl.exists() implies fullUrl.contains('/_history/').not()`,
	`max='*' or (max.toInteger() > 0)`:     `max.empty() or max='*' or (max.toInteger() > 0)`,
	// per-1, mdd-1, inv-1 of Task: 2012 to 2012-05 cannot be compared.
	`start.hasValue().not() or end.hasValue().not() or (start <= end)`:                       `start.hasValue().not() or end.hasValue().not() or (start.lowBoundary() <= end.highBoundary())`,
	`whenHandedOver.empty() or whenPrepared.empty() or whenHandedOver >= whenPrepared`:       `whenHandedOver.hasValue().not() or whenPrepared.hasValue().not() or whenHandedOver.highBoundary() >= whenPrepared.lowBoundary()`,
	`lastModified.exists().not() or authoredOn.exists().not() or lastModified >= authoredOn`: `lastModified.hasValue().not() or authoredOn.hasValue().not() or lastModified.highBoundary() >= authoredOn.lowBoundary()`,
	// rng-2: a tablet cannot be compared with a capsule.
	`low.empty() or high.empty() or (low <= high)`: `low.value.empty() or high.value.empty() or low.comparable(high).not() or (low <= high)`,
	// que-7: an answer is a boolean of FHIR. ras-2: there may be no probability. vs-1: a Period has no precision.
	`operator = 'exists' implies (answer is Boolean)`:                `operator = 'exists' implies (answer is boolean)`,
	`probability is decimal implies (probability as decimal) <= 100`: `probability.ofType(decimal).empty() or (probability as decimal) <= 100`,
	`($this as dateTime).toString().length() >= 8`:                   `($this is dateTime and hasValue()) implies toString().length() >= 8`,
}

// profileTable writes R4's StructureDefinitions, one a line: the snapshot of
// what defines a type, the differential of what constrains one, from which its
// snapshot is made again.
func profileTable(dir string) ([]byte, error) {
	var lines []string
	used := map[string]bool{} // of what is corrected
	for _, file := range []string{typesFile, resourcesFile, profilesFile, extensionsFile} {
		bundle, err := readBundle(filepath.Join(dir, file))
		if err != nil {
			return nil, err
		}
		for _, raw := range bundle {
			line, err := leanDefinition(raw, used)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if line != "" {
				lines = append(lines, line)
			}
		}
	}
	for expression := range corrected {
		if !used[expression] {
			return nil, fmt.Errorf("no constraint has the expression %s", expression)
		}
	}
	slices.Sort(lines)
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write([]byte(strings.Join(lines, "\n") + "\n")); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// leanDefinition is a line, canonical and JSON; "" for another resource.
func leanDefinition(raw json.RawMessage, used map[string]bool) (string, error) {
	var d map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // decimals to the last digit
	if err := decoder.Decode(&d); err != nil {
		return "", err
	}
	url, _ := d["url"].(string)
	if d["resourceType"] != "StructureDefinition" || d["name"] == metadataResource || d["kind"] == "logical" {
		return "", nil
	}
	lean := only(d, keptOfDefinition)
	view := "snapshot"
	if d["derivation"] == "constraint" {
		view = "differential"
	}
	body, ok := d[view].(map[string]any)
	if !ok {
		return "", fmt.Errorf("%s has no %s", url, view)
	}
	var elements []any
	for _, e := range body["element"].([]any) {
		elements = append(elements, leanElement(e.(map[string]any), url, used))
	}
	lean[view] = map[string]any{"element": elements}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(lean)
	return url + "\t" + strings.TrimSpace(out.String()), err
}

func leanElement(e map[string]any, url string, used map[string]bool) map[string]any {
	lean := only(e, keptOfElement)
	for k, v := range e {
		for _, prefix := range []string{"fixed", "pattern", "minValue", "maxValue"} {
			if strings.HasPrefix(k, prefix) {
				lean[k] = v
			}
		}
	}
	if b, ok := e["binding"].(map[string]any); ok {
		lean["binding"] = only(b, keptOfBinding)
	}
	if s, ok := e["slicing"].(map[string]any); ok {
		delete(s, "description")
	}
	if constraints := leanConstraints(e, url, used); constraints != nil {
		lean["constraint"] = constraints
	} else {
		delete(lean, "constraint")
	}
	return lean
}

func leanConstraints(e map[string]any, url string, used map[string]bool) []any {
	all, _ := e["constraint"].([]any)
	var out []any
	for _, c := range all {
		lean := only(c.(map[string]any), keptOfConstraint)
		key, _ := lean["key"].(string)
		if structural[key] || key == "ext-1" && url != structurePrefix+"Extension" {
			continue
		}
		expression, _ := lean["expression"].(string)
		if better, ok := corrected[expression]; ok {
			lean["expression"] = better
			used[expression] = true
		}
		out = append(out, lean)
	}
	return out
}

// only is a copy of an object with some of its members.
func only(in map[string]any, names []string) map[string]any {
	out := map[string]any{}
	for _, name := range names {
		if v, ok := in[name]; ok {
			out[name] = v
		}
	}
	return out
}
