package consent

import "slices"

// Rules is one Consent, normalised, without its patient: patients whose
// consents have the same wording share one shape. It is made by consent/r4 and
// holds no FHIR JSON. The zero Rules cannot be enforced and so denies.
type Rules struct {
	Profile  Profile  `json:"profile,omitempty"`  // the reading the Consent declares; "" is the deployment's
	Research bool     `json:"research,omitempty"` // scope research: applies to research purposes only
	Base     Base     `json:"base,omitempty"`
	Holders  []string `json:"holders,omitempty"` // Consent.organization: Organization ids, a PCF consent's custodians
	Root     Rule     `json:"root,omitzero"`
	Nested   []Rule   `json:"nested,omitempty"` // each with an Effect; their order means nothing
	// Doubts say why the whole cannot be enforced (Base is then Unenforceable)
	// or what was left out because it could only have permitted more.
	Doubts []string `json:"doubts,omitempty"`
}

// Base is what the root provision of a Consent says, once provision.type and
// policyRule are taken together (R4 Consent.provision.type; spec "Traps", 2).
type Base string

// The bases. A type-less root under OPTIN or OPTOUT is the exception to it.
const (
	Unenforceable Base = ""        // denies everything, and an operator must look
	PermitRoot    Base = "permit"  // what the root matches is permitted
	DenyRoot      Base = "deny"    // what the root matches is denied
	NestedOnly    Base = "nested"  // only nested provisions speak
	OptIn         Base = "opt-in"  // what the root matches is denied, all else permitted
	OptOut        Base = "opt-out" // denied at the holders the root names (none named: everywhere)
)

// Effect is what a nested provision does where it matches.
type Effect string

// The effects. Anything but Permit denies.
const (
	Permit Effect = "permit"
	Deny   Effect = "deny"
)

// Rule is one provision. An absent element does not constrain. Repetitions are
// alternatives, with the exceptions that reach names.
type Rule struct {
	Effect   Effect  `json:"effect,omitempty"` // of a nested rule
	Period   Period  `json:"period,omitzero"`
	Actors   []Actor `json:"actors,omitempty"`
	Purposes []Code  `json:"purposes,omitempty"`
	Actions  []Code  `json:"actions,omitempty"`
	Labels   []Code  `json:"labels,omitempty"`
	Classes  []Code  `json:"classes,omitempty"`
	Codes    []Code  `json:"codes,omitempty"`
	// DataPeriod is the time that the data are of; Data are single resources and
	// what is theirs.
	DataPeriod Period  `json:"dataPeriod,omitzero"`
	Data       []Datum `json:"data,omitempty"`
	// Nested are the provisions within this one: they count where it matches, and
	// before it.
	Nested []Rule `json:"nested,omitempty"`
	// Unread names elements that are present but that this server cannot
	// enforce, such as an actor in a role that it does not know: a permit then
	// matches nothing, and a deny matches as if they were absent.
	Unread []string `json:"unread,omitempty"`
	// Opaque: a modifier that is not understood may change what the whole rule
	// means. A permit then matches nothing and a deny everything.
	Opaque bool `json:"opaque,omitempty"`
}

// Code is a code in a system. One without a Code stands for an entry that could
// not be read.
type Code struct {
	System string `json:"system,omitempty"`
	Code   string `json:"code,omitempty"`
}

// Datum is one Consent.provision.data: a literal reference Type/id or, where
// nothing but authors is meant, an identifier. Neither is one that could not be
// read.
type Datum struct {
	Meaning string `json:"meaning"` // R4 consent-data-meaning
	Ref     string `json:"ref,omitempty"`
	System  string `json:"system,omitempty"`
	Value   string `json:"value,omitempty"`
}

// The meanings of a Datum. Any other matches in a deny and never in a permit.
const (
	Instance   = "instance"   // the resource itself
	Linked     = "related"    // and what it refers to; in PCF what refers to it
	Dependents = "dependents" // and what refers to it
	AuthoredBy = "authoredby" // what the reference wrote, performed, recorded, asserted or requested
)

// Actor is who a rule is about: a literal reference Type/id, a business
// identifier, or neither when it could not be read.
type Actor struct {
	Role   string `json:"role"` // v3-ParticipationType: IRCP, PRCP, CST, AUT
	Ref    string `json:"ref,omitempty"`
	System string `json:"system,omitempty"`
	Value  string `json:"value,omitempty"`
}

// The actor roles that are understood. Any other matches in a deny and never
// in a permit.
const (
	Recipient        = "IRCP"
	PrimaryRecipient = "PRCP"
	Holder           = "CST" // the data holder, not the requester
	Author           = "AUT" // of the data
)

// Period is as written, so that what a date covers is decided in the zone of
// the deployment. An empty end is open.
type Period struct {
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}

// The code systems that the elements of a rule are read in.
const (
	ActReason       = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	ActCode         = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	Confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
	ConsentAction   = "http://terminology.hl7.org/CodeSystem/consentaction"
	ConsentScope    = "http://terminology.hl7.org/CodeSystem/consentscope"
	ResourceTypes   = "http://hl7.org/fhir/resource-types"
	ProfileURI      = "urn:ietf:rfc:3986" // Consent.provision.class: the canonical of a profile
)

// Constrains reports whether the rule has an element of its own besides its
// period: under OPTIN a root without one is validity and no exception.
func (r Rule) Constrains() bool {
	return len(r.Actors)+len(r.Purposes)+len(r.Actions)+len(r.Labels)+len(r.Classes)+len(r.Codes)+len(r.Data)+len(r.Unread) > 0 ||
		r.DataPeriod != (Period{}) || r.Opaque
}

// tells lists the elements by which the rule tells data apart.
func (r Rule) tells() []string {
	role := func(role string) bool {
		return slices.ContainsFunc(r.Actors, func(a Actor) bool { return a.Role == role })
	}
	var out []string
	for _, e := range []struct {
		name string
		has  bool
	}{
		{"holder", role(Holder)}, {"author", role(Author)}, {"security label", len(r.Labels) > 0}, {"class", len(r.Classes) > 0},
		{"code", len(r.Codes) > 0}, {"period", r.DataPeriod != Period{}}, {"reference", len(r.Data) > 0},
	} {
		if e.has {
			out = append(out, e.name)
		}
	}
	return out
}

// within is a nested rule as it counts below another: in a permit an element
// that is missing is that of the rule above (omission never widens), in a deny
// it does not constrain (omission never narrows).
func (r Rule) within(above Rule) Rule {
	if r.Effect != Permit {
		return r
	}
	return r.filled(above)
}

// filled is the rule with what it lacks taken from the one above: what the
// permits below it inherit, be it a deny itself. Actors are inherited by group,
// so that a permit that names a recipient keeps the holder its root names.
func (r Rule) filled(root Rule) Rule {
	if r.Period == (Period{}) {
		r.Period = root.Period
	}
	r.Actors = inheritActors(r.Actors, root.Actors)
	r.Purposes = inherit(r.Purposes, root.Purposes)
	r.Actions = inherit(r.Actions, root.Actions)
	r.Labels = inherit(r.Labels, root.Labels)
	r.Classes = inherit(r.Classes, root.Classes)
	r.Codes = inherit(r.Codes, root.Codes)
	r.Data = inherit(r.Data, root.Data)
	if r.DataPeriod == (Period{}) {
		r.DataPeriod = root.DataPeriod
	}
	r.Unread = inherit(r.Unread, root.Unread)
	r.Opaque = r.Opaque || root.Opaque
	return r
}

func inherit[T any](own, root []T) []T {
	if len(own) > 0 {
		return own
	}
	return root
}

func inheritActors(own, root []Actor) []Actor {
	has := map[string]bool{}
	for _, a := range own {
		has[roleGroup(a.Role)] = true
	}
	out := own[:len(own):len(own)]
	for _, a := range root {
		if !has[roleGroup(a.Role)] {
			out = append(out, a)
		}
	}
	return out
}

// roleGroup puts the two kinds of recipient together.
func roleGroup(role string) string {
	if role == PrimaryRecipient {
		return Recipient
	}
	return role
}
