package rest

import (
	"net/http"
	"slices"
	"strings"

	"sluis/audit/balp"
	"sluis/fhir"
	"sluis/gate"
)

// recordsPage answers searches of AuditEvent, which are rendered from the log
// when asked for (see gate.SearchLog for who finds what).
func (x *exchange) recordsPage(ask asked) ([]byte, *asked, error) {
	params, err := x.shorten(ask)
	if err != nil {
		return nil, nil, err
	}
	if of := ask.Within; of.Type == "Patient" {
		params = append(params, fhir.Param{Name: "patient", Value: of.Latest().String()})
	} else if !of.IsZero() {
		return nil, nil, fhir.NewError(fhir.Invalid, "not-supported", "AuditEvents are found in the compartment of a Patient only")
	}
	f, err := balp.ParseSearch(params, x.caller.Projected())
	if err != nil {
		return nil, nil, err
	}
	page, err := x.Gate.SearchLog(x.r.Context(), x.caller, f, ask.Log)
	if err != nil {
		return nil, nil, err
	}
	total := -1
	if f.Total || f.CountOnly {
		total = page.Total
	}
	set := newSet("searchset", total)
	set.link("self", x.self(ask))
	var next *asked
	if page.Next != "" {
		more := ask
		more.Log = page.Next
		next = &more
		set.link("next", x.continuation(more))
	}
	for _, r := range page.Records {
		body, err := balp.Render(r, x.view(page))
		if err != nil {
			return nil, nil, err
		}
		set.begin()
		set.fullURL(x.Base + "/AuditEvent/" + r.ID)
		set.buf.WriteString(`"resource":`)
		set.buf.Write(body)
		set.buf.WriteString(`,"search":{"mode":"match"}}`)
	}
	return set.bytes(), next, nil
}

// readRecord answers a read of one AuditEvent; there is one version of each.
func (x *exchange) readRecord() error {
	if x.ix.Kind == fhir.VRead {
		return fhir.NewError(fhir.NotAllowed, "not-supported", "AuditEvents have no versions")
	}
	page, err := x.Gate.ReadLog(x.r.Context(), x.caller, x.ix.ID)
	if err != nil {
		return err
	}
	body, err := balp.Render(page.Records[0], x.view(page))
	if err != nil {
		return err
	}
	x.write(http.StatusOK, body)
	return nil
}

func (x *exchange) view(page gate.LogPage) balp.View {
	return balp.View{Projected: page.Projected, Base: x.Base}
}

// logPart is AuditEvent's row of the CapabilityStatement.
func logPart() resourcePart {
	part := resourcePart{
		Type: "AuditEvent", Profile: profile("AuditEvent"), Interaction: codes(fhir.Read, fhir.SearchType), Versioning: "no-version",
		ConditionalRead: "not-supported", ConditionalDelete: "not-supported", ReferencePolicy: []string{"literal"},
		Operation: callable(func(o operation) bool { return slices.Contains(o.types, "AuditEvent") }),
	}
	for _, p := range balp.Parameters(true) {
		if p.Name == "_id" || !strings.HasPrefix(p.Name, "_") { // _sort and its like are not declared
			part.SearchParam = append(part.SearchParam, searchParam{Name: p.Name, Type: p.Type, Documentation: p.Text})
		}
	}
	return part
}
