package rest

import (
	"math"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"sluis/fhir"
	"sluis/fhir/query"
)

// Every kind of error has a status of its own.
func TestStatuses_EveryKindHasOne(t *testing.T) {
	seen := map[int]fhir.Kind{}
	for k := fhir.Internal; k <= fhir.Unavailable; k++ {
		status, ok := statuses[k]
		if other, twice := seen[status]; !ok || twice {
			t.Errorf("kind %d: status %d, which is also that of %d", k, status, other)
		}
		seen[status] = k
	}
	if len(statuses) != len(seen) {
		t.Errorf("%d statuses for %d kinds", len(statuses), len(seen))
	}
}

func sealing(key string) *exchange {
	return &exchange{server: &server{Config: Config{PageKey: []byte(key), Base: "http://sluis.test/fhir"}}}
}

func TestSeal_ReturnsWhatWasAsked(t *testing.T) {
	x := sealing("a key")
	ask := asked{
		Type: "Observation", Params: []fhir.Param{{Name: "code", Value: "8867-4"}, {Name: "code", Value: "é|,"}},
		After: &query.Position{Keys: []string{"2026", ""}, Row: math.MaxInt64, Snapshot: 7},
	}
	got, err := x.open(x.seal(ask))
	if err != nil || got.Type != ask.Type || !slices.Equal(got.Params, ask.Params) || got.After == nil ||
		got.After.Row != ask.After.Row || got.After.Snapshot != ask.After.Snapshot || !slices.Equal(got.After.Keys, ask.After.Keys) {
		t.Errorf("%+v, %v", got, err)
	}
}

// A continuation link cannot be altered, made with another key, or measured.
func TestSeal_IsTamperEvidentAndOfOneLength(t *testing.T) {
	x := sealing("a key")
	at := func(row int64) asked {
		return asked{Type: "Patient", After: &query.Position{Row: row, Snapshot: row}}
	}
	token := x.seal(at(1))
	for i := range token {
		c := byte('A')
		if token[i] == c {
			c = 'B'
		}
		if _, err := x.open(token[:i] + string(c) + token[i+1:]); fhir.KindOf(err) != fhir.Invalid && i < len(token)-1 {
			t.Fatalf("byte %d was altered: %v", i, err)
		}
	}
	if _, err := sealing("another").open(token); fhir.KindOf(err) != fhir.Invalid {
		t.Errorf("opened with another key: %v", err)
	}
	if a, b := len(token), len(x.seal(at(math.MaxInt64))); a != b {
		t.Errorf("the length tells the row: %d, %d", a, b)
	}
}

func TestNegotiate(t *testing.T) {
	for _, tc := range []struct {
		accept, query string
		want          string
	}{
		{"", "", "json"}, {"*/*", "", "json"}, {"application/fhir+json", "", "json named"}, {"application/json;q=0.9", "", "json"},
		{"text/html, */*;q=0.1", "", "json"}, {"application/fhir+xml", "", "xml named"}, {"text/xml", "", "xml"}, {"application/xml", "", "xml"},
		{"application/fhir+json;q=0.2, application/fhir+xml;q=0.8", "", "xml named"},
		{"application/fhir+xml, application/fhir+json", "", "xml named"}, {"*/*, application/fhir+xml", "", "xml named"},
		{"application/fhir+json;q=0, */*", "", "xml"}, {"application/fhir+json;q=0", "", ""}, {"application/fhir+json;q=2", "", ""},
		{"application/fhir+json; fhirVersion=4.0", "", "json named"}, {"application/fhir+json; fhirVersion=3.0", "", ""},
		{"application/fhir+xml; fhirVersion=3.0, application/fhir+json", "", "json named"},
		{"text/html", "", ""}, {";", "", ""}, {"json", "", ""}, {"image/png", "", ""},
		{"text/html", "_format=json", "json named"}, {"application/fhir+json", "_format=xml", "xml named"},
		{"", "_format=application/fhir%2Bxml", "xml named"}, {"", "_format=application/fhir+xml", "xml named"}, {"", "_format=text/xml", "xml named"},
		{"", "_format=html", ""}, {"", "_format=ttl", ""}, {"", "_format=", ""}, {"", "_format=json&_format=xml", ""},
		{"", "_pretty=true", "json pretty"}, {"", "_pretty=yes", ""},
	} {
		r := httptest.NewRequest("GET", "/Patient?"+tc.query, nil)
		if tc.accept != "" {
			r.Header.Set("Accept", tc.accept)
		}
		params, err := fhir.ParseParams(tc.query)
		if err != nil {
			t.Fatal(err)
		}
		f, err := negotiate(r.Header, params)
		got := map[bool]string{false: "json", true: "xml"}[f.xml]
		if f.named {
			got += " named"
		}
		if f.pretty {
			got += " pretty"
		}
		if err != nil {
			got = ""
		}
		if got != tc.want {
			t.Errorf("Accept %q, %q: %q, want %q", tc.accept, tc.query, got, tc.want)
		}
	}
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "br, gzip;q=0.5": true, "*": true, "gzip;q=0, *": false, "gzip; q=0.0": false,
		"identity": false, "*;q=0": false, "GZIP": true, "gzip;q=x": false,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Encoding", header)
		if got := acceptsGzip(r.Header); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func TestPrefer(t *testing.T) {
	r := httptest.NewRequest("POST", "/Patient", nil)
	r.Header.Add("Prefer", `Return=minimal; wait=10, handling="lenient"`)
	if prefer(r, "return") != "minimal" || prefer(r, "handling") != "lenient" || prefer(r, "respond-async") != "" {
		t.Errorf("return %q, handling %q", prefer(r, "return"), prefer(r, "handling"))
	}
}

// A Bundle is the same bytes for the same content, and valid JSON however
// little is in it.
func TestSet_IsValidJSON(t *testing.T) {
	for name, s := range map[string]*set{"empty": newSet("searchset", 0), "without a total": newSet("history", -1)} {
		if _, err := fhir.ParseDocument(s.bytes()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := newSet("searchset", 1)
	s.link("self", "http://x/\"quoted\"\\\n")
	s.outcome([]fhir.Issue{{Code: "informational", Details: "a \"quote\""}})
	doc, err := fhir.ParseDocument(s.bytes())
	if err != nil {
		t.Fatal(err)
	}
	for l := range doc.Root().Get("link").All() {
		if !strings.Contains(l.Get("url").Text(), `"quoted"\`) {
			t.Errorf("the link reads %q", l.Get("url").Text())
		}
	}
}
