package rest

import (
	"mime"

	"sluis/fhir"
	"sluis/fhir/patch"
)

// patch answers patch and conditional patch (R4 http.html#patch). The media
// type tells a JSON Patch from a FHIRPath Patch.
func (x *exchange) patch() error {
	p, err := x.patchDocument()
	if err != nil {
		return err
	}
	done, err := x.Gate.Patch(x.r.Context(), x.caller, x.ix, p)
	if err != nil {
		return err
	}
	x.written(done)
	return nil
}

func (x *exchange) patchDocument() (patch.Patch, error) {
	if name, _, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type")); name == patch.JSONMediaType {
		return patch.ParseJSON(x.body)
	}
	doc, err := fhir.ParseDocument(x.body)
	if err != nil {
		return patch.Patch{}, err
	}
	return patch.ParseParameters(doc)
}
