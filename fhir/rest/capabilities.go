package rest

import (
	"encoding/json"
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/patch"
)

// The parts of a CapabilityStatement that are written here (R4
// capabilitystatement.html).
type (
	statement struct {
		ResourceType string       `json:"resourceType"`
		Status       string       `json:"status"`
		Date         string       `json:"date"`
		Kind         string       `json:"kind"`
		Software     softwarePart `json:"software"`
		Implement    described    `json:"implementation"`
		FHIRVersion  string       `json:"fhirVersion"`
		Format       []string     `json:"format"`
		PatchFormat  []string     `json:"patchFormat,omitempty"`
		Rest         []restPart   `json:"rest"`
	}
	softwarePart struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		Release string `json:"releaseDate"`
	}
	described struct {
		Description string `json:"description"`
		URL         string `json:"url"`
	}
	restPart struct {
		Mode        string          `json:"mode"`
		Document    string          `json:"documentation"`
		Security    security        `json:"security"`
		Resource    []resourcePart  `json:"resource"`
		Interaction []coded         `json:"interaction"`
		SearchParam []searchParam   `json:"searchParam"`
		Operation   []operationPart `json:"operation,omitempty"`
		Compartment []string        `json:"compartment,omitempty"`
	}
	security struct {
		CORS        bool       `json:"cors"`
		Service     []codeable `json:"service"`
		Description string     `json:"description"`
	}
	codeable struct {
		Coding []coding `json:"coding"`
	}
	coding struct {
		System string `json:"system"`
		Code   string `json:"code"`
	}
	coded struct {
		Code string `json:"code"`
	}
	resourcePart struct {
		Type              string          `json:"type"`
		Profile           string          `json:"profile"`
		Interaction       []coded         `json:"interaction"`
		Versioning        string          `json:"versioning"`
		ReadHistory       bool            `json:"readHistory"`
		UpdateCreate      bool            `json:"updateCreate"`
		ConditionalCreate bool            `json:"conditionalCreate"`
		ConditionalRead   string          `json:"conditionalRead"`
		ConditionalUpdate bool            `json:"conditionalUpdate"`
		ConditionalDelete string          `json:"conditionalDelete"`
		ReferencePolicy   []string        `json:"referencePolicy"`
		SearchInclude     []string        `json:"searchInclude,omitempty"`
		SearchRevInclude  []string        `json:"searchRevInclude,omitempty"`
		SearchParam       []searchParam   `json:"searchParam"`
		Operation         []operationPart `json:"operation,omitempty"`
	}
	searchParam struct {
		Name          string `json:"name"`
		Definition    string `json:"definition,omitempty"`
		Type          string `json:"type"`
		Documentation string `json:"documentation,omitempty"`
	}
	operationPart struct {
		Name       string `json:"name"`
		Definition string `json:"definition"`
	}
)

// instanceInteractions and systemInteractions are what a CapabilityStatement can
// declare of a type and of the whole, in the order of the value sets. What is not
// in the table that serves is not declared.
var (
	instanceInteractions = []fhir.InteractionKind{
		fhir.Read, fhir.VRead, fhir.Update, fhir.Patch, fhir.Delete, fhir.HistoryInstance, fhir.HistoryType, fhir.Create, fhir.SearchType,
	}
	systemInteractions = []fhir.InteractionKind{fhir.Transaction, fhir.SearchSystem, fhir.HistorySystem}
)

// writeStatement writes the CapabilityStatement from the tables that serve: the
// interactions, the operations, and the search parameters that searches are
// answered by now.
func (s *server) writeStatement(defs *conformance.Definitions, normative bool) []byte {
	out := statement{
		ResourceType: "CapabilityStatement", Status: "active", Date: s.date(),
		Kind: "instance", Software: softwarePart{"Sluis", s.Software.Version, s.date()},
		Implement:   described{"Sluis FHIR R4 server", s.Base},
		FHIRVersion: "4.0.1", Format: []string{"application/fhir+json", "application/fhir+xml", "json", "xml"},
		Rest: []restPart{{
			Mode: "server", Document: remarks, Resource: s.resources(defs, normative),
			Security: security{
				Service:     []codeable{{[]coding{{"http://terminology.hl7.org/CodeSystem/restful-security-service", "SMART-on-FHIR"}}}},
				Description: "A bearer token of SMART App Launch is needed for everything but this statement.",
			},
			Interaction: codes(served(systemInteractions)...),
			SearchParam: systemParameters(defs),
			Operation:   callable(func(o operation) bool { return o.levels&atSystem != 0 }),
		}},
	}
	if file(fhir.Transaction) != nil {
		out.Rest[0].Interaction = append(out.Rest[0].Interaction, coded{"batch"})
	}
	if file(fhir.Patch) != nil {
		out.PatchFormat = []string{patch.JSONMediaType, "application/fhir+json", "application/fhir+xml"}
	}
	if file(fhir.SearchCompartment) != nil {
		for _, t := range conformance.Compartments() {
			out.Rest[0].Compartment = append(out.Rest[0].Compartment, "http://hl7.org/fhir/CompartmentDefinition/"+strings.ToLower(t))
		}
	}
	body, err := json.Marshal(out)
	if err != nil {
		panic(err) // plain structs: cannot be
	}
	return body
}

// remarks are what a statement has no element for.
const remarks = "Prefer: respond-async is heeded for searches, histories, $everything, batches and transactions. A batch takes operations and metadata besides. " +
	"An update creates only for clients that are registered with the right to choose ids."

func (s *server) date() string { return s.Software.Date.UTC().Format("2006-01-02") }

func codes(kinds ...fhir.InteractionKind) []coded {
	out := make([]coded, len(kinds))
	for i, k := range kinds {
		out[i] = coded{string(k)}
	}
	return out
}

// served are those of the interactions that there is a function for.
func served(kinds []fhir.InteractionKind) (out []fhir.InteractionKind) {
	for _, k := range kinds {
		if file(k) != nil {
			out = append(out, k)
		}
	}
	return out
}

func (s *server) resources(defs *conformance.Definitions, normative bool) (out []resourcePart) {
	deletes := "single"
	if s.Gate != nil && s.Gate.DeleteMany {
		deletes = "multiple"
	}
	pointing := referrers(defs)
	for _, t := range conformance.Types() {
		switch {
		case normative && !conformance.LayoutOf(t).Normative:
		case t == "AuditEvent":
			out = append(out, logPart())
		default:
			out = append(out, clinicalPart(defs, t, pointing[t], deletes))
		}
	}
	return out
}

// clinicalPart is the row of a type that clients read and write.
func clinicalPart(defs *conformance.Definitions, t string, pointing []string, deletes string) resourcePart {
	part := resourcePart{
		Type: t, Profile: profile(t), Interaction: codes(served(instanceInteractions)...), Versioning: "versioned-update", ReadHistory: true,
		ConditionalCreate: true, ConditionalRead: "full-support", ConditionalUpdate: true, ConditionalDelete: deletes,
		ReferencePolicy:  []string{"literal", "logical", "local"},
		SearchRevInclude: pointing,
		Operation: callable(func(o operation) bool {
			return o.levels&^atSystem != 0 && (slices.Contains(o.types, t) || slices.Contains(o.types, anyType))
		}),
	}
	if t == "Consent" {
		part.ConditionalDelete = "not-supported"
		part.Interaction = slices.DeleteFunc(part.Interaction, func(c coded) bool { return c.Code == string(fhir.Delete) })
	}
	for _, p := range defs.Searchable(t) {
		part.SearchParam = append(part.SearchParam, declare(p))
		if p.Type == conformance.ReferenceParam {
			part.SearchInclude = append(part.SearchInclude, t+":"+p.Code)
		}
	}
	return part
}

func profile(t string) string { return "http://hl7.org/fhir/StructureDefinition/" + t }

// referrers are, by type, the parameters of any type that can point at it: what
// _revinclude can name.
func referrers(defs *conformance.Definitions) map[string][]string {
	out := map[string][]string{}
	for _, t := range conformance.Types() {
		if t == "AuditEvent" {
			continue // rendered from the log, which no include reaches
		}
		for _, p := range defs.Searchable(t) {
			if p.Type != conformance.ReferenceParam {
				continue
			}
			for _, target := range p.Targets {
				out[target] = append(out[target], t+":"+p.Code)
			}
		}
	}
	return out
}

// declare is a search parameter as it is declared, with the expression by which
// it finds.
func declare(p *conformance.Parameter) searchParam {
	return searchParam{Name: p.Code, Definition: p.URL, Type: string(p.Type), Documentation: p.Expression}
}

// systemParameters are those that a search over all types understands without
// naming any: what every type has, and words.
func systemParameters(defs *conformance.Definitions) (out []searchParam) {
	for _, code := range []string{"_content", "_id", "_lastUpdated", "_profile", "_security", "_source", "_tag", "_text"} {
		if p, ok := defs.Lookup("Basic", code); ok {
			out = append(out, searchParam{Name: p.Code, Definition: p.URL, Type: string(p.Type)})
		}
	}
	return out
}

// callable are the operations for which a condition holds, each once.
func callable(when func(operation) bool) (out []operationPart) {
	for _, o := range operations {
		if !when(o) {
			continue
		}
		definition := o.definition
		if !strings.Contains(definition, ":") {
			definition = operationDefinition + definition
		}
		if part := (operationPart{o.name, definition}); !slices.Contains(out, part) {
			out = append(out, part)
		}
	}
	return out
}
