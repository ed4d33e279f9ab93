package balp

import (
	dpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"

	"sluis/fhir"
)

func text(s string) *dpb.String { return &dpb.String{Value: s} }

// coding leaves out what is empty.
func coding(system, code, display string) *dpb.Coding {
	c := &dpb.Coding{Code: &dpb.Code{Value: code}}
	if system != "" {
		c.System = &dpb.Uri{Value: system}
	}
	if display != "" {
		c.Display = text(display)
	}
	return c
}

func concept(system, code, display string) *dpb.CodeableConcept {
	return &dpb.CodeableConcept{Coding: []*dpb.Coding{coding(system, code, display)}}
}

func reference(r fhir.Ref) *dpb.Reference {
	return &dpb.Reference{Reference: &dpb.Reference_Uri{Uri: text(r.String())}}
}

func organization(id string) *dpb.Reference {
	return reference(fhir.Ref{Type: "Organization", ID: id})
}

func display(s string) *dpb.Reference { return &dpb.Reference{Display: text(s)} }
