package terminology

import (
	"strings"
	"testing"
)

func TestCodesByRule(t *testing.T) {
	for system, codes := range map[string]struct{ valid, invalid []string }{
		ucumSystem: {
			[]string{"mm[Hg]", "10*3/uL", "mg/dL", "{score}", "{cells}/uL", "10*6/L{total}", "/min", "%", "kg.m/s2", "[degF]", "1", "mmol/(8.h)"},
			[]string{"", "mmHg", "foo", "{a", "a}", "{a{b}}", "mg/", "mg dL", "{ü}", strings.Repeat("(", 300), strings.Repeat("m.", 200) + "m"},
		},
		languageSystem: {
			[]string{"nl", "en-US", "nl-NL", "zh-Hant", "fy", "x-klingon"},
			[]string{"", "dutch!", "nl_NL", "qqqq-QQ-999999999", "english-language"},
		},
		mediaTypeSystem: {
			[]string{"text/plain", "application/fhir+json", "image/*", "text/plain; charset=utf-8", `text/plain;a="b c"`},
			[]string{"", "text", "text/", "/plain", "text/plain;", "text /plain", "a/b/c"},
		},
		uriSystem: {
			[]string{"urn:oid:1.2.3", "http://hl7.org/fhir"},
			[]string{"", "patient", "//host/path", "http://[::1"},
		},
	} {
		s := with(valueSetOver("http://x/vs", `"include":[{"system":"`+system+`"}]`))
		for _, code := range codes.valid {
			if m := s.Member("http://x/vs", system, code); m != Member {
				t.Errorf("%s %q: %v", system, code, m)
			}
		}
		for _, code := range codes.invalid {
			if m := s.Member("http://x/vs", system, code); m != NotMember {
				t.Errorf("%s %q: %v", system, code, m)
			}
		}
	}
}

// TestCommonUnitsAreUnits tries the rule on the 1,364 units that R4 lists.
func TestCommonUnitsAreUnits(t *testing.T) {
	vs := builtinSets.find("http://hl7.org/fhir/ValueSet/ucum-common", "")
	if n := len(vs.include[0].concepts); n != 1364 {
		t.Fatalf("%d units", n)
	}
	for _, l := range vs.include[0].concepts {
		if !isUnit(l.code) {
			t.Errorf("%s is refused", l.code)
		}
	}
}

func TestUnitsByDimension(t *testing.T) {
	const lengths, times = "http://hl7.org/fhir/ValueSet/all-distance-units", "http://hl7.org/fhir/ValueSet/all-time-units"
	for _, tc := range []struct {
		set, code string
		want      Membership
	}{
		{lengths, "cm", Member}, {lengths, "[in_i]", Member}, {lengths, "kg", NotMember}, {lengths, "m2", NotMember}, {lengths, "?", NotMember},
		{times, "h", Member}, {times, "a", Member}, {times, "m", NotMember},
	} {
		if got := builtin().Member(tc.set, ucumSystem, tc.code); got != tc.want {
			t.Errorf("%s in %s: %v", tc.code, tc.set, got)
		}
	}
}
