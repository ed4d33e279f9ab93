package rest

import (
	"encoding/json"
	"strings"
	"time"

	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/gate"
	"sluis/smart"
)

// explainDefinition is the canonical of an operation of this server's own.
const explainDefinition = "urn:sluis:operation:explain-access"

// explainAccess answers $explain-access: would somebody be let do something, and
// why (see gate.Explain for who may ask). It changes nothing; GET takes what is
// a Reference or an Identifier as text, Type/id or system|value. In:
//
//	actor         0..1  Reference|Identifier  Practitioner or PractitionerRole; without one, the organisation's own system
//	organization  0..1  Reference|Identifier  the custodian that the actor works for; needed beside a person
//	purpose       0..*  code                  v3-ActReason; TREAT for a person where none is given
//	action        0..1  code                  consentaction; access where none is given
//	resource      0..1  Reference             what it is about, or
//	patient       0..1  Reference             all data about a person
//	scope         0..1  string                SMART scopes of the actor's token; without them scopes are left out
//	at            0..1  instant               not in the past
//
// An actor that is an Organization is that organisation's own system. Out:
//
//	decision      1..1  code       permit | deny | partial (of a patient)
//	actor, organization, custodian, purpose, action, resource, patient, at: as understood
//	gate          1..*  what each gate says, in order: name, effect (permit | deny | partial | no-grant),
//	                    patient, consent (with its version), rule (provision path, strategy, policy, purpose), text, alarm
//	words         2..2  language (en, nl) and text: the same in plain words
func (x *exchange) explainAccess(args arguments) ([]byte, error) {
	q, err := questionOf(args)
	if err != nil {
		return nil, err
	}
	e, err := x.Gate.Explain(x.r.Context(), x.caller, q)
	if err != nil {
		return nil, err
	}
	return writeExplanation(e)
}

// questionReader reads arguments and gathers what is wrong with them.
type questionReader struct {
	arguments
	bad *fhir.Error
}

func (r questionReader) refuse(code, details, name string) {
	r.bad.Issues = append(r.bad.Issues, fhir.Issue{Code: code, Details: details, Expression: []string{name}})
}

// questionOf reads the arguments; the error names everything at fault.
func questionOf(args arguments) (gate.Question, error) {
	if err := args.known("actor", "organization", "purpose", "action", "resource", "patient", "scope", "at"); err != nil {
		return gate.Question{}, err
	}
	r := questionReader{args, &fhir.Error{Kind: fhir.Invalid}}
	var q gate.Question
	q.User, q.UserIdentifier = r.party("actor")
	organization, identifier := r.party("organization")
	q.Organization, q.OrganizationIdentifier = organization.ID, identifier
	if organization.Type != "" && organization.Type != "Organization" {
		r.refuse("value", "not an Organization", "organization")
	}
	if q.User.Type == "Organization" {
		if q.Organization != "" && q.Organization != q.User.ID || identifier.Code != "" {
			r.refuse("value", "the actor is another Organization", "organization")
		}
		q.User, q.Organization = fhir.Ref{}, q.User.ID
	}
	q.Purposes, q.Action = args.texts("purpose"), consent.Action(r.one("action"))
	q.Resource, _ = r.party("resource")
	q.Patient, _ = r.party("patient")
	if scope := r.one("scope"); scope != "" {
		var err error
		if q.Scopes, err = smart.ParseScopes(scope); err != nil || len(q.Scopes.Resources) == 0 {
			r.refuse("value", "not SMART scopes of resources", "scope")
		}
	}
	if at := r.one("at"); at != "" {
		var err error
		if q.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
			r.refuse("value", "not an instant", "at")
		}
	}
	if len(r.bad.Issues) > 0 {
		return gate.Question{}, r.bad
	}
	return q, nil
}

// one is a primitive that may be given once.
func (r questionReader) one(name string) string {
	value, err := r.text(name)
	if err != nil {
		r.refuse("invalid", "given more than once", name)
	}
	return value
}

// party is a resource by reference, or an identifier, given once.
func (r questionReader) party(name string) (ref fhir.Ref, identifier query.Coding) {
	var given []party
	for _, p := range r.url {
		if p.Name == name {
			given = append(given, partyOf(p.Value))
		}
	}
	for p := range r.parts() {
		if p.Get("name").Text() != name {
			continue
		}
		for value := range p.All() {
			if strings.HasPrefix(value.Key(), "value") {
				given = append(given, partyIn(value))
			}
		}
	}
	switch {
	case len(given) > 1:
		r.refuse("invalid", "given more than once", name)
	case len(given) == 0:
	case given[0].ref.IsZero() && given[0].identifier.Code == "":
		r.refuse("value", "neither Type/id nor an identifier with a value", name)
	default:
		return given[0].ref, given[0].identifier
	}
	return fhir.Ref{}, query.Coding{}
}

// party is who is meant, in one of two ways.
type party struct {
	ref        fhir.Ref
	identifier query.Coding
}

// partyOf reads Type/id or system|value.
func partyOf(text string) party {
	if system, value, ok := strings.Cut(text, "|"); ok {
		return party{identifier: query.Coding{System: system, Code: value}}
	}
	ref, _ := fhir.ParseRef(text)
	return party{ref: ref}
}

// partyIn reads a Reference, an Identifier or a primitive.
func partyIn(value fhir.Node) party {
	if value.Kind() != fhir.Object {
		return partyOf(primitive(value))
	}
	if ref := value.Get("reference").Text(); ref != "" {
		return partyOf(ref)
	}
	if nested := value.Get("identifier"); !nested.IsZero() {
		value = nested
	}
	return party{identifier: query.Coding{System: value.Get("system").Text(), Code: value.Get("value").Text()}}
}

// The parts of a Parameters that are written here.
type (
	parametersPart struct {
		ResourceType string          `json:"resourceType"`
		Parameter    []parameterPart `json:"parameter"`
	}
	parameterPart struct {
		Name      string          `json:"name"`
		Code      string          `json:"valueCode,omitempty"`
		Text      string          `json:"valueString,omitempty"`
		Instant   string          `json:"valueInstant,omitempty"`
		Boolean   bool            `json:"valueBoolean,omitempty"`
		Reference *referencePart  `json:"valueReference,omitempty"`
		Part      []parameterPart `json:"part,omitempty"`
	}
	referencePart struct {
		Reference string `json:"reference"`
	}
)

func referenceTo(name string, r fhir.Ref) []parameterPart {
	if r.IsZero() {
		return nil
	}
	return []parameterPart{{Name: name, Reference: &referencePart{r.String()}}}
}

func textPart(name, text string) []parameterPart {
	if text == "" {
		return nil
	}
	return []parameterPart{{Name: name, Text: printable(text)}}
}

// writeExplanation writes the out parameters.
func writeExplanation(e gate.Explanation) ([]byte, error) {
	q := e.Question
	organization := fhir.Ref{Type: "Organization", ID: q.Organization}
	out := parametersPart{"Parameters", []parameterPart{{Name: "decision", Code: e.Effect}}}
	add := func(parts ...parameterPart) { out.Parameter = append(out.Parameter, parts...) }
	add(referenceTo("actor", q.User)...)
	add(referenceTo("organization", organization)...)
	if e.Holder != "" {
		add(referenceTo("custodian", fhir.Ref{Type: "Organization", ID: e.Holder})...)
	}
	for _, p := range q.Purposes {
		add(parameterPart{Name: "purpose", Code: p})
	}
	add(parameterPart{Name: "action", Code: string(q.Action)})
	add(referenceTo("resource", q.Resource)...)
	add(referenceTo("patient", q.Patient)...)
	add(parameterPart{Name: "at", Instant: q.At.UTC().Format("2006-01-02T15:04:05.000Z07:00")})
	for _, s := range e.Steps {
		add(stepPart(s))
	}
	for _, l := range []gate.Language{gate.English, gate.Dutch} {
		add(parameterPart{Name: "words", Part: []parameterPart{{Name: "language", Code: string(l)}, {Name: "text", Text: strings.Join(e.Words(l), "\n")}}})
	}
	return json.Marshal(out)
}

func stepPart(s gate.Step) parameterPart {
	parts := []parameterPart{{Name: "name", Code: s.Gate}, {Name: "effect", Code: s.Effect}}
	parts = append(parts, referenceTo("patient", s.Patient)...)
	parts = append(parts, referenceTo("consent", s.Consent)...)
	parts = append(parts, textPart("rule", s.Rule)...)
	parts = append(parts, textPart("text", s.Text)...)
	if s.Alarm {
		parts = append(parts, parameterPart{Name: "alarm", Boolean: true})
	}
	return parameterPart{Name: "gate", Part: parts}
}
