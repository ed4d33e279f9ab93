package main

import (
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/feed/files"
	"sluis/fhir"
	"sluis/gate"
)

// bundle stores the resources of a transaction, batch or collection in one
// transaction, each known by its fullUrl.
func (r *importRun) bundle(item files.Item) error {
	doc, err := fhir.ParseDocument(item.Bytes)
	if err != nil {
		return err
	}
	var list []named
	known := map[string]string{} // fullUrl and Type/id → type and source name
	bad := &gate.ImportError{Entries: map[int]error{}}
	for e := range doc.Root().Get("entry").All() {
		at := "Bundle.entry[" + strconv.Itoa(len(list)) + "]"
		entry, text := r.entry(e, known)
		if text != "" {
			bad.Entries[len(list)] = fhir.NewError(fhir.Invalid, "invalid", text, at)
		}
		entry.At = at
		list = append(list, named{entry, item.Place()})
	}
	if len(bad.Entries) > 0 {
		return bad
	}
	if list = r.fresh(list); len(list) == 0 {
		r.report.committed(item.Place(), nil)
		return nil
	}
	results, err := r.store(list, r.links(known))
	if err == nil {
		r.report.committed(item.Place(), results)
	}
	return err
}

// entry reads an entry and notes by which names others refer to it; or it says
// why the entry cannot be imported.
func (r *importRun) entry(e fhir.Node, known map[string]string) (entry gate.ImportEntry, wrong string) {
	resource, full := e.Get("resource"), e.Get("fullUrl").Text()
	kind, id := resource.Get("resourceType").Text(), resource.Get("id").Text()
	method := e.At("request", "method").Text()
	source := full
	if id != "" && (r.keepIDs || !strings.HasPrefix(full, "urn:")) {
		source = kind + "/" + id
	}
	switch {
	case resource.IsZero() || method != "" && method != "POST" && method != "PUT":
		return entry, "an import holds resources to create or update only"
	case !conformance.IsType(kind):
		return entry, "the resource has no known resourceType"
	case r.keepIDs && id == "":
		return entry, "the resource has no id to keep"
	case source == "":
		return entry, "an entry needs a fullUrl or its resource an id"
	}
	for _, name := range []string{full, kind + "/" + id} {
		if name != "" && !strings.HasSuffix(name, "/") {
			known[name] = kind + " " + source
		}
	}
	return gate.ImportEntry{Source: source, Type: kind, Body: resource.Raw()}, ""
}

// links rewrites the references of an import: names of this Bundle, and Type/id
// of the same source; a custodian's Organization is meant as it stands.
func (r *importRun) links(known map[string]string) gate.Links {
	custodian := r.caller.Grant.Organization
	return func(text string, reference bool) (string, bool) {
		if name, ok := known[text]; ok && (reference || strings.Contains(text, ":")) {
			kind, source, _ := strings.Cut(name, " ")
			if r.keepIDs {
				return source, source != text
			}
			return kind + "/" + r.gate.ImportID(custodian, kind, source), true
		}
		ref, ok := fhir.ParseRef(text)
		if !reference || !ok || r.keepIDs || !conformance.IsType(ref.Type) {
			return "", false
		}
		if _, configured := r.config.Custodian(ref.ID); configured && ref.Type == "Organization" {
			return "", false
		}
		return ref.Type + "/" + r.gate.ImportID(custodian, ref.Type, ref.Latest().String()), true
	}
}
