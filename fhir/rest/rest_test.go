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

func TestAcceptable(t *testing.T) {
	for accept, want := range map[string]bool{
		"": true, "*/*": true, "application/fhir+json": true, "application/json;q=0.9": true, "text/html, */*;q=0.1": true,
		"application/fhir+json; fhirVersion=4.0": true, "application/fhir+json; fhirVersion=3.0": false,
		"application/fhir+xml": false, "text/html": false, ";": false,
	} {
		r := httptest.NewRequest("GET", "/Patient", nil)
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		if got := acceptable(r) == nil; got != want {
			t.Errorf("Accept %q: %v", accept, got)
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
