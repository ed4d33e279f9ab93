package r4_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluis/consent"
	"sluis/consent/r4"

	pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/consent_go_proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const head = `{"resourceType":"Consent","status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},` +
	`"category":[{"text":"x"}],"patient":{"reference":"Patient/a"},`

// TestN13_OnlyTheVersionInForceCounts: a withdrawal is a new version with
// another status; the same wording under any status but active says nothing.
func TestN13_OnlyTheVersionInForceCounts(t *testing.T) {
	body := head + `"provision":{"type":"permit"}}`
	if _, applies := r4.Read([]byte(body)); !applies {
		t.Fatal("an active consent does not apply")
	}
	for _, status := range []string{"draft", "proposed", "rejected", "inactive", "entered-in-error"} {
		if rules, applies := r4.Read([]byte(strings.Replace(body, `"active"`, `"`+status+`"`, 1))); applies {
			t.Errorf("%s applies: %+v", status, rules)
		}
	}
}

// What cannot be read denies, with a reason.
func TestReadIsTotal(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":                  ``,
		"no JSON":                  `{"resourceType":`,
		"another resource":         `{"resourceType":"Patient"}`,
		"an unknown element":       head + `"provision":{"type":"permit","unless":"x"}}`,
		"an unknown type":          head + `"provision":{"type":"allow"}}`,
		"a type without a value":   head + `"provision":{"_type":{"extension":[{"url":"http://x","valueString":"y"}]}}}`,
		"no base":                  head + `"provision":{"purpose":[{"code":"TREAT"}]}}`,
		"both bases":               head + `"policyRule":{"coding":[{"system":"` + consent.ActCode + `","code":"OPTIN"},{"system":"` + consent.ActCode + `","code":"OPTOUT"}]}}`,
		"implicit rules":           head + `"implicitRules":"http://x","provision":{"type":"permit"}}`,
		"modifier extension":       head + `"modifierExtension":[{"url":"http://x","valueBoolean":true}],"provision":{"type":"permit"}}`,
		"a status without a value": strings.Replace(head, `"status":"active"`, `"_status":{"extension":[{"url":"http://x","valueString":"y"}]}`, 1) + `"provision":{"type":"permit"}}`,
	} {
		rules, applies := r4.Read([]byte(body))
		if !applies || rules.Base != consent.Unenforceable || len(rules.Doubts) == 0 {
			t.Errorf("%s: applies %v, %+v", name, applies, rules)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(head + `"provision":{"type":"permit","provision":[{"type":"deny"}]}}`))
	f.Add([]byte(`{"resourceType":"Consent","scope":{"coding":[{"code":"treatment"}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rules, applies := r4.Read(body)
		if !applies {
			return
		}
		b := consent.Encode(rules)
		if again := consent.Encode(consent.Decode(b)); string(again) != string(b) {
			t.Errorf("%s\n%s", b, again)
		}
		r4.Check(body)
	})
}

// A period without a value, only extensions of it, cannot be read.
func TestPeriodWithoutAValueIsUnknown(t *testing.T) {
	rules, _ := r4.Read([]byte(head + `"provision":{"type":"permit","period":{"_end":{"extension":[{"url":"http://x","valueString":"y"}]}}}}`))
	if rules.Root.Period.End != "?" {
		t.Errorf("%+v", rules.Root.Period)
	}
}

// Every element of a provision is read or named: a new version of the protos
// must not bring one that is passed over in silence.
func TestEveryElementIsHandled(t *testing.T) {
	for message, handled := range map[protoreflect.ProtoMessage]string{
		&pb.Consent_Provision{}:                "id extension modifier_extension type period actor action security_label purpose class_value code data_period data provision",
		&pb.Consent_Provision_ProvisionActor{}: "id extension modifier_extension role reference",
		&pb.Consent_Provision_ProvisionData{}:  "id extension modifier_extension meaning reference",
		&pb.Consent{}:                          "id meta implicit_rules language text contained extension modifier_extension identifier status scope category patient date_time performer organization source policy policy_rule verification provision",
	} {
		fields := message.ProtoReflect().Descriptor().Fields()
		for i := range fields.Len() {
			if name := string(fields.Get(i).Name()); !slices.Contains(strings.Fields(handled), name) {
				t.Errorf("%s.%s is not handled", message.ProtoReflect().Descriptor().Name(), name)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	noPatient := strings.Replace(head, `"patient":{"reference":"Patient/a"},`, ``, 1)
	for name, c := range map[string]struct{ body, severity, path string }{
		"trap 1: no patient":         {noPatient + `"provision":{"type":"permit"}}`, "error", "Consent.patient"},
		"trap 1: withdrawn as well":  {strings.Replace(noPatient, `"active"`, `"inactive"`, 1) + `"provision":{"type":"permit"}}`, "error", "Consent.patient"},
		"a patient elsewhere":        {strings.Replace(head, "Patient/a", "https://other.example/Patient/a", 1) + `"provision":{"type":"permit"}}`, "error", "Consent.patient"},
		"no base":                    {head + `"provision":{"purpose":[{"code":"TREAT"}]}}`, "error", "Consent.provision"},
		"dataPeriod":                 {head + `"provision":{"type":"permit","dataPeriod":{"end":"2020"}}}`, "", ""},
		"dataPeriod without a value": {head + `"provision":{"type":"permit","dataPeriod":{"_end":{"extension":[{"url":"http://x","valueString":"y"}]}}}}`, "warning", "Consent.provision.dataPeriod"},
		"an empty dataPeriod":        {head + `"provision":{"type":"permit","dataPeriod":{"id":"x"}}}`, "warning", "Consent.provision.dataPeriod"},
		"a deeper level":             {head + `"provision":{"type":"permit","provision":[{"type":"deny","provision":[{"type":"permit","actor":[{"role":{"coding":[{"code":"WIT"}]},"reference":{"reference":"Practitioner/x"}}]}]}]}}`, "warning", "Consent.provision.provision[0].provision[0]"},
		"a sound deeper level":       {head + `"provision":{"type":"permit","provision":[{"type":"deny","provision":[{"type":"permit"}]}]}}`, "", ""},
		"data":                       {head + `"provision":{"type":"permit","provision":[{"type":"deny","data":[{"meaning":"instance","reference":{"reference":"Observation/o"}}]}]}}`, "", ""},
		"an author's number":         {head + `"provision":{"type":"deny","data":[{"meaning":"authoredby","reference":{"identifier":{"system":"http://x","value":"1"}}}]}}`, "", ""},
		"data elsewhere":             {head + `"provision":{"type":"permit","provision":[{"type":"deny"},{"type":"deny","data":[{"meaning":"instance","reference":{"reference":"https://x.example/Observation/o"}}]}]}}`, "warning", "Consent.provision.provision[1].data"},
		"an unknown system":          {head + `"provision":{"type":"permit","purpose":[{"system":"http://x","code":"TREAT"}]}}`, "warning", "Consent.provision.purpose"},
		"an unresolved actor":        {head + `"provision":{"type":"permit","actor":[{"role":{"coding":[{"code":"IRCP"}]},"reference":{"display":"my doctor"}}]}}`, "warning", "Consent.provision.actor"},
		"a modifier extension":       {head + `"provision":{"type":"permit","modifierExtension":[{"url":"http://x","valueBoolean":true}]}}`, "warning", "Consent.provision"},
		"fine":                       {head + `"provision":{"type":"permit"}}`, "", ""},
		"withdrawn":                  {strings.Replace(head, `"active"`, `"inactive"`, 1) + `"provision":{"purpose":[{"code":"TREAT"}]}}`, "", ""},
		"a directive":                {strings.Replace(noPatient, "patient-privacy", "treatment", 1) + `"provision":{"code":[{"text":"x"}]}}`, "", ""},
	} {
		issues := r4.Check([]byte(c.body))
		if c.severity == "" {
			if len(issues) > 0 {
				t.Errorf("%s: %+v", name, issues)
			}
			continue
		}
		if len(issues) != 1 || issues[0].Severity != c.severity || issues[0].Expression[0] != c.path {
			t.Errorf("%s: %+v", name, issues)
		}
	}
}

func ExampleRead() {
	rules, applies := r4.Read([]byte(`{"resourceType":"Consent","status":"active",
		"scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
		"category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":"Patient/a"},
		"provision":{"type":"permit","purpose":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"TREAT"}],
			"provision":[{"type":"deny","dataPeriod":{"end":"2019"},"data":[{"meaning":"related","reference":{"reference":"Encounter/e"}}]}]}}`))
	fmt.Println(applies, rules.Base, rules.Root.Purposes[0].Code)
	fmt.Println(rules.Nested[0].Effect, "until", rules.Nested[0].DataPeriod.End, rules.Nested[0].Data[0].Meaning, rules.Nested[0].Data[0].Ref)
	// Output:
	// true permit TREAT
	// deny until 2019 related Encounter/e
}
