package portal

import (
	"net/url"
	"slices"
	"strings"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// row is one line of a table, ready to be shown.
type row struct {
	ID, When, What, Value, Holder string
}

// data shows what all custodians keep of the patient: the union that only the
// patient sees (promise G5).
func (p *portal) data(v *visit) error {
	patients, err := v.find("Patient", url.Values{})
	if err != nil {
		return err
	}
	results, err := v.find("Observation", url.Values{"_sort": {"-date"}, "_count": {"100"}})
	if err != nil {
		return err
	}
	medication, err := v.find("MedicationStatement", url.Values{"_sort": {"-effective"}, "_count": {"100"}})
	if err != nil {
		return err
	}
	v.show("data", map[string]any{
		"Patients": v.rows(patients, patientRow), "Results": v.rows(results, observationRow),
		"Medication": v.rows(medication, medicationRow),
	})
	return nil
}

// find is one search through the gate.
func (v *visit) find(resourceType string, params url.Values) (storage.Page, error) {
	var list []fhir.Param
	for name, values := range params {
		for _, value := range values {
			list = append(list, fhir.Param{Name: name, Value: value})
		}
	}
	slices.SortFunc(list, func(a, b fhir.Param) int { return strings.Compare(a.Name, b.Name) })
	q, err := query.Parse(resourceType, list)
	if err != nil {
		return storage.Page{}, err
	}
	return v.Gate.Search(v.r.Context(), v.caller, q)
}

func (v *visit) rows(page storage.Page, read func(fhir.Node) row) []row {
	var out []row
	for _, e := range page.Entries {
		doc, err := fhir.ParseDocument(e.Resource.Body)
		if err != nil {
			continue // stored bodies were read before: cannot be
		}
		r := read(doc.Root())
		r.ID, r.Holder = e.Resource.ID, v.holder(e.Custodian)
		out = append(out, r)
	}
	return out
}

func (v *visit) holder(custodian string) string {
	if name, ok := v.Names[custodian]; ok {
		return name
	}
	return custodian
}

func patientRow(n fhir.Node) row {
	return row{What: humanName(n.Get("name")), When: n.Get("birthDate").Text()}
}

func observationRow(n fhir.Node) row {
	r := row{When: day(n.Get("effectiveDateTime").Text()), What: concept(n.Get("code")), Value: value(n)}
	for c := range n.Get("component").All() {
		part := concept(c.Get("code")) + " " + value(c)
		r.Value = strings.TrimPrefix(r.Value+"; "+part, "; ")
	}
	return r
}

func medicationRow(n fhir.Node) row {
	when := n.Get("effectiveDateTime").Text()
	if p := n.Get("effectivePeriod"); when == "" && !p.IsZero() {
		when = day(p.Get("start").Text()) + " – " + day(p.Get("end").Text())
	}
	dose := ""
	for d := range n.Get("dosage").All() {
		dose = d.Get("text").Text()
	}
	return row{When: day(when), What: concept(n.Get("medicationCodeableConcept")), Value: dose}
}

// day is the date of a dateTime, or the text itself when it is none.
func day(s string) string {
	if len(s) > 10 && s[10] == 'T' {
		return s[:10]
	}
	return s
}

// concept is the words of a CodeableConcept.
func concept(n fhir.Node) string {
	if text := n.Get("text").Text(); text != "" {
		return text
	}
	for c := range n.Get("coding").All() {
		if display := c.Get("display").Text(); display != "" {
			return display
		}
		return c.Get("code").Text()
	}
	return ""
}

// value is the words of value[x].
func value(n fhir.Node) string {
	if q := n.Get("valueQuantity"); !q.IsZero() {
		return strings.TrimSpace(q.Get("comparator").Text() + q.Get("value").Text() + " " + q.Get("unit").Text())
	}
	if c := n.Get("valueCodeableConcept"); !c.IsZero() {
		return concept(c)
	}
	for _, name := range []string{"valueString", "valueInteger", "valueDateTime", "valueBoolean"} {
		if text := n.Get(name).Text(); text != "" {
			return text
		}
	}
	return ""
}

func humanName(names fhir.Node) string {
	for n := range names.All() {
		if text := n.Get("text").Text(); text != "" {
			return text
		}
		var parts []string
		for g := range n.Get("given").All() {
			parts = append(parts, g.Text())
		}
		return strings.Join(append(parts, n.Get("family").Text()), " ")
	}
	return ""
}
