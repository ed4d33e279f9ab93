package naive

import (
	"slices"
	"strings"
	"unicode"
)

// Resource is a resource as encoding/json decodes it with UseNumber.
type Resource map[string]any

// Type is the resource type.
func (r Resource) Type() string { return str(r["resourceType"]) }

// ID is the logical id.
func (r Resource) ID() string { return str(r["id"]) }

// Ref is Type/id.
func (r Resource) Ref() string { return r.Type() + "/" + r.ID() }

// value is an element found by a path: what JSON has, and the type where the
// name of a choice element tells it (valueQuantity), else "".
type value struct {
	json any
	kind string
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

func object(v any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return v
	case Resource:
		return v
	}
	return nil
}

// list is an array, or a single thing as a list of one.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// dig follows names through objects.
func dig(v any, names ...string) any {
	for _, n := range names {
		v = object(v)[n]
	}
	return v
}

// choices are the types that a choice element [x] may have in its name.
var choices = []string{
	"Base64Binary", "Boolean", "Canonical", "Code", "Date", "DateTime", "Decimal", "Id", "Instant", "Integer", "Markdown",
	"Oid", "PositiveInt", "String", "Time", "UnsignedInt", "Uri", "Url", "Uuid", "Address", "Age", "Annotation", "Attachment",
	"CodeableConcept", "Coding", "ContactPoint", "Count", "Distance", "Duration", "HumanName", "Identifier", "Money",
	"Period", "Quantity", "Range", "Ratio", "Reference", "SampledData", "Signature", "Timing", "ContactDetail",
	"Contributor", "DataRequirement", "Expression", "ParameterDefinition", "RelatedArtifact", "TriggerDefinition",
	"UsageContext", "Dosage", "Meta",
}

// children are the elements of that name, arrays flattened. A name that JSON
// does not have may be that of a choice element.
func (v value) children(name string) []value {
	m := object(v.json)
	if x, ok := m[name]; ok {
		return flat(x, "")
	}
	for key, x := range m {
		if kind, ok := strings.CutPrefix(key, name); ok && slices.Contains(choices, kind) {
			return flat(x, kind)
		}
	}
	return nil
}

func flat(x any, kind string) []value {
	var out []value
	for _, e := range list(x) {
		if e != nil {
			out = append(out, value{e, kind})
		}
	}
	return out
}

// is reports whether the value has that type, as far as JSON tells: dateTime
// and DateTime are one.
func (v value) is(kind string) bool {
	if t := str(object(v.json)["resourceType"]); t != "" {
		return t == kind
	}
	return v.kind != "" && upper(v.kind) == upper(kind)
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return string(unicode.ToUpper(rune(s[0]))) + s[1:]
}
