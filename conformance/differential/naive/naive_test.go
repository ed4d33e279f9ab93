package naive

import (
	"encoding/json"
	"fmt"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func resource(t testing.TB, body string) Resource {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var r Resource
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return r
}

// The evaluator shares no code with what it is compared with.
func TestIndependence(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); strings.HasPrefix(path, "sluis/") && path != "sluis/conformance" {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}

// The examples of R4 search.html#prefix for dates.
func TestDates(t *testing.T) {
	period := func(start, end string) value {
		m := map[string]any{}
		if start != "" {
			m["start"] = start
		}
		if end != "" {
			m["end"] = end
		}
		return value{json: m}
	}
	for _, c := range []struct {
		search string
		v      value
		want   bool
	}{
		{"eq2013-01-14", value{json: "2013-01-14T00:00:00Z"}, true},
		{"eq2013-01-14", value{json: "2013-01-14T10:00:00Z"}, true},
		{"eq2013-01-14", value{json: "2013-01-15T00:00:00Z"}, false},
		{"eq2013-01-14", value{json: "2013-01"}, false},
		{"eq2013", value{json: "2013-01"}, true},
		{"ne2013-01-14", value{json: "2013-01-15T00:00:00Z"}, true},
		{"ne2013-01-14", value{json: "2013-01-14T10:00:00Z"}, false},
		{"lt2013-01-14T10:00", value{json: "2013-01-14"}, true},
		{"gt2013-01-14T10:00", value{json: "2013-01-14"}, true},
		{"ge2013-03-14", period("2013-01-21", ""), true},
		{"le2013-03-14", period("2013-01-21", ""), true},
		{"sa2013-03-14", period("2013-03-15", ""), true},
		{"sa2013-03-14", period("2013-01-21", ""), false},
		{"eb2013-03-14", period("", "2013-01-21"), true},
		{"eb2013-03-14", period("2013-01-21", ""), false},
		{"ap2013-03-14", value{json: "2013-03-15"}, true},
		{"ap2013-03-14", value{json: "2013-06-15"}, false},
		{"2013-01-14T00:30:00+01:00", value{json: "2013-01-13T23:30:00Z"}, true},
	} {
		prefix, rest := cutPrefix(c.search)
		asked, ok := parseDate(rest)
		if !ok {
			t.Fatal(c.search)
		}
		if got := matchDate(prefix, dates(c.v)[0], asked); got != c.want {
			t.Errorf("%s on %v: %v", c.search, c.v, got)
		}
	}
}

// The examples of R4 search.html#number and #quantity.
func TestQuantities(t *testing.T) {
	for _, c := range []struct {
		search, quantity string
		want             bool
	}{
		{"100", `{"value":99.9}`, true}, {"100", `{"value":100.4}`, true}, {"100", `{"value":101}`, false},
		{"100.00", `{"value":100.001}`, true}, {"100.00", `{"value":100.1}`, false},
		{"7.1", `{"value":7.10}`, true}, {"7.10", `{"value":7.1}`, false},
		{"lt100", `{"value":99.99}`, true}, {"lt100", `{"value":100}`, false}, {"ge100", `{"value":100}`, true},
		{"ap100", `{"value":109}`, true}, {"ap100", `{"value":115}`, false},
		{"5.4|http://unitsofmeasure.org|mg", `{"value":5.4,"system":"http://unitsofmeasure.org","code":"mg"}`, true},
		{"5.4|http://unitsofmeasure.org|mg", `{"value":0.0054,"system":"http://unitsofmeasure.org","code":"g"}`, true},
		{"5.4|http://unitsofmeasure.org|mg", `{"value":5.4,"system":"http://unitsofmeasure.org","code":"mL"}`, false},
		{"5.4||mg", `{"value":5.4,"unit":"mg"}`, true}, {"5.4||mg", `{"value":5.4,"unit":"g"}`, false},
		{"eb5", `{"value":5,"comparator":"<"}`, true}, {"eb5", `{"value":5,"comparator":"<="}`, false},
		{"gt1000", `{"value":5,"comparator":">"}`, true}, {"lt5", `{"value":5,"comparator":">"}`, false},
	} {
		prefix, rest := cutPrefix(c.search)
		q := quantities(value{json: map[string]any(resource(t, c.quantity))})
		if got := matchQuantity(prefix, q[0], rest); got != c.want {
			t.Errorf("%s on %s: %v", c.search, c.quantity, got)
		}
	}
}

func hospital(t testing.TB) *Data {
	d := &Data{Base: "http://here.test/fhir"}
	for _, body := range []string{
		`{"resourceType":"Organization","id":"o","name":"Ziekenhuis"}`,
		`{"resourceType":"Patient","id":"p","name":[{"family":"Müller","given":["Anna"]}],"gender":"female","birthDate":"1980-02",
		  "managingOrganization":{"reference":"Organization/o"},"identifier":[{"system":"http://n","value":"1","type":{"coding":[{"system":"http://t","code":"MR"}],"text":"Dossier"}}]}`,
		`{"resourceType":"Patient","id":"q","name":[{"family":"de Vries"}],"deceasedBoolean":false}`,
		`{"resourceType":"Observation","id":"a","status":"final","code":{"coding":[{"system":"http://c","code":"x","display":"Glucose"}]},
		  "subject":{"reference":"Patient/p"},"effectiveDateTime":"2020-01-02","valueQuantity":{"value":5,"system":"http://unitsofmeasure.org","code":"mg"},
		  "component":[{"code":{"coding":[{"code":"y"}]},"valueQuantity":{"value":9}}],"text":{"status":"generated","div":"<div>Quick &amp; brown</div>"}}`,
		`{"resourceType":"Observation","id":"b","status":"final","code":{"coding":[{"system":"http://c","code":"z"}],"text":"Anything"},
		  "subject":{"reference":"http://here.test/fhir/Patient/q"},"hasMember":[{"reference":"Observation/a"}],"effectivePeriod":{"start":"2020-01-01"}}`,
		`{"resourceType":"List","id":"l","status":"current","mode":"working","entry":[{"item":{"reference":"Observation/b"}}]}`,
		`{"resourceType":"Location","id":"w","position":{"longitude":4.3,"latitude":52.0}}`,
		`{"resourceType":"CodeSystem","id":"c","url":"http://c","concept":[{"code":"x","concept":[{"code":"z"}]}]}`,
		`{"resourceType":"ValueSet","id":"v","url":"http://v","compose":{"include":[{"system":"http://c","concept":[{"code":"z"}]}]}}`,
	} {
		d.Resources = append(d.Resources, resource(t, body))
	}
	return d
}

// TestSearch goes through the search language, a search and what it finds.
func TestSearch(t *testing.T) {
	d := hospital(t)
	for search, want := range map[string]string{
		"/Patient?name=mull":                                                      "Patient/p",
		"/Patient?name:exact=Müller":                                              "Patient/p",
		"/Patient?name:exact=muller":                                              "",
		"/Patient?name:contains=vri":                                              "Patient/q",
		"/Patient?gender=male,female":                                             "Patient/p",
		"/Patient?gender:not=female":                                              "Patient/q",
		"/Patient?gender:missing=true":                                            "Patient/q",
		"/Patient?deceased=false":                                                 "Patient/p Patient/q",
		"/Patient?identifier=http://n|1":                                          "Patient/p",
		"/Patient?identifier=|1":                                                  "",
		"/Patient?identifier:of-type=http://t|MR|1":                               "Patient/p",
		"/Patient?identifier:text=doss":                                           "Patient/p",
		"/Patient?organization.name=ziek":                                         "Patient/p",
		"/Patient?_has:Observation:subject:code=x":                                "Patient/p",
		"/Patient?_has:Observation:subject:has-member:Observation.code=x":         "Patient/q",
		"/Organization?_has:Patient:organization:_has:Observation:subject:code=x": "Organization/o",
		"/Observation?subject=Patient/q":                                          "Observation/b",
		"/Observation?subject=q":                                                  "Observation/b",
		"/Observation?patient=http://here.test/fhir/Patient/p":                    "Observation/a",
		"/Observation?subject:Patient.organization.name=ziek":                     "Observation/a",
		"/Observation?code:text=glu":                                              "Observation/a",
		"/Observation?code:in=http://v":                                           "Observation/b",
		"/Observation?code:not-in=http://v":                                       "Observation/a",
		"/Observation?code:below=http://c|x":                                      "Observation/a Observation/b",
		"/Observation?code:above=http://c|x":                                      "Observation/a",
		"/Observation?code-value-quantity=x$gt4":                                  "Observation/a",
		"/Observation?combo-code-value-quantity=x$gt6":                            "",
		"/Observation?combo-code-value-quantity=y$gt6":                            "Observation/a",
		"/Observation?date=sa2020-01-01":                                          "Observation/a",
		"/Observation?value-quantity=0.005|http://unitsofmeasure.org|g":           "Observation/a",
		"/Observation?_text=brown quick":                                          "Observation/a",
		"/Observation?_content=anything":                                          "Observation/b",
		"/Observation?_list=l":                                                    "Observation/b",
		"/Observation?_filter=code eq http://c|x or date lt 2020-01-02":           "Observation/a Observation/b",
		`/Patient?_filter=not (name co "ull") and gender pr false`:                "Patient/q",
		"/Location?near=52.001|4.301|1|km":                                        "Location/w",
		"/Location?near=52.1|4.3|1|km":                                            "",
		"/Patient/p/Observation":                                                  "Observation/a",
		"/Patient/q/*":                                                            "Observation/b Patient/q",
		"/?_id=p,a":                                                               "Observation/a Patient/p",
	} {
		path, query, _ := strings.Cut(search, "?")
		query = strings.NewReplacer("|", "%7C", " ", "%20").Replace(query)
		result, err := d.Search(path, query)
		if err != nil {
			t.Errorf("%s: %v", search, err)
			continue
		}
		var got []string
		for _, m := range result.Matches {
			got = append(got, m.Ref())
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s finds %v, want %s", search, got, want)
		}
	}
}

func TestIncludes(t *testing.T) {
	d := hospital(t)
	for search, want := range map[string]string{
		"_id=a&_include=Observation:subject":                                       "Patient/p",
		"_id=a&_include=Observation:subject&_include=Patient:organization":         "Patient/p",
		"_id=a&_include=Observation:subject&_include:iterate=Patient:organization": "Organization/o Patient/p",
		"_id=b&_include=*":                         "Observation/a Patient/q",
		"_id=b&_include=Observation:*:Patient":     "Patient/q",
		"_id=a&_revinclude=Observation:has-member": "Observation/b",
		"_id=a&_revinclude:iterate=Observation:has-member&_revinclude:iterate=List:item": "List/l Observation/b",
	} {
		result, err := d.Search("/Observation", search)
		if err != nil {
			t.Errorf("%s: %v", search, err)
			continue
		}
		if got := strings.Join(result.Includes(result.Matches), " "); got != want {
			t.Errorf("%s includes %s, want %s", search, got, want)
		}
	}
}

func TestOrder(t *testing.T) {
	d := hospital(t)
	for sort, want := range map[string]string{
		"family": "q p", "-family": "p q", "gender": "p q", "-gender": "p q", "birthdate,-family": "p q", "_id": "p q", "-_id": "q p",
	} {
		result, err := d.Search("/Patient", "_sort="+sort)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range result.Matches {
			got = append(got, m.ID())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("_sort=%s: %v, want %s", sort, got, want)
		}
	}
}

// What is not known is said, and is no answer.
func TestUnknown(t *testing.T) {
	d := hospital(t)
	for _, search := range []string{"banana=1", "_has:Observation=1", "date=x", "_filter=date zz 1", "code-value-quantity=1"} {
		if _, err := d.Search("/Observation", search); err == nil {
			t.Errorf("%s is answered", search)
		}
	}
}

func ExampleData_Search() {
	d := &Data{Resources: []Resource{
		{"resourceType": "Patient", "id": "p", "name": []any{map[string]any{"family": "Müller"}}},
		{"resourceType": "Observation", "id": "o", "subject": map[string]any{"reference": "Patient/p"}},
	}}
	result, err := d.Search("/Observation", "subject:Patient.name=muller&_include=Observation:subject")
	if err != nil {
		panic(err)
	}
	fmt.Println(result.Matches[0].Ref(), result.Includes(result.Matches))
	// Output: Observation/o [Patient/p]
}
