package portal

import (
	"fmt"
	"strings"

	"sluis/audit"
	"sluis/consent"
	"sluis/fhir"
)

// deed is what the patient may know of a record, in words: the projection of
// the log (see balp.View) and nothing else. No query, address, token, reason,
// resource by name, or person.
type deed struct {
	Who, Role string
	action    string
	Basis     string // why it was permitted, or why not
	Consent   string // id of the one consent relied on
	Own       bool   // the patient's or a representative's
	Denied    bool   // the gates said no
	Failed    bool   // it went wrong otherwise
	Emergency bool
}

func (v *visit) deed(r audit.Record) deed {
	d := deed{
		Who: v.holder(r.Organization), Role: v.role(r.Role), action: r.Action, Own: r.PatientsOwn,
		Denied: r.Outcome == audit.Denied, Failed: r.Outcome == audit.Refused || r.Outcome == audit.Failed, Emergency: r.Emergency,
	}
	switch {
	case d.Own:
		d.Who = v.words[v.self(r.User)]
	case r.Organization == "":
		d.Who = v.words["unnamed"]
	}
	d.Basis, d.Consent = v.basis(r)
	return d
}

// self is the word for who of the patient's own side asked.
func (v *visit) self(user fhir.Ref) string {
	me := v.caller.Grant.User
	switch {
	case user.Type == me.Type && (me.Type == "Patient" || user.ID == me.ID):
		return "yourself" // of several Patients of one person each is the same
	case user.Type == "Patient":
		return "thePatient"
	}
	return "representative"
}

// ownRecord is the implicit policy of IHE PCF 1.1 by which a custodian uses its
// own records.
const ownRecord = "https://profiles.ihe.net/ITI/PCF/Policy-basic-normal"

// basis is the ground in words, with the consent when there is exactly one.
func (v *visit) basis(r audit.Record) (text, consentID string) {
	switch {
	case r.Outcome == audit.Denied && !r.PatientsOwn && !r.Relation:
		return v.words["basis.noRelation"], ""
	case r.Outcome == audit.Denied && !r.PatientsOwn:
		return v.words["basis.noConsent"], ""
	case r.Outcome != audit.Success || r.PatientsOwn:
		return "", ""
	case r.Feed != "":
		return v.words["basis.feed"], ""
	}
	var words []string
	consents := 0
	for _, policy := range r.Policy {
		word := "basis.other"
		ref, ok := fhir.ParseRef(policy)
		switch {
		case ok && ref.Type == "Consent":
			word, consentID = "basis.consent", ref.ID
			consents++
		case policy == ownRecord:
			word = "basis.own"
		case policy == consent.ImplicitPolicy:
			word = "basis.default"
		}
		words = append(words, v.words[word])
	}
	if consents != 1 {
		consentID = ""
	}
	for _, purpose := range r.Purpose {
		if word, known := v.words["purpose."+purpose]; known {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", "), consentID
}

// role is a role code of the UZI register in words, where it is a common one.
func (v *visit) role(code string) string {
	if code == "" {
		return ""
	}
	if word, known := v.words["role."+code]; known {
		return word
	}
	return v.words["role"] + " " + code
}

// kinds are the sorts of data that a record is about, in words. A refused
// search is known by the patient it named only.
func (v *visit) kinds(r audit.Record) (out []string) {
	for _, data := range r.Data {
		word, known := v.words["type."+data.Type]
		switch {
		case r.Outcome == audit.Denied && data.Type == "Patient":
			word = v.words["yourData"]
		case !known:
			word = data.Type
		}
		out = append(out, word)
	}
	if len(out) == 0 {
		return []string{v.words["yourData"]}
	}
	return out
}

// sentence says what was done with what.
func (v *visit) sentence(d deed, kinds []string) string {
	return fmt.Sprintf(v.words["deed"], v.words["action."+d.action], list(kinds))
}

// list joins without doubles.
func list(words []string) string {
	var out []string
	seen := map[string]bool{}
	for _, w := range words {
		if !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return strings.Join(out, ", ")
}
