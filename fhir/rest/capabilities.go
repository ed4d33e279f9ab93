package rest

import (
	"encoding/json"
	"net/http"

	"sluis/conformance"
	"sluis/fhir"
)

// The parts of a CapabilityStatement that are written here (R4
// capabilitystatement.html).
type (
	statement struct {
		ResourceType string     `json:"resourceType"`
		Status       string     `json:"status"`
		Date         string     `json:"date"`
		Kind         string     `json:"kind"`
		Software     named      `json:"software"`
		Implement    described  `json:"implementation"`
		FHIRVersion  string     `json:"fhirVersion"`
		Format       []string   `json:"format"`
		Rest         []restPart `json:"rest"`
	}
	named struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	described struct {
		Description string `json:"description"`
		URL         string `json:"url"`
	}
	restPart struct {
		Mode        string         `json:"mode"`
		Security    security       `json:"security"`
		Resource    []resourcePart `json:"resource"`
		Interaction []coded        `json:"interaction"`
	}
	security struct {
		CORS    bool       `json:"cors"`
		Service []codeable `json:"service"`
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
		Type              string        `json:"type"`
		Interaction       []coded       `json:"interaction"`
		Versioning        string        `json:"versioning"`
		ReadHistory       bool          `json:"readHistory"`
		UpdateCreate      bool          `json:"updateCreate"`
		ConditionalCreate bool          `json:"conditionalCreate"`
		ConditionalRead   string        `json:"conditionalRead"`
		ConditionalUpdate bool          `json:"conditionalUpdate"`
		ConditionalDelete string        `json:"conditionalDelete"`
		ReferencePolicy   []string      `json:"referencePolicy"`
		SearchInclude     []string      `json:"searchInclude,omitempty"`
		SearchParam       []searchParam `json:"searchParam"`
	}
	searchParam struct {
		Name       string `json:"name"`
		Definition string `json:"definition,omitempty"`
		Type       string `json:"type"`
	}
)

var clinicalInteractions = []fhir.InteractionKind{
	fhir.Read, fhir.VRead, fhir.Update, fhir.Delete, fhir.HistoryInstance, fhir.HistoryType, fhir.Create, fhir.SearchType,
}

// capabilities answers GET /metadata (R4 http.html#capabilities), the one
// interaction that needs no token. It is written from the tables that serve.
func (s *server) capabilities(w http.ResponseWriter, r *http.Request) {
	x := &exchange{server: s, w: w, r: r}
	if err := acceptable(r); err != nil {
		x.fail(err)
		return
	}
	x.write(http.StatusOK, s.statement())
}

// statement writes the CapabilityStatement; it never changes while serving.
func (s *server) writeStatement() []byte {
	body, err := json.Marshal(statement{
		ResourceType: "CapabilityStatement", Status: "active", Date: s.Software.Date.UTC().Format("2006-01-02"),
		Kind: "instance", Software: named{"Sluis", s.Software.Version},
		Implement:   described{"Sluis FHIR R4 server", s.Base},
		FHIRVersion: "4.0.1", Format: []string{"json"},
		Rest: []restPart{{
			Mode: "server", Resource: s.resources(),
			Security:    security{Service: []codeable{{[]coding{{"http://terminology.hl7.org/CodeSystem/restful-security-service", "SMART-on-FHIR"}}}}},
			Interaction: codes(fhir.Transaction, "batch", fhir.SearchSystem, fhir.HistorySystem),
		}},
	})
	if err != nil {
		panic(err) // plain structs: cannot be
	}
	return body
}

func codes(kinds ...fhir.InteractionKind) []coded {
	out := make([]coded, len(kinds))
	for i, k := range kinds {
		out[i] = coded{string(k)}
	}
	return out
}

func (s *server) resources() []resourcePart {
	var out []resourcePart
	for _, t := range conformance.Types() {
		if t == "AuditEvent" {
			out = append(out, logPart())
			continue
		}
		part := resourcePart{
			Type: t, Interaction: codes(clinicalInteractions...), Versioning: "versioned-update", ReadHistory: true,
			ConditionalCreate: true, ConditionalRead: "full-support", ConditionalUpdate: true, ConditionalDelete: "single",
			ReferencePolicy: []string{"literal", "logical", "local"},
		}
		if t == "Consent" {
			part.ConditionalDelete = "not-supported"
			part.Interaction = codes(without(clinicalInteractions, fhir.Delete)...)
		}
		for _, p := range conformance.Searchable(t) {
			part.SearchParam = append(part.SearchParam, searchParam{p.Code, p.URL, string(p.Type)})
			if p.Type == conformance.ReferenceParam {
				part.SearchInclude = append(part.SearchInclude, t+":"+p.Code)
			}
		}
		out = append(out, part)
	}
	return out
}

func without(kinds []fhir.InteractionKind, drop fhir.InteractionKind) []fhir.InteractionKind {
	var out []fhir.InteractionKind
	for _, k := range kinds {
		if k != drop {
			out = append(out, k)
		}
	}
	return out
}
