package r4

import (
	"fmt"
	"strings"

	"sluis/consent"
	"sluis/fhir"

	pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/consent_go_proto"
)

// Check applies our own invariants to a Consent that is to be stored and is
// valid R4. R4's invariants ppc-2 to ppc-5 compare with system='something' and
// so never fire: a privacy consent without a patient is valid R4.
//
// An error means that the Consent cannot do what its author expects and is
// refused (422): nobody whose data it governs, or nothing that says whether it
// permits or denies. What is understood only in part is accepted, enforced on
// the strict side, and named in a warning: a sender must be able to deliver
// a restriction that is finer than we enforce.
func Check(body []byte) []fhir.Issue {
	c, err := parse(body)
	if err != nil {
		return []fhir.Issue{{Code: "structure", Details: "the Consent cannot be read: " + err.Error(), Expression: []string{"Consent"}}}
	}
	if privacy, research := scopes(c.GetScope()); !privacy && !research {
		return nil
	}
	issues := checkPatient(c)
	rules, applies := Read(body)
	switch {
	case !applies:
		return issues
	case rules.Base == consent.Unenforceable:
		return append(issues, refusal("not-supported", strings.Join(rules.Doubts, ", "), "Consent.provision"))
	}
	for _, d := range rules.Doubts {
		issues = append(issues, warning(d, "Consent.provision"))
	}
	issues = append(issues, checkRule(rules.Root, "Consent.provision")...)
	return append(issues, checkBelow(c.GetProvision(), "Consent.provision")...)
}

// checkBelow warns of what stands within a provision, at any depth.
func checkBelow(p *pb.Consent_Provision, path string) []fhir.Issue {
	var out []fhir.Issue
	for i, n := range p.GetProvision() {
		at := fmt.Sprintf("%s.provision[%d]", path, i)
		out = append(append(out, checkRule(rule(n), at)...), checkBelow(n, at)...)
	}
	return out
}

func checkPatient(c *pb.Consent) []fhir.Issue {
	if ref, ok := fhir.ParseRef(literal(c.GetPatient())); ok && ref.Type == "Patient" {
		return nil
	}
	return []fhir.Issue{refusal("required", "a consent about privacy or research needs the patient, as a reference to a Patient here", "Consent.patient")}
}

// checkRule warns of elements that count for less, or deny more, than written.
func checkRule(r consent.Rule, path string) []fhir.Issue {
	var out []fhir.Issue
	if r.Opaque {
		out = append(out, warning("a modifier extension is not understood: permits nothing, denies everything", path))
	}
	for _, u := range r.Unread {
		out = append(out, warning(u+" is not enforced: permits nothing, denies as if it were absent", path))
	}
	for _, a := range r.Actors {
		if a.Ref == "" && a.Value == "" {
			out = append(out, warning("an actor is neither a reference to a resource here nor an identifier: permits nobody, denies everybody", path+".actor"))
		}
	}
	for _, d := range r.Data {
		if _, ok := fhir.ParseRef(d.Ref); !ok && (d.Meaning != consent.AuthoredBy || d.Value == "") {
			out = append(out, warning("data is no reference to a resource here: permits nothing, denies everything", path+".data"))
		}
	}
	if !r.DataPeriod.Readable() {
		out = append(out, warning("a period without a value: permits nothing, denies everything", path+".dataPeriod"))
	}
	for _, e := range []struct {
		element, system string
		codes           []consent.Code
	}{
		{"purpose", consent.ActReason, r.Purposes},
		{"action", consent.ConsentAction, r.Actions},
		{"securityLabel", "", r.Labels},
		{"class", "", r.Classes},
		{"code", "", r.Codes},
	} {
		for _, c := range e.codes {
			if c.Code == "" || c.System == "" || e.system != "" && c.System != e.system {
				out = append(out, warning("a code of an unknown system: permits nothing, denies for any", path+"."+e.element))
			}
		}
	}
	return out
}

func refusal(code, details, path string) fhir.Issue {
	return fhir.Issue{Severity: "error", Code: code, Details: details, Expression: []string{path}}
}

func warning(details, path string) fhir.Issue {
	return fhir.Issue{Severity: "warning", Code: "business-rule", Details: details, Expression: []string{path}}
}
