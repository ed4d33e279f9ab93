package consent_test

import (
	"flag"
	"fmt"
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
				because := runAsk(t, ask.line, rules)
				if *update {
					a.because(t, ask.line, because)
				} else if ask.because != because {
					t.Errorf("%s\nbecause %s\nwants   %s", ask.line, because, ask.because)
				}
			}
		})
	}
}

// update writes the reasons into the corpus anew. What is seen is never written.
var update = flag.Bool("update", false, "write the reasons in testdata/corpus as they are decided now")

// runAsk runs a line "who purposes [action] [pcf] [at=DATE] [by=STRATEGY] : names"
// and returns the reason.
func runAsk(t *testing.T, ask string, rules map[string][]consent.Rules) string {
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
	return reason(req, facts, rules["anna"])
}

// reason is the trace about anna's data in plain words: what was decided about
// other holders' data and the own custodian's, and the rules that did it. Where
// none did, it is why each does not speak.
func reason(req consent.Request, facts consent.Facts, consents []consent.Rules) string {
	facts.Ancestors = ancestors
	shape := consent.Shape{ID: 1, Consents: consents}
	verdict := consent.Explain(req, facts, shape)
	if len(consents) == 0 {
		verdict = consent.Decide(req, facts).Verdicts[0]
	}
	switch {
	case req.Party == consent.Own:
		return "consents do not restrict the patient"
	case len(verdict.Reasons) == 0:
		return "nobody is known to ask"
	}
	outcome := []string{consent.NoGrant: "no grant", consent.Denied: "denied", consent.Some: "in part", consent.Permitted: "permitted"}
	var decided, silent []string
	for _, r := range verdict.Reasons {
		text := r.Rule + " " + r.Effect + "s: " + r.Text
		if r.Consent >= 0 {
			text = fmt.Sprintf("consent %d %s", r.Consent+1, text)
		}
		switch {
		case r.Rule == consent.Strategy && len(verdict.Reasons) > 1:
		case r.Effect == "no-grant":
			silent = append(silent, strings.Replace(text, " no-grants: ", " ", 1))
		default:
			decided = append(decided, strings.Replace(text, "denys", "denies", 1))
		}
	}
	if len(decided) == 0 {
		decided = silent
	}
	return outcome[verdict.Outcome] + ", own data " + outcome[verdict.Own] + "; " + strings.Join(slices.Compact(decided), "; ")
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
