package portal

import (
	"strings"

	"sluis/fhir"
)

// label is the words of a CodeableConcept, a Coding, a Reference or a plain
// text; of a list, of the first that has any.
func label(n fhir.Node) string {
	switch n.Kind() {
	case fhir.Array:
		for one := range n.All() {
			if text := label(one); text != "" {
				return text
			}
		}
		return ""
	case fhir.Object:
	case fhir.Null, fhir.Bool, fhir.Number, fhir.String:
		return n.Text()
	}
	for _, name := range []string{"text", "display"} {
		if text := n.Get(name).Text(); text != "" {
			return text
		}
	}
	if text := label(n.Get("coding")); text != "" {
		return text
	}
	return n.Get("code").Text()
}

// observed is the value of an Observation with the reference range, and its
// components.
func (v *visit) observed(n fhir.Node) string {
	var parts []string
	if own := v.value(n); own != "" {
		parts = append(parts, own+v.references(n))
	}
	for c := range n.Get("component").All() {
		parts = append(parts, label(c.Get("code"))+" "+v.value(c)+v.references(c))
	}
	if len(parts) == 0 {
		return label(n.Get("dataAbsentReason"))
	}
	return strings.Join(parts, "; ")
}

// value is value[x] in words; digits stay as they were received.
func (v *visit) value(n fhir.Node) string {
	if q := n.Get("valueQuantity"); !q.IsZero() {
		return v.quantity(q)
	}
	for _, name := range []string{"valueDateTime", "valuePeriod"} {
		if text := v.moment(n.Get(name)); text != "" {
			return text
		}
	}
	if b := n.Get("valueBoolean").Text(); b != "" {
		return v.words[b]
	}
	for _, name := range []string{"valueCodeableConcept", "valueString", "valueInteger", "valueTime"} {
		if text := label(n.Get(name)); text != "" {
			return text
		}
	}
	return ""
}

// quantity writes number and unit; a UCUM annotation such as {score} is no
// unit.
func (v *visit) quantity(q fhir.Node) string {
	number := strings.ReplaceAll(q.Get("value").Text(), ".", v.words["decimal"])
	unit := q.Get("unit").Text()
	if strings.HasPrefix(unit, "{") && strings.HasSuffix(unit, "}") {
		unit = ""
	}
	return strings.TrimSpace(strings.TrimSpace(q.Get("comparator").Text()+" "+number) + " " + unit)
}

// references are the reference ranges beside a value.
func (v *visit) references(n fhir.Node) string {
	var out strings.Builder
	for r := range n.Get("referenceRange").All() {
		if text := v.reference(r, n.At("valueQuantity", "unit").Text()); text != "" {
			out.WriteString(" (" + v.words["normal"] + " " + text + ")")
		}
	}
	return out.String()
}

// reference is one range; the unit of the value is not said again.
func (v *visit) reference(r fhir.Node, unit string) string {
	if text := r.Get("text").Text(); text != "" {
		return text
	}
	bound := func(name string) string { return strings.TrimSuffix(v.quantity(r.Get(name)), " "+unit) }
	low, high := bound("low"), bound("high")
	switch {
	case low == "" && high == "":
		return ""
	case high == "":
		return "≥ " + low
	case low == "":
		return "≤ " + high
	}
	return low + " – " + high
}

// dose is how a medicine is taken, in the words of who recorded it.
func (v *visit) dose(n fhir.Node) string {
	var parts []string
	for _, name := range []string{"dosage", "dosageInstruction"} {
		for d := range n.Get(name).All() {
			if text := d.Get("text").Text(); text != "" {
				parts = append(parts, text)
			}
		}
	}
	return strings.Join(parts, "; ")
}

// clinical is whether a condition or allergy is active, and how certain.
func (v *visit) clinical(n fhir.Node) string {
	var parts []string
	for _, name := range []string{"clinicalStatus", "verificationStatus"} {
		for c := range n.At(name, "coding").All() {
			code := c.Get("code").Text()
			if word, known := v.words["clinical."+code]; known {
				code = word
			}
			parts = append(parts, code)
		}
	}
	return strings.Join(parts, ", ")
}

func (v *visit) conclusion(n fhir.Node) string { return n.Get("conclusion").Text() }
