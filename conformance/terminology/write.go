package terminology

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// The resources that answer. They are written member by member in this order, so
// that equal answers are equal bytes.

type writtenValueSet struct {
	ResourceType string           `json:"resourceType"`
	URL          string           `json:"url,omitempty"`
	Version      string           `json:"version,omitempty"`
	Name         string           `json:"name,omitempty"`
	Title        string           `json:"title,omitempty"`
	Status       string           `json:"status"`
	Experimental json.RawMessage  `json:"experimental,omitempty"`
	Date         string           `json:"date,omitempty"`
	Compose      json.RawMessage  `json:"compose,omitempty"`
	Expansion    writtenExpansion `json:"expansion"`
}

type writtenExpansion struct {
	Extension  []writtenParameter `json:"extension,omitempty"`
	Identifier string             `json:"identifier"`
	Timestamp  string             `json:"timestamp"`
	Total      int                `json:"total"`
	Offset     *int               `json:"offset,omitempty"`
	Parameter  []writtenParameter `json:"parameter,omitempty"`
	Contains   []*writtenEntry    `json:"contains,omitempty"`
}

type writtenEntry struct {
	System      string               `json:"system,omitempty"`
	Abstract    bool                 `json:"abstract,omitempty"`
	Inactive    bool                 `json:"inactive,omitempty"`
	Version     string               `json:"version,omitempty"`
	Code        string               `json:"code"`
	Display     string               `json:"display,omitempty"`
	Designation []writtenDesignation `json:"designation,omitempty"`
	Contains    []*writtenEntry      `json:"contains,omitempty"`
}

type writtenDesignation struct {
	Language string          `json:"language,omitempty"`
	Use      json.RawMessage `json:"use,omitempty"`
	Value    string          `json:"value"`
}

// writtenParameter is one name and value, of a Parameters resource, an expansion
// or, with url in place of name, an extension.
type writtenParameter struct {
	name, key string
	value     any
	parts     []writtenParameter
}

// MarshalJSON writes the name and then value[x] or the parts.
func (p writtenParameter) MarshalJSON() ([]byte, error) {
	first := "name"
	if strings.Contains(p.name, "://") {
		first = "url"
	}
	name, err := compact(p.name)
	if err != nil {
		return nil, err
	}
	key, value := p.key, p.value
	if p.parts != nil {
		key, value = "part", any(p.parts)
	}
	raw, err := compact(value)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]byte(`{"`+first+`":`), name, []byte(`,"`+key+`":`), raw, []byte("}")), nil
}

// compact is JSON without the escapes that HTML needs.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// bytesOf writes one of the resources above.
func bytesOf(v any) []byte {
	out, err := compact(v)
	if err != nil {
		panic("terminology: an answer cannot be written: " + err.Error()) // they hold strings, numbers, and JSON that was read
	}
	return out
}

// parametersOf writes a Parameters resource.
func parametersOf(list []writtenParameter) []byte {
	return bytesOf(struct {
		ResourceType string             `json:"resourceType"`
		Parameter    []writtenParameter `json:"parameter"`
	}{"Parameters", list})
}

const unclosedExtension = "http://hl7.org/fhir/StructureDefinition/valueset-unclosed"

func (s *Service) writeExpansion(vs *valueSet, a *arguments, page []entry, total int, unclosed, nested bool) []byte {
	out := writtenValueSet{
		ResourceType: "ValueSet", URL: vs.url, Version: vs.version, Name: vs.name, Title: vs.title, Status: vs.status, Date: vs.date,
		Experimental: json.RawMessage(vs.experimental),
	}
	if out.Status == "" {
		out.Status = "unknown"
	}
	if a.is("includeDefinition") {
		out.Compose = json.RawMessage(vs.definition)
	}
	x := &out.Expansion
	x.Total, x.Parameter = total, s.recorded(a)
	if offset := a.count("offset"); offset >= 0 && !nested {
		x.Offset = &offset
	}
	if unclosed {
		x.Extension = []writtenParameter{{name: unclosedExtension, key: "valueBoolean", value: true}}
	}
	x.Contains = contains(page, a, nested)
	sum := sha256.Sum256(bytesOf(out))
	x.Identifier, x.Timestamp = identifierOf([16]byte(sum[:16])), s.at.UTC().Format(time.RFC3339)
	return bytesOf(out)
}

// recorded are the parameters that had an effect, and the versions used.
func (s *Service) recorded(a *arguments) []writtenParameter {
	var out []writtenParameter
	for _, r := range recorded {
		for _, v := range a.texts(r.name) {
			var value any = v
			if r.key == "valueInteger" || r.key == "valueBoolean" {
				value = json.RawMessage(v)
			}
			out = append(out, writtenParameter{name: r.name, key: r.key, value: value})
		}
	}
	for _, canonical := range slices.Sorted(maps.Keys(s.used)) {
		out = append(out, writtenParameter{name: "version", key: "valueUri", value: canonical})
	}
	return out
}

// contains writes the entries, those of one code system below each other where
// nested is asked for: each below the first of its parents that is there.
func contains(page []entry, a *arguments, nested bool) []*writtenEntry {
	lang := a.text("displayLanguage")
	all := make([]*writtenEntry, len(page))
	places := map[*codeSystem]map[int32]*writtenEntry{}
	for i := range page {
		all[i] = page[i].write(a, lang)
		if cs := page[i].cs; cs != nil {
			if places[cs] == nil {
				places[cs] = map[int32]*writtenEntry{}
			}
			places[cs][page[i].at] = all[i]
		}
	}
	if !nested {
		return all
	}
	var roots []*writtenEntry
	for i, e := range page {
		var parent *writtenEntry
		if e.cs != nil {
			parent = firstOf(places[e.cs], e.cs.concepts[e.at].parents)
		}
		if parent == nil {
			roots = append(roots, all[i])
		} else {
			parent.Contains = append(parent.Contains, all[i])
		}
	}
	return roots
}

func firstOf(places map[int32]*writtenEntry, of []int32) *writtenEntry {
	for _, p := range of {
		if w := places[p]; w != nil {
			return w
		}
	}
	return nil
}

func (e *entry) write(a *arguments, lang string) *writtenEntry {
	return &writtenEntry{
		System: e.system, Abstract: e.abstract, Inactive: e.inactive, Version: e.version, Code: e.code,
		Display: in(lang, e.designations, e.display), Designation: writeDesignations(wanted(a, e.designations)),
	}
}

func writeDesignations(list []designation) []writtenDesignation {
	var out []writtenDesignation
	for _, d := range list {
		out = append(out, writtenDesignation{Language: d.language, Use: json.RawMessage(d.use), Value: d.value})
	}
	return out
}
