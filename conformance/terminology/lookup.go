package terminology

import (
	"encoding/json"
	"slices"

	"sluis/fhir"
)

// lookupParameters are those of R4 codesystem-operation-lookup.html.
var lookupParameters = []parameter{
	{name: "code"}, {name: "system"}, {name: "version"}, {name: "coding", kind: codingKind}, {name: "date", kind: dateKind},
	{name: "displayLanguage"}, {name: "property", many: true},
}

// runLookup answers $lookup. A code that is not there is 404.
func (s *Service) runLookup(_ Call, a *arguments) ([]byte, error) {
	if a.has("code") == a.has("coding") {
		return nil, fhir.NewError(fhir.Invalid, "required", "one of code and coding is needed, and only one", "code")
	}
	c := Coding{System: a.text("system"), Version: a.text("version"), Code: a.text("code")}
	if a.has("coding") {
		c = codingOf(a.node("coding"))
	}
	if c.System == "" || c.Code == "" {
		return nil, fhir.NewError(fhir.Invalid, "required", "a code and its system are needed", "system")
	}
	cs, i, err := s.concept(c)
	if err != nil {
		return nil, err
	}
	return parametersOf(details(cs, i, c.Code, a)), nil
}

// concept is a code of a code system. Of a system with a rule the place is -1.
func (s *Service) concept(c Coding) (*codeSystem, int32, error) {
	cs, err := s.system(c.System, c.Version)
	if err != nil {
		return nil, 0, err
	}
	if cs.grammar != nil && cs.grammar.valid(c.Code) {
		return cs, -1, nil
	}
	i, ok := cs.find(c.Code)
	switch {
	case !ok && !cs.whole():
		return nil, 0, unknown("only a part of the code system %s is known to this server, and %s is not in it", shown(c.System), shown(c.Code))
	case !ok:
		return nil, 0, unknown("%s is not a code of the code system %s", shown(c.Code), shown(c.System))
	}
	return cs, i, nil
}

// details are the out parameters: name, version, display, designations, and
// properties, of which definition, parent, child and inactive are such that
// every code system has them.
func details(cs *codeSystem, i int32, code string, a *arguments) []writtenParameter {
	want := wish(a.texts("property"))
	name := cs.name
	if name == "" {
		name = cs.url
	}
	out := []writtenParameter{{name: "name", key: "valueString", value: name}}
	if cs.version != "" {
		out = append(out, writtenParameter{name: "version", key: "valueString", value: cs.version})
	}
	display := func(text string) {
		if text == "" {
			text = code // R4 asks for one
		}
		out = append(out, writtenParameter{name: "display", key: "valueString", value: text})
	}
	if i < 0 {
		display("")
		return out
	}
	c := &cs.concepts[i]
	display(in(a.text("displayLanguage"), c.designations, c.display))
	for _, d := range c.designations {
		if want.has("designation") || want.has("lang."+d.language) {
			out = append(out, d.parameter())
		}
	}
	return append(out, cs.propertiesOf(c, want)...)
}

// wish is the properties asked for; none means all.
type wish []string

func (w wish) has(name string) bool { return len(w) == 0 || slices.Contains(w, name) }

func (d designation) parameter() writtenParameter {
	parts := []writtenParameter{}
	if d.language != "" {
		parts = append(parts, writtenParameter{name: "language", key: "valueCode", value: d.language})
	}
	if d.use != "" {
		parts = append(parts, writtenParameter{name: "use", key: "valueCoding", value: json.RawMessage(d.use)})
	}
	parts = append(parts, writtenParameter{name: "value", key: "valueString", value: d.value})
	return writtenParameter{name: "designation", parts: parts}
}

// propertiesOf writes the properties: those of every code system first, then the
// declared ones as they stand.
func (cs *codeSystem) propertiesOf(c *concept, want wish) []writtenParameter {
	var out []writtenParameter
	add := func(code, key string, value any, description string) {
		if !want.has(code) {
			return
		}
		parts := []writtenParameter{{name: "code", key: "valueCode", value: code}, {name: "value", key: key, value: value}}
		if description != "" {
			parts = append(parts, writtenParameter{name: "description", key: "valueString", value: description})
		}
		out = append(out, writtenParameter{name: "property", parts: parts})
	}
	if c.definition != "" {
		add("definition", "valueString", c.definition, "")
	}
	for _, p := range c.parents {
		add("parent", "valueCode", cs.concepts[p].code, cs.concepts[p].display)
	}
	for _, p := range slices.Sorted(slices.Values(c.children)) {
		add("child", "valueCode", cs.concepts[p].code, cs.concepts[p].display)
	}
	if c.inactive || cs.says(inactiveProperty) || cs.says(statusProperty) {
		add("inactive", "valueBoolean", c.inactive, "")
	}
	for _, p := range c.properties {
		if kind := cs.properties[p.code]; kind == parentProperty || kind == childProperty || kind == inactiveProperty {
			continue // said above
		}
		add(p.code, p.key, json.RawMessage(p.raw), cs.describes(p))
	}
	return out
}

// says reports whether the code system declares a property of that kind.
func (cs *codeSystem) says(kind propertyKind) bool {
	for _, k := range cs.properties {
		if k == kind {
			return true
		}
	}
	return false
}

// describes is the display of the code that a property names, where it is one of
// the same system.
func (cs *codeSystem) describes(p property) string {
	if i, ok := cs.find(p.text); ok && p.key == "valueCode" {
		return cs.concepts[i].display
	}
	return ""
}
