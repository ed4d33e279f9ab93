package cast_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/smart"
)

// glucoses is a value set that holds the code of every patient's Lab.
const glucoses = `{"resourceType":"ValueSet","url":"http://x.test/glucoses","version":"1","status":"active","compose":{"include":[{"system":"http://loinc.org","concept":[{"code":"2345-7"}]}]}}`

// in is a search by a value set.
func in(parameter, valueSet string) string {
	return "/Observation?" + parameter + "=" + url.QueryEscape(valueSet)
}

func TestTerminology_SearchesByValueSet(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		stored := w.Create(hospital, glucoses)
		w.Create(hospital, strings.Replace(glucoses, `"2345-7"`, `"8867-4"`, 1)) // version 1 as well: the later id counts, each time
		w.Create(hospital, strings.NewReplacer(`"version":"1"`, `"version":"10"`).Replace(glucoses))
		w.Create(hospital, strings.NewReplacer(`"version":"1"`, `"version":"9"`, `"2345-7"`, `"8867-4"`).Replace(glucoses))
		labs := []string{w.A.Lab.String(), w.B.Lab.String()}
		found := w.Get(hospital, in("code:in", "http://x.test/glucoses")).Refs()
		if slices.Sort(found); !slices.Equal(found, labs) {
			t.Errorf("code:in found %v", found)
		}
		if found := w.Get(hospital, in("code:in", stored.String())).Refs(); len(found) != 2 {
			t.Errorf("code:in by reference found %v", found)
		}
		w.Get(hospital, in("code:in", "ValueSet/"+absent)).Expect(http.StatusBadRequest)
		if found := w.Get(hospital, "/Patient?_has:Observation:subject:code:in=http://x.test/glucoses").Refs(); len(found) != 2 {
			t.Errorf("_has by a value set found %v", found)
		}
		if found := w.Get(hospital, in("code:not-in", "http://x.test/glucoses|10")).Refs(); len(found) == 0 || slices.Contains(found, labs[0]) || slices.Contains(found, labs[1]) {
			t.Errorf("code:not-in found %v", found)
		}
		if found := w.Get(hospital, "/Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender").Refs(); len(found) != 2 {
			t.Errorf("gender:in found %v", found)
		}
		act := "http://terminology.hl7.org/CodeSystem/v3-ActCode|"
		if found := w.Get(hospital, "/Observation?_security:below="+url.QueryEscape(act+"_InformationSensitivityPolicy")).Refs(); len(found) != 2 {
			t.Errorf("_security:below found %v", found)
		}
		if found := w.Get(hospital, in("subject:Patient.gender:in", "http://hl7.org/fhir/ValueSet/administrative-gender")+"&code=2345-7").Refs(); len(found) != 2 {
			t.Errorf("a chain by a value set found %v", found)
		}
		for _, bad := range []string{
			in("code:in", "http://x.test/none"), in("code:not-in", "http://x.test/none"), in("code:in", "http://hl7.org/fhir/ValueSet/body-site"),
			in("code:in", "http://hl7.org/fhir/ValueSet/mimetypes"), in("code:below", "8867-4"), in("code:below", "http://loinc.org|8867-4"), in("code:above", act+"none"),
		} {
			w.Get(hospital, bad).Expect(http.StatusBadRequest)
		}
		w.Do(hospital, http.MethodPost, "/Observation", cast.Observation(w.A.AtHospital, "2345-7", "Glucose", "6"), "If-None-Exist", "code:in=http://x.test/glucoses").Expect(http.StatusBadRequest)
		w.Do(hospital, http.MethodDelete, in("code:not-in", "http://x.test/glucoses"), nil).Expect(http.StatusBadRequest)
	})
}

// A search by a value set reaches no further than any other search, and neither
// names nor uses a value set that the caller's scopes do not reach.
func TestA_ValueSetsAreSeenUnderTheCallersOwnAccess(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		w.Create(w.System(w.Hospital), glucoses)
		with := w.Patient(w.A, "patient/Observation.rs patient/ValueSet.rs")
		if found := w.Get(with, in("code:in", "http://x.test/glucoses")).Refs(); !slices.Equal(found, []string{w.A.Lab.String()}) {
			t.Errorf("the patient's own token found %v", found)
		}
		if found := w.Get(with, in("code:not-in", "http://x.test/glucoses")).Refs(); slices.Contains(found, w.B.Psychiatry.String()) || slices.Contains(found, w.B.Reading.String()) {
			t.Errorf("code:not-in handed out another's: %v", found)
		}
		without := w.Patient(w.A, "patient/Observation.rs")
		hidden := w.Get(without, in("code:in", "http://x.test/glucoses")).Expect(http.StatusBadRequest)
		absent := w.Get(without, in("code:in", "http://x.test/glucosen")).Expect(http.StatusBadRequest)
		hidden.Body = []byte(strings.ReplaceAll(string(hidden.Body), "glucoses", "glucosen"))
		same(t, "a value set out of reach", hidden, absent)
		w.Get(without, "/ValueSet/$expand?url=http://x.test/glucoses").Expect(http.StatusForbidden)
		w.Get("", "/ValueSet/$expand?url=http://x.test/glucoses").Expect(http.StatusUnauthorized)
		w.Get(w.Supervisor(), "/ValueSet/$expand?url=http://x.test/glucoses").Expect(http.StatusForbidden)

		// A value set of R4 is reached with or without, by way of a definition in
		// the request an uploaded one only with.
		over := `{"resourceType":"ValueSet","status":"active","compose":{"include":[{"valueSet":["http://x.test/glucoses"]}]}}`
		readOnly := w.Patient(w.A, "patient/ValueSet.r")
		w.Do(readOnly, http.MethodPost, "/ValueSet/$expand", over).Expect(http.StatusUnprocessableEntity)
		w.Do(with, http.MethodPost, "/ValueSet/$expand", over).Expect(http.StatusOK)
	})
}

// An upload does not change what R4's value sets and code systems mean.
func TestA_UploadsDoNotReplaceR4(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		attacker := w.System(w.Practice)
		w.Create(attacker, `{"resourceType":"ValueSet","url":"http://hl7.org/fhir/ValueSet/administrative-gender","version":"99","status":"active","compose":{"include":[{"system":"http://hl7.org/fhir/administrative-gender","concept":[{"code":"male"}]}]}}`)
		w.Create(attacker, `{"resourceType":"CodeSystem","url":"http://hl7.org/fhir/administrative-gender","status":"active","content":"complete","concept":[{"code":"x"}]}`)
		expanded := w.Get(attacker, "/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender").Expect(http.StatusOK)
		if total := expanded.Root().At("expansion", "total").Text(); total != "4" {
			t.Errorf("R4's value set has %s codes: %s", total, expanded.Body)
		}
		if found := w.Get(w.System(w.Hospital), "/Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender").Refs(); len(found) != 2 {
			t.Errorf("gender:in found %v", found)
		}
	})
}

// Value set expansion as a way to exhaust the server (D): as many codes as are
// allowed are searched by, one more is refused, and so is a definition without
// end.
func TestD_ValueSetsAreBounded(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		create := func(name string, codes int) {
			var list []string
			for i := range codes - 1 {
				list = append(list, fmt.Sprintf(`{"code":"c%d"}`, i))
			}
			list = append(list, `{"code":"2345-7"}`)
			w.Create(hospital, `{"resourceType":"ValueSet","url":"http://x.test/`+name+`","status":"active","compose":{"include":[{"system":"http://loinc.org","concept":[`+strings.Join(list, ",")+`]}]}}`)
		}
		create("full", 10_000)
		create("more", 10_001)
		if found := w.Get(hospital, in("code:in", "http://x.test/full")).Refs(); len(found) != 2 {
			t.Errorf("10,000 codes found %v", found)
		}
		if found := w.Get(hospital, in("code:not-in", "http://x.test/full")).Refs(); len(found) != 2 {
			t.Errorf("without 10,000 codes: %v", found)
		}
		w.Get(hospital, in("code:in", "http://x.test/more")).Expect(http.StatusBadRequest)
		w.Get(hospital, in("code:in", "http://x.test/full")+"&"+strings.TrimPrefix(in("code:in", "http://x.test/full"), "/Observation?")).Expect(http.StatusBadRequest)
		w.Get(hospital, "/ValueSet/$expand?url=http://x.test/more").Expect(http.StatusUnprocessableEntity)
		w.Get(hospital, "/ValueSet/$expand?url=http://x.test/more&offset=10000&count=10").Expect(http.StatusOK)
		w.Create(hospital, `{"resourceType":"ValueSet","url":"http://x.test/loop","status":"active","compose":{"include":[{"valueSet":["http://x.test/loop"]}]}}`)
		w.Get(hospital, in("code:in", "http://x.test/loop")).Expect(http.StatusBadRequest)
	})
}

func TestTerminology_OperationsOverHTTP(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		set := w.Create(hospital, glucoses)
		coding := `{"resourceType":"Parameters","parameter":[{"name":"coding","valueCoding":{"system":"http://loinc.org","code":"2345-7"}}]}`
		for request, want := range map[string]string{
			"GET /ValueSet/$expand?url=http://x.test/glucoses": `"code":"2345-7"`,
			"GET /" + set.String() + "/$expand":                `"code":"2345-7"`,
			"POST /" + set.String() + "/$validate-code":        `{"name":"result","valueBoolean":true}`,
			"GET /CodeSystem/$subsumes?system=http://terminology.hl7.org/CodeSystem/v3-ActCode&codeA=_ActEncounterCode&codeB=AMB": `"subsumes"`,
			"GET /CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=female":                                `"valueString":"Female"`,
			"GET /CodeSystem/$validate-code?url=http://unitsofmeasure.org&code=mm[Hg]":                                            `{"name":"result","valueBoolean":true}`,
		} {
			method, path, _ := strings.Cut(request, " ")
			var body any
			if method == http.MethodPost {
				body = coding
			}
			if got := w.Do(hospital, method, path, body).Expect(http.StatusOK); !strings.Contains(string(got.Body), want) {
				t.Errorf("%s: %s", request, got.Body)
			}
		}
		same(t, "an instance", w.Get(hospital, "/ValueSet/"+absent+"/$expand").Expect(http.StatusNotFound), w.Get(hospital, "/ValueSet/"+absent))
		w.Get(hospital, "/ValueSet/$expand?url=http://x.test/glucoses&fliter=a").Expect(http.StatusBadRequest)
		w.Get(hospital, "/CodeSystem/$lookup?system=http://loinc.org&code=2345-7").Expect(http.StatusNotFound)
		w.Get(w.Token("system/ValueSet.r", smart.Grant{Organization: w.Hospital, Purposes: []string{"TREAT"}}), "/CodeSystem/$lookup?system=http://loinc.org&code=2345-7").Expect(http.StatusForbidden)
	})
}
