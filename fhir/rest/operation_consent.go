package rest

import (
	"cmp"
	"slices"
	"time"

	"sluis/conformance"
	"sluis/consent"
	"sluis/fhir"
	"sluis/gate"
)

// Operations on consents as HL7's FAST Consent guide has them. They answer with
// more than an OperationOutcome, so their canonicals are this server's own.
const (
	fileConsentDefinition      = "urn:sluis:operation:file-consent"
	revokeConsentDefinition    = "urn:sluis:operation:revoke-consent"
	recordDisclosureDefinition = "urn:sluis:operation:record-disclosure"
)

// maxDocuments bounds what one Consent is filed with.
const maxDocuments = 20

// fileConsent answers Consent/$fileConsent (FAST Consent, file-consent): consent
// (1..1 Consent), document (0..* DocumentReference) and questionnaire (0..*
// QuestionnaireResponse), or a Consent as the body. It returns the Consent as it
// was stored.
func (x *exchange) fileConsent(args arguments) ([]byte, error) {
	if err := args.known("consent", "document", "questionnaire"); err != nil {
		return nil, err
	}
	bad := &fhir.Error{Kind: fhir.Invalid}
	filed := x.passed(args, bad, "consent", "Consent")
	documents := slices.Concat(x.passed(args, bad, "document", "DocumentReference"), x.passed(args, bad, "questionnaire", "QuestionnaireResponse"))
	if len(filed) != 1 || len(documents) > maxDocuments {
		bad.Issues = append(bad.Issues, fhir.Issue{Code: "required", Details: "one Consent is needed, and a few documents at most", Expression: []string{"consent"}})
	}
	if len(bad.Issues) > 0 {
		return nil, bad
	}
	done, err := x.Gate.FileConsent(x.r.Context(), x.caller, filed[0], documents)
	if err != nil {
		return nil, err
	}
	x.versioned(done.Resource)
	x.w.Header().Set("Location", x.location(done.Resource))
	return done.Resource.Body, nil
}

// passed are the resources of a type that are passed under a name.
func (x *exchange) passed(args arguments, bad *fhir.Error, name, resourceType string) (out []*fhir.Document) {
	if args.body != nil && args.body.Type() == resourceType && name == "consent" {
		return []*fhir.Document{args.body}
	}
	for p := range args.parts() {
		if p.Get("name").Text() != name {
			continue
		}
		doc, err := fhir.ParseDocument(p.Get("resource").Raw())
		if err != nil || doc.Type() != resourceType {
			bad.Issues = append(bad.Issues, fhir.Issue{Code: "value", Details: "no " + resourceType, Expression: []string{name}})
			continue
		}
		out = append(out, doc)
	}
	return out
}

// revokeConsent answers Consent/[id]/$revokeConsent (FAST Consent,
// revoke-consent): the Consent as it is from now on. It has no arguments; If-Match
// is heeded.
func (x *exchange) revokeConsent(args arguments) ([]byte, error) {
	if err := args.known(); err != nil {
		return nil, err
	}
	done, err := x.Gate.RevokeConsent(x.r.Context(), x.caller, x.ix.ID, x.ix.IfMatch)
	if err != nil {
		return nil, err
	}
	x.versioned(done)
	return done.Body, nil
}

// recordDisclosure answers AuditEvent/$recordDisclosure (FAST Consent,
// record-disclosure): disclosure (1..1 AuditEvent) and consent (0..1
// Reference(Consent)). Of the AuditEvent count: the entity of role 1 that is the
// Patient, the types of the other entities, purposeOfEvent, recorded, and the
// agent that received the data (IRCP, or DCM 110152): a Practitioner,
// PractitionerRole or Organization here. It returns an OperationOutcome: the
// event itself is shown to the patient, and not to who told it.
func (x *exchange) recordDisclosure(args arguments) ([]byte, error) {
	if err := args.known("disclosure", "consent"); err != nil {
		return nil, err
	}
	bad := &fhir.Error{Kind: fhir.Invalid}
	told := x.passed(args, bad, "disclosure", "AuditEvent")
	if len(told) != 1 {
		bad.Issues = append(bad.Issues, fhir.Issue{Code: "required", Details: "one AuditEvent is needed", Expression: []string{"disclosure"}})
		return nil, bad
	}
	if issues := conformance.Validate(told[0]); slices.ContainsFunc(issues, func(i fhir.Issue) bool { return i.Severity != "warning" && i.Severity != "information" }) {
		return nil, &fhir.Error{Kind: fhir.Unprocessable, Issues: issues}
	}
	r := questionReader{args, bad}
	d := r.disclosure(told[0].Root())
	if d.Consent, _ = r.party("consent"); !d.Consent.IsZero() && d.Consent.Type != "Consent" {
		r.refuse("value", "no Consent", "consent")
	}
	if len(bad.Issues) > 0 {
		return nil, bad
	}
	if err := x.Gate.RecordDisclosure(x.r.Context(), x.caller, d); err != nil {
		return nil, err
	}
	return outcome(allOK()), nil
}

// maxTold bounds the purposes of a disclosure.
const maxTold = 8

// disclosure reads an AuditEvent, and gathers what is missing from it.
func (r questionReader) disclosure(event fhir.Node) gate.Disclosure {
	var d gate.Disclosure
	for e := range event.Get("entity").All() {
		ref, _ := fhir.ParseRef(e.At("what", "reference").Text())
		if ref.Type == "Patient" && e.At("role", "code").Text() == "1" {
			if !d.Patient.IsZero() && d.Patient != ref.Latest() {
				r.refuse("value", "an event is about one patient", "AuditEvent.entity")
			}
			d.Patient = ref.Latest()
		} else if t := cmp.Or(ref.Type, e.At("what", "type").Text()); conformance.IsType(t) && t != "Consent" && !slices.Contains(d.Types, t) {
			d.Types = append(d.Types, t)
		}
	}
	for a := range event.Get("agent").All() {
		if ref, ok := fhir.ParseRef(a.At("who", "reference").Text()); ok && receives(a) && ref.Type == "Organization" {
			d.Organization = ref.ID
		} else if ok && receives(a) && (ref.Type == "Practitioner" || ref.Type == "PractitionerRole") {
			d.User = ref.Latest()
		}
	}
	for p := range event.Get("purposeOfEvent").All() {
		for c := range p.Get("coding").All() {
			if code := c.Get("code").Text(); c.Get("system").Text() == consent.ActReason && code != "" {
				d.Purposes = append(d.Purposes, code)
			}
		}
	}
	var err error
	if d.Happened, err = time.Parse(time.RFC3339Nano, event.Get("recorded").Text()); err != nil {
		r.refuse("value", "not an instant", "AuditEvent.recorded")
	}
	for name, lacks := range map[string]bool{
		"AuditEvent.entity": d.Patient.IsZero() || len(d.Types) == 0, "AuditEvent.agent": d.User.IsZero() && d.Organization == "",
		"AuditEvent.purposeOfEvent": len(d.Purposes) == 0 || len(d.Purposes) > maxTold,
	} {
		if lacks {
			r.refuse("required", "the patient, what was disclosed, who received it and for what purpose are needed", name)
		}
	}
	return d
}

// receives reports whether an agent is one to whom data went.
func receives(agent fhir.Node) bool {
	for c := range agent.At("type", "coding").All() {
		switch c.Get("code").Text() {
		case "IRCP", "PRCP", "110152":
			return true
		}
	}
	return false
}
