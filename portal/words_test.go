package portal

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluis/audit"
	"sluis/fhir"
)

func TestWords_sameInBothLanguages(t *testing.T) {
	for name := range dutch {
		if english[name] == "" || dutch[name] == "" {
			t.Errorf("%q is missing or empty", name)
		}
	}
	for name := range english {
		if _, ok := dutch[name]; !ok {
			t.Errorf("%q is missing in Dutch", name)
		}
	}
	for _, w := range []words{dutch, english} {
		if len(strings.Fields(w["months"])) != 12 || len(strings.Fields(w["weekdays"])) != 7 {
			t.Errorf("%s: months or weekdays are missing", w["lang"])
		}
	}
}

var wordUsed = regexp.MustCompile(`(?:\.W|\$w)\.([a-zA-Z]+)`)

// Each word that a page, a table or an error asks for is there.
func TestWords_allThatAreUsed(t *testing.T) {
	used := []string{"sessionOver", "patientsOnly", "formExpired", "badForm", "chooseOrganization", "alreadyGiven", "changed", "notFound", "defect", "lang"}
	files, err := pages.ReadDir("pages")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := pages.ReadFile("pages/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range wordUsed.FindAllStringSubmatch(string(text), -1) {
			used = append(used, m[1])
		}
	}
	for _, k := range kinds {
		used = append(used, k.Name)
		if k.column != "" {
			used = append(used, k.column)
		}
	}
	for _, r := range refusals {
		used = append(used, r.word)
	}
	for _, page := range []string{"data", "list", "consents", "log", "welcome", "problem"} {
		used = append(used, page)
	}
	for _, action := range []string{"C", "R", "U", "D", "E"} {
		used = append(used, "action."+action)
	}
	if len(used) < 60 {
		t.Fatalf("only %d words were found: the pages were not read", len(used))
	}
	for _, name := range used {
		if dutch[name] == "" {
			t.Errorf("no word %q", name)
		}
	}
}

func TestLanguage(t *testing.T) {
	for header, want := range map[string]string{
		"": "nl", "nl": "nl", "en": "en", "en-US,en;q=0.9,nl;q=0.8": "en", "nl-NL,en;q=0.9": "nl", "de,fr": "nl", "de-DE,en;q=0.5": "en",
		"en;q=0,nl": "nl", ";;,,": "nl", "enochian": "nl",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", header)
		if got := language(r)["lang"]; got != want {
			t.Errorf("%q: %s", header, got)
		}
	}
}

// visitor is a visit in a language, without a server.
func visitor(t *testing.T, w words) *visit {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	return &visit{portal: &portal{zone: zone, Config: Config{Names: map[string]string{"org": "The Practice"}}}, words: w}
}

func TestDate(t *testing.T) {
	nl, en := visitor(t, dutch), visitor(t, english)
	for in, want := range map[string][2]string{
		"":                          {"", ""},
		"2026":                      {"2026", "2026"},
		"2026-03":                   {"maart 2026", "March 2026"},
		"2026-03-01":                {"1 maart 2026", "1 March 2026"},
		"2026-03-01T23:30:00Z":      {"2 maart 2026, 00:30", "2 March 2026, 00:30"}, // winter time
		"2026-07-01T23:30:00Z":      {"2 juli 2026, 01:30", "2 July 2026, 01:30"},   // summer time
		"2026-03-01T10:00:00+01:00": {"1 maart 2026, 10:00", "1 March 2026, 10:00"},
		"2026-03-01T10:00:00.123Z":  {"1 maart 2026, 11:00", "1 March 2026, 11:00"},
		"2026-02-30":                {"2026-02-30", "2026-02-30"},
		"soon":                      {"soon", "soon"},
	} {
		if got := [2]string{nl.date(in), en.date(in)}; got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func node(t *testing.T, body string) fhir.Node {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func TestPeriod(t *testing.T) {
	v := visitor(t, dutch)
	for in, want := range map[string]string{
		`{"start":"2026-01-01","end":"2026-02-01"}`: "1 januari 2026 – 1 februari 2026",
		`{"start":"2026-01-01","end":"2026-01-01"}`: "1 januari 2026",
		`{"start":"2026-01-01"}`:                    "sinds 1 januari 2026",
		`{"end":"2026-01-01"}`:                      "tot en met 1 januari 2026",
		`{}`:                                        "",
	} {
		if got := v.period(node(t, in)); got != want {
			t.Errorf("%s: %q", in, got)
		}
	}
}

func TestHumanName(t *testing.T) {
	for in, want := range map[string]string{
		`[{"family":"van der Linde","given":["Anna","Eline"]}]`:                       "Anna Eline van der Linde",
		`[{"text":"A. van der Linde","family":"van der Linde"}]`:                      "A. van der Linde",
		`[{"prefix":["dr."],"given":["Zoë"],"family":"in 't Veld","suffix":["MSc"]}]`: "dr. Zoë in 't Veld MSc",
		`[{"use":"old","family":"Vroeger"},{"use":"official","family":"Nu"}]`:         "Nu",
		`[{"use":"nickname","given":["Bo"]},{"use":"usual","family":"Gewoon"}]`:       "Gewoon",
		`[{"given":["Anna","A."],"_given":[{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier","valueCode":"BR"}]},{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier","valueCode":"IN"}]}],"family":"Ter Schuur"}]`: "Anna Ter Schuur",
		`[{"given":["A."],"_given":[{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier","valueCode":"IN"}]}],"family":"Ter Schuur"}]`:                                                                                                                 "A. Ter Schuur",
		`[]`: "",
	} {
		if got := humanName(node(t, `{"name":`+in+`}`).Get("name")); got != want {
			t.Errorf("%s: %q", in, got)
		}
	}
}

func TestRow(t *testing.T) {
	v := visitor(t, dutch)
	for name, tt := range map[string]struct {
		kind, body string
		want       row
	}{
		"a quantity keeps its digits": {"results", `{"status":"final","code":{"coding":[{"code":"x","display":"Glucose"}]},"effectiveDateTime":"2026-03-01","valueQuantity":{"comparator":"<","value":5.40,"unit":"mmol/L"},"referenceRange":[{"low":{"value":4.0,"unit":"mmol/L"},"high":{"value":7.8,"unit":"mmol/L"}}]}`,
			row{When: "1 maart 2026", What: "Glucose", Value: "< 5,40 mmol/L (normaal 4,0 – 7,8)"}},
		"components": {"results", `{"status":"final","code":{"text":"Bloeddruk"},"component":[{"code":{"text":"boven"},"valueQuantity":{"value":120,"unit":"mmHg"}},{"code":{"text":"onder"},"valueQuantity":{"value":80,"unit":"mmHg"}}]}`,
			row{What: "Bloeddruk", Value: "boven 120 mmHg; onder 80 mmHg"}},
		"an annotation is no unit": {"results", `{"status":"final","code":{"text":"PHQ-9"},"valueQuantity":{"value":14,"unit":"{score}"}}`, row{What: "PHQ-9", Value: "14"}},
		"an error says so":         {"results", `{"status":"entered-in-error","code":{"text":"x"},"valueBoolean":true}`, row{What: "x", Value: "ja", Note: "foutief ingevoerd"}},
		"absent, and why":          {"results", `{"status":"final","code":{"text":"x"},"dataAbsentReason":{"text":"niet gemeten"}}`, row{What: "x", Value: "niet gemeten"}},
		"a code without words":     {"results", `{"status":"final","code":{"coding":[{"code":"8867-4"}]},"valueString":"a"}`, row{What: "8867-4", Value: "a"}},
		"a medicine":               {"medication", `{"status":"active","medicationReference":{"display":"metformine"},"effectivePeriod":{"start":"2026-01-01"},"dosage":[{"text":"1 per dag"}]}`, row{When: "sinds 1 januari 2026", What: "metformine", Value: "1 per dag"}},
		"a condition":              {"conditions", `{"code":{"text":"Astma"},"clinicalStatus":{"coding":[{"code":"active"}]},"verificationStatus":{"coding":[{"code":"refuted"}]}}`, row{What: "Astma", Value: "actief, weerlegd"}},
		"a visit":                  {"encounters", `{"status":"finished","class":{"code":"AMB","display":"ambulatory"},"period":{"start":"2026-03-01T10:00:00+01:00"}}`, row{When: "sinds 1 maart 2026, 10:00", What: "ambulatory"}},
	} {
		k, known := kindNamed(tt.kind)
		if got := v.row(k, node(t, tt.body)); !known || got != tt.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Whatever a record holds, the page tells no more than the projection.
func TestDeed_tellsTheProjectionOnly(t *testing.T) {
	var r audit.Record
	full := reflect.ValueOf(&r).Elem()
	for i := range full.NumField() {
		secret := "SECRET-" + full.Type().Field(i).Name
		switch f := full.Field(i).Addr().Interface().(type) {
		case *string:
			*f = secret
		case *[]string:
			*f = []string{secret}
		case *fhir.Ref:
			*f = fhir.Ref{Type: "Practitioner", ID: secret}
		case *[]fhir.Ref:
			*f = []fhir.Ref{{Type: "Observation", ID: secret}}
		}
	}
	r.Action, r.Organization, r.Policy = "R", "org", []string{"Consent/c1/_history/1", "SECRET-Policy"}
	for _, w := range []words{dutch, english} {
		for _, outcome := range []audit.Outcome{audit.Success, audit.Refused, audit.Denied, audit.Failed} {
			for _, own := range []bool{false, true} {
				r.Outcome, r.PatientsOwn = outcome, own
				told := fmt.Sprintf("%+v", visitor(t, w).timeline([]audit.Record{r}))
				// A role has a code only; that is the projection's too.
				if told = strings.ReplaceAll(told, "SECRET-Role", ""); strings.Contains(told, "SECRET") {
					t.Errorf("outcome %d: %s", outcome, told)
				}
			}
		}
	}
}

func TestTimeline_foldsWithoutLoss(t *testing.T) {
	v := visitor(t, english)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var records []audit.Record
	for i := range 50 {
		r := audit.Record{Action: "R", Organization: "org", Recorded: at.Add(-time.Duration(i) * time.Hour), Data: []fhir.Ref{{Type: []string{"Patient", "Observation"}[i%2]}}}
		if i == 3 {
			r.Outcome = audit.Denied
		}
		records = append(records, r)
	}
	days := v.timeline(records)
	titles, lines := []string{}, 0
	for _, d := range days {
		titles = append(titles, d.Title)
		for _, g := range d.Groups {
			lines += len(g.Lines)
		}
	}
	if want := []string{"Sunday 1 March 2026", "Saturday 28 February 2026", "Friday 27 February 2026"}; !slices.Equal(titles, want) || lines != len(records) {
		t.Fatalf("%v, %d lines", titles, lines)
	}
	if first := days[0].Groups[0]; len(days[0].Groups) != 3 || first.Time != "11:00–13:00" || first.What != "read personal details, results and measurements" {
		t.Errorf("%+v", days[0].Groups)
	}
}

var colour = regexp.MustCompile(`--([a-z-]+):#([0-9a-f]{3,6})`)

// WCAG 2.1, 1.4.3: text has a contrast of 4.5 to 1 at least.
func TestStyle_contrast(t *testing.T) {
	colours := map[string]string{}
	for _, m := range colour.FindAllStringSubmatch(string(stylesheet), -1) {
		colours[m[1]] = m[2]
	}
	for _, pair := range [][2]string{
		{"ink", "paper"}, {"ink", "ground"}, {"ink", "red-ground"}, {"soft", "paper"}, {"soft", "ground"}, {"soft", "red-ground"},
		{"blue", "paper"}, {"blue", "ground"}, {"paper", "blue"}, {"red", "paper"}, {"paper", "red"}, {"amber", "paper"},
	} {
		a, b := luminance(t, colours[pair[0]]), luminance(t, colours[pair[1]])
		if contrast := (max(a, b) + 0.05) / (min(a, b) + 0.05); contrast < 4.5 {
			t.Errorf("%s on %s: %.2f", pair[0], pair[1], contrast)
		}
	}
}

// luminance is the relative luminance of an sRGB colour (WCAG 2.1).
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.03928 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
