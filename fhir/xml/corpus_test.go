package xml_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"html"
	"io"
	"os"
	"path"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/xml"
	"sluis/internal/shared"
)

// archive reads the files of a .tgz of the shared data, by base name.
func archive(t testing.TB, name string) map[string][]byte {
	t.Helper()
	f, err := os.Open(shared.Path(t, name))
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
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if out[path.Base(h.Name)], err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// decode is JSON as the tests compare it: numbers as text, and no array of
// primitives in which only extensions stand.
func decode(t testing.TB, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %.200s", err, raw)
	}
	return plain(v)
}

func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if v[k] = plain(e); onlyNulls(v[k]) {
				delete(v, k)
			}
		}
	case []any:
		for i, e := range v {
			v[i] = plain(e)
		}
	case string:
		return strings.ReplaceAll(v, "\r\n", "\n") // line ends of narrative
	}
	return v
}

func onlyNulls(v any) bool {
	list, ok := v.([]any)
	for _, e := range list {
		if e != nil {
			return false
		}
	}
	return ok
}

// differ names the first place where two decoded values differ, or "".
func differ(at string, a, b any) string {
	am, aok := a.(map[string]any)
	bm, bok := b.(map[string]any)
	if aok && bok {
		for k := range am {
			if d := differ(at+"."+k, am[k], bm[k]); d != "" {
				return d
			}
		}
		for k := range bm {
			if _, ok := am[k]; !ok {
				return at + "." + k + " is only in the second"
			}
		}
		return ""
	}
	al, aok := a.([]any)
	bl, bok := b.([]any)
	if aok && bok && len(al) == len(bl) {
		for i := range al {
			if d := differ(at, al[i], bl[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if !reflect.DeepEqual(a, b) {
		return at
	}
	return ""
}

func parsed(t testing.TB, body []byte) *fhir.Document {
	t.Helper()
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		t.Fatalf("%v: %.200s", err, body)
	}
	return doc
}

// Every official example survives the way into XML and back, and what is
// written has the order of the definitions, which ToJSON insists on.
func TestXML_OfficialExamplesSurviveTheRoundTrip(t *testing.T) {
	seen := 0
	for name, body := range archive(t, "r4-examples/r4-examples-json.tgz") {
		doc, err := fhir.ParseDocument(body)
		if err != nil || len(conformance.Validate(doc)) > 0 {
			continue // the files that HL7 itself has wrong
		}
		seen++
		for _, pretty := range []bool{false, true} {
			text, err := xml.FromJSON(doc, pretty)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			back, err := xml.ToJSON(text)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if d := differ("", decode(t, body), decode(t, back)); d != "" {
				t.Errorf("%s: %s", name, d)
			}
			if issues := conformance.Validate(parsed(t, back)); len(issues) > 0 {
				t.Errorf("%s: %v", name, issues)
			}
		}
	}
	if seen < 700 {
		t.Errorf("only %d examples", seen)
	}
}

// rewritten are the pairs whose published JSON has other values than its XML.
var rewritten = map[string]string{
	"observation-decimal.xml":              "its converter wrote exponents anew: 1.0e0 became 1.0",
	"observation-example.xml":              "its JSON has an extension that its XML lacks",
	"nl-core-NameInformation-complete.xml": "its converter left an empty object in _prefix",
}

var (
	spaces   = regexp.MustCompile(`\s+`)
	betweens = regexp.MustCompile(` ?(<[^>]*>) ?`)
)

// settle takes from narratives the white space that the converters of the
// published files changed as well.
func settle(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if text, ok := e.(string); ok && k == "div" {
				text = html.UnescapeString(text)
				v[k] = betweens.ReplaceAllString(spaces.ReplaceAllString(text, " "), "$1")
				continue
			}
			v[k] = settle(e)
		}
	case []any:
		for i, e := range v {
			v[i] = settle(e)
		}
	}
	return v
}

// The published XML reads as the published JSON, digit for digit.
func TestXML_PublishedPairsAgree(t *testing.T) {
	for _, set := range []struct {
		xml, json string
		least     int
	}{
		{"r4-examples/fhir-test-cases-r4-examples-xml-json.tgz", "r4-examples/fhir-test-cases-r4-examples-xml-json.tgz", 1},
		{"nl-core/zib2020-examples-xml.tgz", "nl-core/zib2020-examples-json.tgz", 271},
	} {
		published, pairs := archive(t, set.json), 0
		for name, body := range archive(t, set.xml) {
			stem, isXML := strings.CutSuffix(name, ".xml")
			want, paired := published[stem+".json"]
			if !isXML || !paired {
				continue
			}
			pairs++
			got, err := xml.ToJSON(body)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			d := differ("", settle(decode(t, want)), settle(decode(t, got)))
			if _, known := rewritten[name]; (d != "") != known {
				t.Errorf("%s: %s (listed: %v)", name, d, known)
			}
		}
		if pairs < set.least {
			t.Errorf("%s: %d pairs", set.xml, pairs)
		}
	}
}
