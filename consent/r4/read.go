package r4

import (
	"slices"
	"strings"
	"sync"

	"sluis/consent"
	"sluis/fhir"

	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"
	codes "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/codes_go_proto"
	types "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	bundle "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/bundle_and_contained_resource_go_proto"
	pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/consent_go_proto"
)

const (
	pcfProfiles  = "https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consent"
	mitzProfiles = "http://vzvz.nl/fhir/otv/StructureDefinition/mitz-"
)

// unmarshaller is kept once: making one costs milliseconds. Dates without a
// zone are read in UTC and written back without one (see dateTime).
var unmarshaller = sync.OnceValues(func() (*jsonformat.Unmarshaller, error) {
	u, err := jsonformat.NewUnmarshallerWithoutValidation("UTC", fhirversion.R4)
	if err == nil {
		u.MaxNestingDepth = fhir.MaxDepth
	}
	return u, err
})

// Read turns a Consent into rules. applies is false when it says nothing about
// access: its scope is another than patient-privacy or research (nl-core's
// treatment and advance directives are clinical data), or it is not active.
// What cannot be read denies.
func Read(body []byte) (rules consent.Rules, applies bool) {
	c, err := parse(body)
	if err != nil {
		if clinical(body) {
			return consent.Rules{}, false
		}
		return unenforceable("the Consent cannot be read"), true
	}
	privacy, research := scopes(c.GetScope())
	if !privacy && !research {
		return consent.Rules{}, false
	}
	switch c.GetStatus().GetValue() {
	case codes.ConsentStateCode_ACTIVE:
	case codes.ConsentStateCode_INVALID_UNINITIALIZED:
		return unenforceable("its status cannot be read"), true
	default:
		if !mitzObjection(c) {
			return consent.Rules{}, false
		}
	}
	rules = read(c)
	rules.Research = research && !privacy
	return rules, true
}

func parse(body []byte) (*pb.Consent, error) {
	u, err := unmarshaller()
	if err != nil {
		return nil, err
	}
	m, err := u.Unmarshal(body)
	if err != nil {
		return nil, err
	}
	c := m.(*bundle.ContainedResource).GetConsent()
	if c == nil {
		return nil, fhir.NewError(fhir.Invalid, "structure", "not a Consent")
	}
	return c, nil
}

// clinical reports whether a Consent that google/fhir refuses is for certain a
// directive and no permission.
func clinical(body []byte) bool {
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return false
	}
	found := false
	for c := range doc.Root().At("scope", "coding").All() {
		if c.Get("system").Text() != consent.ConsentScope {
			return false
		}
		switch c.Get("code").Text() {
		case "treatment", "adr":
			found = true
		default:
			return false
		}
	}
	return found
}

func unenforceable(doubt string) consent.Rules { return consent.Rules{Doubts: []string{doubt}} }

// scopes takes the two codes in any system: a Consent that was meant to
// restrict must not be missed for the spelling of its system.
func scopes(c *types.CodeableConcept) (privacy, research bool) {
	for _, coding := range c.GetCoding() {
		privacy = privacy || coding.GetCode().GetValue() == "patient-privacy"
		research = research || coding.GetCode().GetValue() == "research"
	}
	return privacy, research
}

func claims(c *pb.Consent, prefix string) bool {
	return slices.ContainsFunc(c.GetMeta().GetProfile(), func(p *types.Canonical) bool { return strings.HasPrefix(p.GetValue(), prefix) })
}

// mitzObjection recognises how Mitz, the Dutch consent register, writes that a
// patient refuses: a Consent of its profiles with status inactive and
// a provision without a type. Elsewhere inactive is a withdrawal.
func mitzObjection(c *pb.Consent) bool {
	return claims(c, mitzProfiles) && c.GetStatus().GetValue() == codes.ConsentStateCode_INACTIVE &&
		c.GetProvision() != nil && c.GetProvision().GetType() == nil
}

// denials are the rules that deny, with nothing within them that permits.
func denials(nested []consent.Rule) []consent.Rule {
	out := slices.DeleteFunc(nested, permits)
	for i := range out {
		out[i].Nested = nil
	}
	return out
}

func permits(r consent.Rule) bool { return r.Effect == consent.Permit }

// read normalises an applicable Consent.
func read(c *pb.Consent) consent.Rules {
	if len(c.GetModifierExtension()) > 0 || c.GetImplicitRules() != nil {
		return unenforceable("it has a modifier extension or implicit rules that are not understood")
	}
	r := consent.Rules{Root: rule(c.GetProvision()), Holders: holders(c.GetOrganization())}
	if claims(c, pcfProfiles) {
		r.Profile = consent.PCF
	}
	for _, n := range c.GetProvision().GetProvision() {
		r.Nested = append(r.Nested, nested(n))
	}
	if mitzObjection(c) {
		r.Base, r.Nested = consent.DenyRoot, denials(r.Nested)
		return r
	}
	var doubt string
	if r.Base, doubt = base(c, r); r.Base == consent.Unenforceable {
		return unenforceable(doubt)
	}
	return r
}

// base weighs provision.type and policyRule. R4 forbids a type at the root and
// PCF demands one; where there is one it counts, and what it does not match is
// not spoken of. A root without a type is the exception to OPTIN or OPTOUT, save
// that under OPTIN a root that has nothing but a period is validity. R4's own
// examples contradict each other about the exception to OPTOUT, so it never
// permits.
func base(c *pb.Consent, r consent.Rules) (consent.Base, string) {
	in, out := policyRule(c.GetPolicyRule())
	t := c.GetProvision().GetType()
	switch {
	case t.GetValue() == codes.ConsentProvisionTypeCode_PERMIT:
		return consent.PermitRoot, ""
	case t.GetValue() == codes.ConsentProvisionTypeCode_DENY:
		return consent.DenyRoot, ""
	case t != nil:
		return consent.Unenforceable, "the type of its provision cannot be read"
	case in == out:
		return consent.Unenforceable, "neither a provision type nor a policy rule OPTIN or OPTOUT says what it means"
	case out:
		return consent.OptOut, ""
	case r.Root.Constrains():
		return consent.OptIn, ""
	case slices.ContainsFunc(r.Nested, permits):
		return consent.NestedOnly, "" // what is opted into is listed
	}
	return consent.PermitRoot, ""
}

func policyRule(c *types.CodeableConcept) (in, out bool) {
	for _, coding := range c.GetCoding() {
		if coding.GetSystem().GetValue() == consent.ActCode {
			in = in || coding.GetCode().GetValue() == "OPTIN"
			out = out || coding.GetCode().GetValue() == "OPTOUT"
		}
	}
	return in, out
}

// holders are the Organizations that keep the Consent; "" is one that cannot
// be read.
func holders(refs []*types.Reference) []string {
	var out []string
	for _, r := range refs {
		ref, _ := fhir.ParseRef(literal(r))
		if ref.Type != "Organization" {
			ref.ID = ""
		}
		out = append(out, ref.ID)
	}
	return out
}
