package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"sluis/conformance"
	"sluis/feed"
	"sluis/feed/files"
	"sluis/feed/hl7v2"
	"sluis/fhir"
	"sluis/gate"
)

// bundle stores the resources of a transaction or collection in one
// transaction, each known by its fullUrl.
func (r *importRun) bundle(item files.Item) error {
	doc, err := fhir.ParseDocument(item.Bytes)
	if err != nil {
		return err
	}
	var entries []gate.ImportEntry
	known := map[string]string{} // fullUrl and Type/id → source name
	bad := &fhir.Error{Kind: fhir.Invalid}
	for e := range doc.Root().Get("entry").All() {
		entry, err := importEntry(e, known)
		if err != nil {
			for _, issue := range fhir.IssuesOf(err) {
				issue.Expression = []string{"Bundle.entry[" + strconv.Itoa(len(entries)) + "]"}
				bad.Issues = append(bad.Issues, issue)
			}
		}
		entries = append(entries, entry)
	}
	if len(bad.Issues) > 0 {
		return bad
	}
	if len(entries) == 0 {
		return nil
	}
	results, err := r.gate.Import(r.ctx, r.caller, entries, r.links(known), r.keepIDs)
	if err != nil {
		return err
	}
	r.report.committed(item.Place(), results)
	return nil
}

// importEntry reads an entry and notes by which names others refer to it.
func importEntry(e fhir.Node, known map[string]string) (gate.ImportEntry, error) {
	resource, full := e.Get("resource"), e.Get("fullUrl").Text()
	kind, id := resource.Get("resourceType").Text(), resource.Get("id").Text()
	method := e.At("request", "method").Text()
	if resource.IsZero() || method != "" && method != "POST" && method != "PUT" {
		return gate.ImportEntry{}, fhir.NewError(fhir.Invalid, "not-supported", "an import holds resources to create or update only")
	}
	source := full
	if id != "" && !strings.HasPrefix(full, "urn:") {
		source = kind + "/" + id
	}
	if source == "" {
		return gate.ImportEntry{}, fhir.NewError(fhir.Invalid, "required", "an entry needs a fullUrl or its resource an id")
	}
	for _, name := range []string{full, kind + "/" + id} {
		if name != "" && !strings.HasSuffix(name, "/") {
			known[name] = kind + " " + source
		}
	}
	return gate.ImportEntry{Source: source, Type: kind, Body: resource.Raw()}, nil
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

// message takes in one HL7 v2 message as the configured feed of its sender.
func (r *importRun) message(item files.Item) error {
	m, err := hl7v2.Parse(item.Bytes, hl7v2.Options{})
	if err != nil {
		return err
	}
	feeds, sink, err := r.feedsOf(r.caller.Grant.Organization)
	if err != nil {
		return err
	}
	c, known := feeds.Sender(m.Sender())
	if !known {
		return errors.New("no feed of this custodian is configured for the message's sender (MSH-3, MSH-4)")
	}
	d, err := hl7v2.Translate(m, c)
	d.Received = time.Now()
	if err != nil {
		return errors.Join(err, sink.Quarantine(r.ctx, d, err.Error()))
	}
	receipt, err := sink.Deliver(r.ctx, d)
	if err == nil {
		r.report.message(item.Place(), receipt.Duplicate)
	}
	return err
}

// feedsOf are the configured feeds of a custodian and where they deliver.
func (a *app) feedsOf(custodian string) (feed.Feeds, feedSink, error) {
	sink := feedSink{a.gate, map[string]gate.Caller{}}
	var configs []feed.Config
	for _, c := range a.config.Feeds {
		if c.Custodian == custodian {
			configs = append(configs, feedConfig(c))
			sink.callers[c.Name] = feedCaller(c)
		}
	}
	feeds, err := feed.NewFeeds(configs...)
	return feeds, sink, err
}
