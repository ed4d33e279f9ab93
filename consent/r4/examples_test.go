package r4_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"strings"
	"testing"

	"sluis/consent"
	"sluis/consent/r4"
	"sluis/internal/shared"
)

// examples reads the Consents of an archive of the shared test data by name.
func examples(t *testing.T, archive, prefix string) map[string][]byte {
	t.Helper()
	f, err := os.Open(shared.Path(t, archive))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name, ok := strings.CutPrefix(strings.TrimSuffix(path.Base(h.Name), ".json"), prefix)
		if !ok || h.Typeflag != tar.TypeReg {
			continue
		}
		if out[name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s has no %s…", archive, prefix)
	}
	return out
}

// R4's twelve examples contradict each other about what a root without a type
// means under OPTIN and OPTOUT. These are our readings (spec "Traps", 2).
func TestR4Examples(t *testing.T) {
	want := map[string]string{
		"Emergency":   `{"base":"opt-out","holders":["f001"],"root":{"actors":[{"role":"CST","ref":"Organization/f001"}],"purposes":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"ETREAT"}]},"nested":[{"effect":"deny","actors":[{"role":"CST","ref":"Organization/f001"}]}]}`,
		"Out":         `{"base":"opt-out","holders":["f001"],"root":{"actors":[{"role":"CST","ref":"Organization/f001"}]}}`,
		"basic":       `{"base":"permit","holders":["f001"],"root":{"period":{"start":"1964-01-01","end":"2016-01-01"}}}`,
		"grantor":     `{"base":"opt-out","holders":["f001"],"root":{"actors":[{"role":"CST","ref":"Organization/f001"},{"role":"PRCP","ref":"Patient/example"}],"actions":[{"system":"http://terminology.hl7.org/CodeSystem/consentaction","code":"access"}]}}`,
		"notThem":     `{"base":"opt-in","holders":["f001"],"root":{"actors":[{"role":"PRCP","ref":"Practitioner/f204"}],"actions":[{"system":"http://terminology.hl7.org/CodeSystem/consentaction","code":"access"},{"system":"http://terminology.hl7.org/CodeSystem/consentaction","code":"correct"}]}}`,
		"notOrg":      `{"base":"deny","holders":["f001"],"root":{"actors":[{"role":"PRCP","ref":"Organization/f001"}],"actions":[{"system":"http://terminology.hl7.org/CodeSystem/consentaction","code":"access"},{"system":"http://terminology.hl7.org/CodeSystem/consentaction","code":"correct"}]}}`,
		"notThis":     `{"base":"opt-in","holders":["f001"],"root":{"data":[{"meaning":"related","ref":"Task/example3"}]}}`,
		"smartonfhir": `{"base":"nested","holders":["f001"],"root":{"period":{"start":"2016-06-23T07:02:33Z","end":"2016-06-23T07:32:33Z"}},"nested":[{"effect":"permit","actions":[{"system":"http://terminology.hl7.org/CodeSystem/consentaction","code":"access"}],"classes":[{"system":"http://hl7.org/fhir/resource-types","code":"MedicationRequest"}]}]}`,
	}
	all := examples(t, "r4-examples/r4-examples-json.tgz", "Consent-consent-example-")
	if len(all) != 12 {
		t.Errorf("%d examples, the archive had 12", len(all))
	}
	for name, body := range all {
		rules, applies := r4.Read(body)
		if !applies || rules.Base == consent.Unenforceable {
			t.Errorf("%s: applies %v, %+v", name, applies, rules)
		}
		if got := string(consent.Encode(rules)); want[name] != "" && got != want[name] {
			t.Errorf("%s\nis read as %s\nwant       %s", name, got, want[name])
		}
		for _, i := range r4.Check(body) {
			if i.Severity == "error" {
				t.Errorf("%s is refused: %+v", name, i)
			}
		}
	}
	for name := range want {
		if all[name] == nil {
			t.Errorf("there is no example %s", name)
		}
	}
}

// Every example of IHE PCF is read as PCF, with the base that its root says, and
// whole: nothing of it counts for less than written.
func TestIHEExamples(t *testing.T) {
	for name, body := range examples(t, "ihe/ihe-pcf-consent-json.tgz", "Consent-") {
		rules, applies := r4.Read(body)
		want := consent.PermitRoot
		if name == "ex-consent-basic-reject" || name == "ex-dissent-intermediate-break-glass" {
			want = consent.DenyRoot
		}
		if !applies || rules.Base != want || rules.Profile != consent.PCF || len(rules.Holders) != 1 || rules.Holders[0] != "ex-organization" {
			t.Errorf("%s: applies %v, %+v", name, applies, rules)
		}
		warned := len(r4.Check(body)) > 0
		if odd := name == "ex-consent-intermediate-purpose"; warned != odd { // its purpose is of a system of the example's own
			t.Errorf("%s: %+v", name, r4.Check(body))
		}
	}
}

// nl-core's directives are clinical data and never permissions (trap 6), also
// the one that is active and the one with a modifier extension.
func TestDutchDirectivesAreNoPermissions(t *testing.T) {
	for _, kind := range []string{"nl-core-TreatmentDirective2-", "nl-core-AdvanceDirective-"} {
		for name, body := range examples(t, "nl-core/zib2020-examples-json.tgz", kind) {
			if strings.Count(name, "-") == 0 { // the directive, not what it refers to
				if rules, applies := r4.Read(body); applies {
					t.Errorf("%s%s: %+v", kind, name, rules)
				}
			}
		}
	}
}
