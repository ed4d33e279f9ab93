package rest

import (
	"bytes"

	"sluis/fhir"
	"sluis/fhir/patch"
)

// meta answers $meta of a resource or version (R4 resource-operation-meta.html):
// its meta, with the labels that were added beside the resource for whoever may
// know them (see gate.LabelsOf).
func (x *exchange) meta(args arguments) ([]byte, error) {
	if err := args.known(); err != nil {
		return nil, err
	}
	kind := fhir.Read
	if x.ix.Version > 0 {
		kind = fhir.VRead
	}
	ix := fhir.Interaction{Kind: kind, Type: x.ix.Type, ID: x.ix.ID, Version: x.ix.Version}
	r, err := x.Gate.Read(x.r.Context(), x.caller, ix)
	if err != nil {
		return nil, err
	}
	added, err := x.Gate.LabelsOf(x.r.Context(), x.caller, ix.Ref().Latest())
	if err != nil {
		return nil, err
	}
	doc, err := fhir.ParseDocument(r.Body)
	if err != nil {
		return nil, fhir.Wrap(err, fhir.Internal, "exception", "a stored resource cannot be read")
	}
	var labels bytes.Buffer
	for i, l := range added {
		if i > 0 {
			labels.WriteByte(',')
		}
		labels.WriteString(`{"system":`)
		quote(&labels, l.System)
		labels.WriteString(`,"code":`)
		quote(&labels, l.Code)
		labels.WriteByte('}')
	}
	more, err := fhir.ParseDocument([]byte(`{"security":[` + labels.String() + `]}`))
	if err != nil {
		return nil, err
	}
	body, err := patch.AddMeta(more.Root()).Apply(doc)
	if err != nil {
		return nil, err
	}
	return x.returnMeta(body)
}

// changeMeta answers $meta-add and $meta-delete (R4
// resource-operation-meta-add.html). What they do is an update of the resource:
// it has a new version, and a label that must stay, stays beside it.
func (x *exchange) changeMeta(args arguments) ([]byte, error) {
	if err := args.known("meta"); err != nil {
		return nil, err
	}
	var meta []fhir.Node
	for p := range args.parts() {
		if value := p.Get("valueMeta"); value.Kind() == fhir.Object {
			meta = append(meta, value)
		}
	}
	if len(meta) != 1 {
		return nil, fhir.NewError(fhir.Invalid, "required", "one meta is needed", "meta")
	}
	change := patch.AddMeta
	if x.ix.Operation == "meta-delete" {
		change = patch.DeleteMeta
	}
	ix := fhir.Interaction{Kind: fhir.Patch, Type: x.ix.Type, ID: x.ix.ID, IfMatch: x.ix.IfMatch}
	done, err := x.Gate.Patch(x.r.Context(), x.caller, ix, change(meta[0]))
	if err != nil {
		return nil, err
	}
	x.versioned(done.Resource)
	return x.returnMeta(done.Resource.Body)
}

// returnMeta sends the meta of a resource.
func (x *exchange) returnMeta(body []byte) ([]byte, error) {
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return nil, fhir.Wrap(err, fhir.Internal, "exception", "a resource cannot be read")
	}
	out := []byte(`{"resourceType":"Parameters","parameter":[{"name":"return","valueMeta":`)
	out = append(append(out, doc.Root().Get("meta").Raw()...), `}]}`...)
	return out, nil
}
