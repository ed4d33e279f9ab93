package main

import (
	"path/filepath"
	"testing"
)

// The operator asks about any custodian's data on the store, and the question is
// in the log.
func TestExplain_OnTheStore(t *testing.T) {
	const yaml = `home: practice
custodians:
  - {id: practice, name: Practice}
  - {id: hospital, name: Hospital}
trusted_assigners: ["http://fhir.nl/fhir/NamingSystem/bsn"]
`
	const bsn = `"identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"123456782"}]`
	everywhere(t, yaml, func(t *testing.T, s site) {
		bundle := func(name, entries string) string {
			return write(t, filepath.Join(t.TempDir(), name), `{"resourceType":"Bundle","type":"collection","entry":[`+entries+`]}`)
		}
		s.imports("hospital", "--keep-ids", bundle("hospital.json", `
			{"resource":{"resourceType":"Patient","id":"there",`+bsn+`}},
			{"resource":{"resourceType":"Observation","id":"lab","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/there"}}}`)).expect(t, 0)
		s.imports("practice", "--keep-ids", bundle("practice.json", `
			{"resource":{"resourceType":"Patient","id":"here",`+bsn+`}},
			{"resource":{"resourceType":"Practitioner","id":"gp"}},
			{"resource":{"resourceType":"CareTeam","id":"team","status":"active","subject":{"reference":"Patient/here"},"participant":[{"member":{"reference":"Practitioner/gp"}}]}}`)).expect(t, 0)
		ask := func(code int, args ...string) ended {
			return s.run(append([]string{"explain", "--actor", "Practitioner/gp", "--organization", "practice"}, args...)...).expect(t, code)
		}
		ask(0, "--resource", "Observation/lab").says(t, "Practitioner/gp of Organization/practice may not see Observation/lab, purpose TREAT.", "There is a treatment relation.", "No consent is in force")
		ask(0, "--patient", "here", "--language", "nl").says(t, "mag ten dele inzien: de gegevens van Patient/here", "Gegevens van de eigen bronhouder: ja.")
		ask(0, "--resource", "Observation/lab", "--purpose", "HPAYMT").says(t, "No consent can permit this purpose of use.")
		ask(1, "--resource", "Observation/none").says(t, "not found")
		ask(1, "--resource", "Observation").says(t, "cannot be read")
		s.run("audit", "export").expect(t, 0).says(t, "$explain-access?")
		s.verified()
	})
}
