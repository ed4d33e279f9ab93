package main

import (
	"encoding/json"

	"sluis/cmd/sluis/config"
)

type identifier struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

type reference struct {
	Reference string `json:"reference"`
}

// organization writes a custodian's Organization.
func organization(c config.Custodian) ([]byte, error) {
	o := struct {
		ResourceType string       `json:"resourceType"`
		Identifier   []identifier `json:"identifier,omitempty"`
		Active       bool         `json:"active"`
		Name         string       `json:"name"`
		PartOf       *reference   `json:"partOf,omitempty"`
	}{ResourceType: "Organization", Active: true, Name: c.Name}
	if c.URA != "" {
		o.Identifier = []identifier{{"http://fhir.nl/fhir/NamingSystem/ura", c.URA}}
	}
	if c.PartOf != "" {
		o.PartOf = &reference{"Organization/" + c.PartOf}
	}
	return json.Marshal(o)
}
