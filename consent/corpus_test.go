package consent_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluis/consent"
	"sluis/consent/r4"
)

// TestCorpus runs every case of testdata/corpus: FHIR Consents, who asks, and
// what of anna's record is seen. What is seen of bert's, who has no consent,
// must be the same as when anna has none.
func TestCorpus(t *testing.T) {
	for _, a := range corpus(t) {
		t.Run(strings.TrimSuffix(filepath.Base(a.path), ".txtar"), func(t *testing.T) {
			rules := map[string][]consent.Rules{}
			for _, body := range a.consents(t, "anna") {
				if r, applies := r4.Read(body); applies {
					rules["anna"] = append(rules["anna"], consent.Decode(consent.Encode(r)))
				}
			}
			asks := a.asks()
			if len(asks) == 0 {
				t.Fatal("no asks")
			}
			for _, ask := range asks {
				runAsk(t, ask, rules)
			}
		})
	}
}

// runAsk runs a line "who purposes [action] [pcf] [at DATE] : names".
func runAsk(t *testing.T, ask string, rules map[string][]consent.Rules) {
	t.Helper()
	head, want, ok := strings.Cut(ask, " : ")
	if !ok {
		t.Fatalf("%q lacks a colon", ask)
	}
	words := strings.Fields(head)
	req := who(t, words[0])
	req.At, req.Action = now, consent.Access
	var facts consent.Facts
	for i, w := range words[1:] {
		switch {
		case i == 0:
			if w != "-" {
				req.Purposes = strings.Split(w, ",")
			}
		case w == "button":
			req.BreakGlass = true
		case w == "pcf":
			facts.Profile = consent.PCF
		case strings.HasPrefix(w, "at="):
			from, _, ok := consent.Interval(w[3:], nil)
			if !ok {
				t.Fatalf("%q: bad time", ask)
			}
			req.At = from
		default:
			req.Action = consent.Action(w)
		}
	}
	got := sees(req, facts, rules)
	if g, w := of(got, "anna"), expected(t, want); !slices.Equal(g, w) {
		t.Errorf("%s\nsees  %v\nwants %v", head, g, w)
	}
	if g, w := of(got, "bert"), of(sees(req, facts, nil), "bert"); !slices.Equal(g, w) {
		t.Errorf("%s: anna's consents change what is seen of bert's: %v, without them %v", head, g, w)
	}
}

// of is the part of a list about one person, without the prefix.
func of(names []string, person string) []string {
	var out []string
	for _, n := range names {
		if n, ok := strings.CutPrefix(n, person+":"); ok {
			out = append(out, n)
		}
	}
	return out
}

// expected reads the names after the colon: names of data, of a custodian for
// all it holds (save wishes, which are shown to nobody but the patient), and
// either with a minus before it.
func expected(t *testing.T, list string) []string {
	t.Helper()
	want := map[string]bool{}
	for _, w := range strings.Fields(list) {
		name, minus := strings.CutPrefix(w, "-")
		found := name == "nothing"
		for _, d := range record("anna") {
			short := strings.TrimPrefix(d.name, "anna:")
			if short == name || d.custodian == name && short != "wishes" || name == "all" {
				want[short], found = !minus, true
			}
		}
		if !found {
			t.Fatalf("nothing is called %q", name)
		}
	}
	var out []string
	for _, d := range record("anna") {
		if short := strings.TrimPrefix(d.name, "anna:"); want[short] {
			out = append(out, short)
		}
	}
	return out
}
