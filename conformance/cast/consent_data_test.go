package cast_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluis/conformance/cast"
)

// Consent.provision by time, by author and by what refers to what, from the body
// that was received to the list that is shown: to another custodian where it
// permits, to the own team where it denies.
func TestConsentByTimeAuthorAndReference(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, gp := w.System(w.Hospital), w.Professional(w.GP, w.Practice, "user/*.rs")
		specialist, patient := w.Professional(w.Specialist, w.Hospital, "user/*.rs"), w.Patient(w.A, own)
		about := `{"reference":"` + w.A.AtHospital.String() + `"}`
		visit := w.Create(hospital, `{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"subject":`+about+`,"period":{"start":"2022-06-13","end":"2022-06-14"}}`).String()
		// Immunization.encounter has no search parameter of its own.
		shot := w.Create(hospital, `{"resourceType":"Immunization","status":"completed","vaccineCode":{"text":"x"},"patient":`+about+
			`,"occurrenceDateTime":"2022-06-13","encounter":{"reference":"`+visit+`"},"performer":[{"actor":{"reference":"`+w.Specialist.String()+`"}}]}`).String()
		note := w.Create(hospital, `{"resourceType":"Condition","code":{"text":"x"},"subject":`+about+
			`,"recordedDate":"2019-05-05","recorder":{"identifier":{"system":"http://fhir.nl/fhir/NamingSystem/agb-z","value":"1"}}}`).String()
		scan := w.Create(hospital, `{"resourceType":"DiagnosticReport","status":"final","code":{"text":"x"},"subject":`+about+
			`,"issued":"2022-12-31T23:30:00Z","performer":[{"reference":"Organization/`+w.Hospital+`"}]}`).String()
		w.Create(hospital, `{"resourceType":"Provenance","target":[{"reference":"`+scan+`"}],"recorded":"2023-01-01T00:00:00Z","agent":[{"who":{"reference":"`+w.Specialist.String()+`"}}]}`)

		all := []string{visit, shot, note, scan}
		seen := func(token string) (out []string) {
			refs := w.Get(token, "/?_type=Encounter,Immunization,Condition,DiagnosticReport&_count=50").Expect(http.StatusOK).Refs()
			for _, ref := range all {
				if status := w.Get(token, "/"+ref).Status; (status == http.StatusOK) != slices.Contains(refs, ref) {
					t.Errorf("%s: a read says %d, the list %v", ref, status, refs)
				}
				if slices.Contains(refs, ref) {
					out = append(out, ref)
				}
			}
			return out
		}
		data := func(meaning, of string) string {
			return fmt.Sprintf(`"data":[{"meaning":%q,"reference":{"reference":%q}}]`, meaning, of)
		}
		author := `"actor":[{"role":{"coding":[{"system":"` + participants + `","code":"AUT"}]},"reference":{"reference":"` + w.Specialist.String() + `"}}]`
		for _, c := range []struct {
			element         string
			permits, denies []string
		}{
			{`"dataPeriod":{"start":"2022-01-01","end":"2022-12-31"}`, []string{visit, shot}, []string{visit, shot, scan}},
			{`"dataPeriod":{"start":"2023-01-01"}`, nil, []string{scan}},
			{data("instance", visit), []string{visit}, []string{visit}},
			{data("dependents", visit), []string{visit, shot}, []string{visit, shot}},
			{data("related", visit), []string{visit}, []string{visit, shot}},
			{data("related", shot), []string{visit, shot}, []string{visit, shot}},
			{data("authoredby", w.Specialist.String()), []string{shot}, []string{shot, note, scan}},
			{author, []string{shot}, []string{shot, note, scan}},
		} {
			for _, effect := range []string{"permit", "deny"} {
				body := cast.Permit(w.A.AtPractice, w.Practice)
				body = body[:strings.Index(body, `"provision":`)] + `"provision":{"type":"` + effect + `",` + c.element + `}}`
				given := w.Create(patient, body)
				want, token := c.permits, gp
				if effect == "deny" {
					token = specialist
					want = slices.DeleteFunc(slices.Clone(all), func(ref string) bool { return slices.Contains(c.denies, ref) })
				}
				if got := seen(token); !slices.Equal(got, want) {
					t.Errorf("%s by %s: %v, want %v", effect, c.element, got, want)
				}
				if got := seen(patient); len(got) != len(all) {
					t.Errorf("the patient sees %v", got)
				}
				withdrawn := strings.Replace(string(w.Get(patient, "/"+given.String()).Body), `"status":"active"`, `"status":"inactive"`, 1)
				w.Do(patient, http.MethodPut, "/"+given.String(), withdrawn, "If-Match", `W/"1"`).Expect(http.StatusOK)
			}
		}
	})
}
