package patch_test

import (
	"testing"

	"sluis/fhir"
	"sluis/fhir/patch"
)

func TestMeta(t *testing.T) {
	const tags = `"tag":[{"system":"s","code":"a","display":"A"},{"code":"a"}]`
	for _, c := range []struct{ name, body, meta, added, deleted string }{
		{
			"none there", `{"resourceType":"Basic"}`, `{` + tags + `}`,
			`{"resourceType":"Basic","meta":{` + tags + `}}`, `{"resourceType":"Basic"}`,
		},
		{
			"one there, under another display", `{"resourceType":"Basic","meta":{"versionId":"3","tag":[{"system":"s","code":"a"}]}}`, `{` + tags + `}`,
			`{"resourceType":"Basic","meta":{"versionId":"3","tag":[{"system":"s","code":"a"},{"code":"a"}]}}`, `{"resourceType":"Basic","meta":{"versionId":"3"}}`,
		},
		{
			"other lists", `{"resourceType":"Basic","meta":{"profile":["p"],"security":[{"code":"R"}]}}`, `{"profile":["p","q"],"versionId":"9","source":"x"}`,
			`{"resourceType":"Basic","meta":{"profile":["p","q"],"security":[{"code":"R"}]}}`, `{"resourceType":"Basic","meta":{"security":[{"code":"R"}]}}`,
		},
	} {
		body, meta := parsed(t, c.body), parsed(t, c.meta).Root()
		for want, p := range map[string]patch.Patch{c.added: patch.AddMeta(meta), c.deleted: patch.DeleteMeta(meta)} {
			if got, err := p.Apply(body); err != nil || string(got) != want {
				t.Errorf("%s:\n got %s, %v\nwant %s", c.name, got, err, want)
			}
		}
	}
}

func parsed(t *testing.T, body string) *fhir.Document {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
