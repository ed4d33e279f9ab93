package conformance_test

import "testing"

// rejectedElsewhere are the files of other collections that are not valid R4,
// with the reason.
var rejectedElsewhere = map[string]string{
	"Binary-B-ink.json":                     "data is a file name, not base64",
	"ImplementationGuide-ihe.iti.balp.json": "parameter.code is of R5's value set",
	"ImplementationGuide-ihe.iti.pcf.json":  "parameter.code is of R5's value set",
	"nl-core-NameInformation-complete.json": "_prefix holds an empty object, left over from its conversion",
}

// TestCollectionsAreAccepted validates what the demonstration and the feeds
// load: Synthea's bundles, Bulk Data, and the Dutch and IHE examples.
func TestCollectionsAreAccepted(t *testing.T) {
	for _, file := range []string{
		"synthea/bulk-ndjson-20-patients.tgz",
		"synthea/synthea-uscore-hiv-40-transaction-bundles.tgz",
		"nl-core/zib2020-examples-json.tgz",
		"ihe/ihe-pcf-consent-json.tgz",
		"ihe/ihe-balp-auditevent-json.tgz",
	} {
		n := 0
		for _, e := range examples(t, file) {
			err := verdict(e.body)
			if reason, listed := rejectedElsewhere[e.name]; (err != nil) != listed {
				t.Errorf("%s, %s: %v (listed: %s)", file, e.name, err, reason)
			}
			n++
		}
		t.Logf("%s: %d documents", file, n)
	}
}
