package smart

import (
	"strings"
	"testing"

	"sluis/fhir"
	"sluis/fhir/query"
)

func mustParse(t testing.TB, s string) Scopes {
	t.Helper()
	scopes, err := ParseScopes(s)
	if err != nil {
		t.Fatalf("ParseScopes(%q): %v", s, err)
	}
	return scopes
}

func TestScopes_permissionsOfBothNotations(t *testing.T) {
	for scope, want := range map[string]string{
		"patient/Observation.rs":    "rs",
		"user/*.cruds":              "cruds",
		"system/Patient.c":          "c",
		"system/Patient.cud":        "cud",
		"patient/Observation.read":  "rs",
		"patient/Observation.write": "cud",
		"patient/Observation.*":     "cruds",
		"patient/*.*":               "cruds",
	} {
		got := mustParse(t, scope)
		if len(got.Resources) != 1 || got.Resources[0].Permissions.String() != want {
			t.Errorf("%s: got %+v, want permissions %s", scope, got.Resources, want)
		}
		if got.String() != scope {
			t.Errorf("%s comes back as %s", scope, got)
		}
	}
}

func TestScopes_refused(t *testing.T) {
	for name, scope := range map[string]string{
		"out of order":           "patient/Observation.dus",
		"repeated letter":        "patient/Observation.rr",
		"no permissions":         "patient/Observation.",
		"no dot":                 "patient/Observation",
		"unknown letter":         "patient/Observation.rx",
		"unknown type":           "patient/Observations.rs",
		"type in other case":     "patient/observation.rs",
		"abstract type":          "patient/DomainResource.rs",
		"unknown level":          "practitioner/Observation.rs",
		"level in other case":    "Patient/Observation.rs",
		"no level":               "Observation.rs",
		"extra slash":            "patient/Observation/1.rs",
		"v1 with filter":         "patient/Observation.read?category=laboratory",
		"empty filter":           "patient/Observation.rs?",
		"filter without value":   "patient/Observation.rs?category=",
		"filter without name":    "patient/Observation.rs?=laboratory",
		"modifier":               "patient/Observation.rs?category:not=laboratory",
		"chain":                  "patient/Observation.rs?subject.name=a",
		"chain with a type":      "patient/Observation.rs?subject:Patient.name=a",
		"hidden modifier":        "patient/Observation.rs?category%3Anot=laboratory",
		"_filter":                "patient/Observation.rs?_filter=code+eq+1",
		"_has":                   "patient/Patient.rs?_has:Observation:patient:code=1",
		"second pair bad":        "patient/Observation.rs?category=laboratory&code:in=x",
		"unknown parameter":      "patient/Observation.rs?nonsense=1",
		"filter on all types":    "patient/*.rs?category=laboratory",
		"unknown scope":          "everything",
		"launch with two parts":  "launch/patient/x",
		"launch with empty role": "launch/patient?role=",
		"launch with capitals":   "launch/Patient",
		"tab":                    "patient/Observation.rs\tuser/*.rs",
		"quote":                  `patient/Observation.rs?category="x"`,
		"no-break space":         "patient/Observation.rs\u00a0user/*.rs",
		"too long":               strings.Repeat("openid ", MaxScopeBytes/7+1),
	} {
		if got, err := ParseScopes(scope); err == nil {
			t.Errorf("%s: %q was accepted as %+v", name, scope, got)
		} else if !got.IsZero() {
			t.Errorf("%s: an error came with scopes %+v", name, got)
		}
	}
}

// A refusal anywhere refuses the whole: half a grant is nobody's intention.
func TestScopes_oneBadScopeRefusesAll(t *testing.T) {
	if _, err := ParseScopes("openid patient/Observation.rs patient/Observation.sr"); err == nil {
		t.Error("accepted")
	}
}

func TestScopes_otherScopesKeepApart(t *testing.T) {
	s := mustParse(t, "launch/patient openid  fhirUser patient/*.rs offline_access launch/questionnaire?role=x openid")
	if want := "patient/*.rs launch/patient openid fhirUser offline_access launch/questionnaire?role=x"; s.String() != want {
		t.Errorf("got %s, want %s", s, want)
	}
	if len(s.Resources) != 1 {
		t.Errorf("resource scopes: %+v", s.Resources)
	}
}

func TestScopes_granularFilterIsKept(t *testing.T) {
	s := mustParse(t, "patient/Observation.rs?category=laboratory&code=8867-4").Resources[0]
	conj, ok := s.Filter.(query.Conj)
	if !ok || len(conj.Parts) != 2 {
		t.Errorf("two parameters of one scope hold together, got %#v", s.Filter)
	}
	if plain := mustParse(t, "patient/Observation.rs").Resources[0].Filter; plain != (query.All{}) {
		t.Errorf("without a filter: %#v", plain)
	}
}

func TestScopes_whatAnInteractionNeeds(t *testing.T) {
	for kind, want := range map[fhir.InteractionKind]string{
		fhir.Read: "r", fhir.VRead: "r", fhir.HistoryInstance: "r",
		fhir.SearchType: "s", fhir.SearchSystem: "s", fhir.HistoryType: "s", fhir.HistorySystem: "s",
		fhir.Create: "c", fhir.Update: "u", fhir.Delete: "d",
		fhir.Transaction: "", fhir.Capabilities: "", "invented": "",
	} {
		if got := Needs(kind).String(); got != want {
			t.Errorf("%s needs %q, want %q", kind, got, want)
		}
	}
}

func FuzzParseScopes(f *testing.F) {
	for _, s := range []string{
		"patient/*.rs", "system/Observation.read openid", "user/Observation.cruds?category=http://x|y&code=1,2",
		"patient/Observation.rs?category:not=x", "launch/patient?role=a", "patient/Observation.sr", "\x00", "a b  c",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		scopes, err := ParseScopes(s)
		if err != nil {
			return
		}
		for _, r := range scopes.Resources {
			_, open := r.Filter.(query.All)
			if granular := strings.Contains(r.Raw, "?"); open == granular || query.Empty(r.Filter) {
				t.Errorf("%s has the filter %#v", r.Raw, r.Filter)
			}
			if r.Permissions == 0 || !isLevel(r.Level) || !strings.Contains(s, r.Raw) {
				t.Errorf("%q gave %+v", s, r)
			}
		}
		again, err := ParseScopes(scopes.String())
		if err != nil || again.String() != scopes.String() {
			t.Errorf("%q prints as %q, which reads as %q, %v", s, scopes, again, err)
		}
	})
}
