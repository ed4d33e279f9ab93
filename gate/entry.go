package gate

import (
	"encoding/base64"
	"mime"
	"strings"
	"time"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/patch"
)

// parseEntry reads one request of a Bundle (R4 bundle.html#Bundle.entry.request).
func parseEntry(e fhir.Node) (BundleEntry, error) {
	req := e.Get("request")
	method, url := req.Get("method").Text(), strings.TrimPrefix(req.Get("url").Text(), "/")
	if method == "" || req.Get("url").IsZero() {
		return BundleEntry{}, fhir.NewError(fhir.Invalid, "required", "an entry needs a request with method and url")
	}
	out := BundleEntry{FullURL: e.Get("fullUrl").Text(), Body: e.Get("resource").Raw(), Raw: method + " /" + url, Head: method == "HEAD"}
	if out.Head {
		method = "GET"
	}
	path, rawQuery, _ := strings.Cut(url, "?")
	var err error
	if out.Interaction, err = fhir.ParseInteraction(method, "/"+path, rawQuery, conformance.IsType); err != nil {
		return out, err
	}
	switch k := out.Interaction.Kind; k {
	case fhir.Transaction:
		return out, fhir.NewError(fhir.Invalid, "not-supported", string(k)+" cannot stand in a Bundle")
	case fhir.Patch:
		if out.Patch, err = parsePatch(e.Get("resource")); err != nil {
			return out, err
		}
	}
	if err := preconditions(&out.Interaction, req); err != nil {
		return out, err
	}
	return out, checkFullURL(out.FullURL, out.Interaction, e.Get("resource"))
}

// preconditions reads what makes an entry conditional. One that does not belong
// to the interaction is refused: it would be ignored.
func preconditions(ix *fhir.Interaction, req fhir.Node) (err error) {
	read, write := ix.Kind == fhir.Read || ix.Kind == fhir.VRead, isWrite(ix.Kind)
	for name, belongs := range map[string]bool{
		"ifNoneExist": ix.Kind == fhir.Create, "ifMatch": write && ix.Kind != fhir.Create, "ifNoneMatch": read, "ifModifiedSince": read,
	} {
		if !req.Get(name).IsZero() && !belongs {
			return fhir.NewError(fhir.Invalid, "invalid", name+" does not belong to "+string(ix.Kind))
		}
	}
	ix.IfNoneExist = req.Get("ifNoneExist").Text()
	if tag := req.Get("ifMatch").Text(); tag != "" {
		if ix.IfMatch, err = fhir.ParseIfMatch(tag); err != nil {
			return err
		}
	}
	if tag := req.Get("ifNoneMatch").Text(); tag != "" {
		switch ix.IfNoneMatch, err = fhir.ParseETag(tag); {
		case fhir.KindOf(err) == fhir.Precondition:
			ix.IfNoneMatch = -1 // a tag of no version here
		case err != nil:
			return err
		}
	}
	if since := req.Get("ifModifiedSince").Text(); since != "" {
		if ix.IfModifiedSince, err = time.Parse(time.RFC3339Nano, since); err != nil {
			return fhir.NewError(fhir.Invalid, "value", "ifModifiedSince must be an instant")
		}
	}
	return nil
}

// parsePatch reads the patch of an entry (R4 http.html#patch): a JSON Patch as
// the data of a Binary, or a FHIRPath Patch as Parameters.
func parsePatch(resource fhir.Node) (patch.Patch, error) {
	switch resource.Get("resourceType").Text() {
	case "Parameters":
		doc, err := fhir.ParseDocument(resource.Raw())
		if err != nil {
			return patch.Patch{}, err
		}
		return patch.ParseParameters(doc)
	case "Binary":
		if t, _, err := mime.ParseMediaType(resource.Get("contentType").Text()); err != nil || t != patch.JSONMediaType {
			return patch.Patch{}, fhir.NewError(fhir.Invalid, "not-supported", "a patch in a Binary is "+patch.JSONMediaType, "contentType")
		}
		data, err := base64.StdEncoding.DecodeString(resource.Get("data").Text())
		if err != nil {
			return patch.Patch{}, fhir.NewError(fhir.Invalid, "value", "data must be base64", "data")
		}
		return patch.ParseJSON(data)
	}
	return patch.Patch{}, fhir.NewError(fhir.Invalid, "invalid", "a patch is Parameters, or a Binary that holds a JSON Patch")
}
