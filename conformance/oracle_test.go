package conformance_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"

	"sluis/conformance"
	"sluis/fhir"
)

// oracle is google/fhir, which knows R4 from the same definitions by another
// way: generated protocol buffers.
func oracle(t testing.TB) func([]byte) error {
	t.Helper()
	u, err := jsonformat.NewUnmarshaller("UTC", fhirversion.R4)
	if err != nil {
		t.Fatal(err)
	}
	u.MaxNestingDepth = 100
	return func(body []byte) error {
		_, err := u.Unmarshal(body)
		return err
	}
}

// verdict is nil, or the first thing that we find wrong.
func verdict(body []byte) error {
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return err
	}
	if issues := conformance.Validate(doc); len(issues) > 0 {
		return &fhir.Error{Kind: fhir.Unprocessable, Issues: issues}
	}
	return nil
}

// disagreements are the official examples on which we and the oracle differ,
// with the reason.
const emptyNarrative = "the div is empty, which txt-2 of narrative.html forbids; the oracle does not read XHTML"

var disagreements = map[string]string{
	"ActivityDefinition-blood-tubes-supply.json":        emptyNarrative,
	"ActivityDefinition-heart-valve-replacement.json":   emptyNarrative,
	"EventDefinition-example.json":                      emptyNarrative,
	"Questionnaire-zika-virus-exposure-assessment.json": emptyNarrative,
}

func TestOfficialExamplesAsTheOracle(t *testing.T) {
	ask := oracle(t)
	refused := 0
	for _, e := range examples(t, officialExamples) {
		ours, theirs := verdict(e.body), ask(e.body)
		reason, listed := disagreements[e.name]
		switch {
		case (ours == nil) != (theirs == nil) && !listed:
			t.Errorf("%s: ours %v, theirs %v", e.name, ours, theirs)
		case (ours == nil) == (theirs == nil) && listed:
			t.Errorf("%s is listed (%s) and both agree: ours %v, theirs %v", e.name, reason, ours, theirs)
		case ours != nil:
			refused++
		}
	}
	t.Logf("refused by us: %d", refused)
}

const (
	mutationSeed    = 4001
	mutationsEach   = 12
	mutatedExamples = 250
	maxMutatedBytes = 6000
)

// TestMutationsRefusedByTheOracleAreRefused breaks the official examples in
// every way that a sender might, and demands that what google/fhir refuses is
// refused here. The other way round we are stricter on purpose.
func TestMutationsRefusedByTheOracleAreRefused(t *testing.T) {
	ask := oracle(t)
	random := rand.New(rand.NewPCG(mutationSeed, 0))
	t.Logf("seed %d", mutationSeed)
	valid := slices.DeleteFunc(examples(t, officialExamples), func(e example) bool {
		return len(e.body) > maxMutatedBytes || verdict(e.body) != nil || ask(e.body) != nil
	})
	random.Shuffle(len(valid), func(i, j int) { valid[i], valid[j] = valid[j], valid[i] })
	refused, missed := 0, 0
	for _, e := range valid[:min(len(valid), mutatedExamples)] {
		for range mutationsEach {
			what, body := mutate(t, random, e.body)
			theirs := ask(body)
			if theirs == nil {
				continue
			}
			refused++
			if verdict(body) == nil {
				missed++
				t.Errorf("%s, %s: accepted; the oracle says %v", e.name, what, theirs)
			}
		}
	}
	if refused < 500 {
		t.Errorf("only %d mutations were refused by the oracle", refused)
	}
	t.Logf("refused by the oracle: %d, of these accepted by us: %d", refused, missed)
}

// place is a value in a decoded document and how to change it.
type place struct {
	path   string
	object map[string]any
	key    string
	array  []any
	index  int
}

func (p place) get() any {
	if p.object != nil {
		return p.object[p.key]
	}
	return p.array[p.index]
}

func (p place) set(v any) {
	if p.object != nil {
		p.object[p.key] = v
		return
	}
	p.array[p.index] = v
}

func places(path string, v any) []place {
	var out []place
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			out = append(out, place{path: path + "." + k, object: v, key: k})
			out = append(out, places(path+"."+k, v[k])...)
		}
	case []any:
		for i := range v {
			at := fmt.Sprintf("%s[%d]", path, i)
			out = append(out, place{path: at, array: v, index: i})
			out = append(out, places(at, v[i])...)
		}
	}
	return out
}

// mutations change one place; each says what it does.
var mutations = []struct {
	name  string
	apply func(p place, r *rand.Rand)
}{
	{"drop", func(p place, _ *rand.Rand) {
		if p.object != nil {
			delete(p.object, p.key)
		}
	}},
	{"rename", func(p place, _ *rand.Rand) {
		if p.object != nil {
			p.object[p.key+"X"] = p.object[p.key]
			delete(p.object, p.key)
		}
	}},
	{"other case", func(p place, _ *rand.Rand) {
		if p.object != nil && len(p.key) > 1 {
			v := p.object[p.key]
			delete(p.object, p.key)
			p.object[p.key[:1]+strings.ToUpper(p.key[1:])] = v
		}
	}},
	{"wrong type", func(p place, r *rand.Rand) {
		p.set([]any{json.Number("12"), "text", true, map[string]any{"a": "b"}, []any{"x"}, json.Number("-1.5")}[r.IntN(6)])
	}},
	{"bad text", func(p place, r *rand.Rand) {
		if s, ok := p.get().(string); ok {
			p.set([]string{"!" + s, s + "\u00a0?%", "not a code at all", s + " ", "2013-02-30", "2013-13-01T00:00:00Z", s + "T10:00"}[r.IntN(7)])
		}
	}},
	{"wrap", func(p place, _ *rand.Rand) { p.set([]any{p.get()}) }},
	{"unwrap", func(p place, _ *rand.Rand) {
		if a, ok := p.get().([]any); ok && len(a) > 0 {
			p.set(a[0])
		}
	}},
	{"another choice", func(p place, _ *rand.Rand) {
		if p.object != nil && strings.ContainsAny(p.key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			i := strings.IndexAny(p.key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
			p.object[p.key[:i]+"String"] = "x"
			p.object[p.key[:i]+"DateTime"] = "2020"
		}
	}},
	{"number", func(p place, r *rand.Rand) {
		if _, ok := p.get().(json.Number); ok {
			p.set(json.Number([]string{"-1", "1.5", "2147483648", "99999999999999999999", "0", "1e3"}[r.IntN(6)]))
		}
	}},
	{"wrong target", func(p place, _ *rand.Rand) {
		if p.object != nil && p.key == "reference" {
			p.set("SubstancePolymer/1")
		}
	}},
}

// mutate applies one random mutation that changes something.
func mutate(t *testing.T, r *rand.Rand, body []byte) (string, []byte) {
	t.Helper()
	for {
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decoder.UseNumber()
		var v map[string]any
		if err := decoder.Decode(&v); err != nil {
			t.Fatal(err)
		}
		before := encode(t, v)
		all := places("", v)
		p, m := all[r.IntN(len(all))], mutations[r.IntN(len(mutations))]
		m.apply(p, r)
		if after := encode(t, v); string(after) != string(before) {
			return m.name + " at " + p.path, after
		}
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOracleReadsNullPadding holds the json-iterator version that go.mod pins:
// later ones refuse null in an array of primitives, which R4 uses as padding
// (json.html#primitive), and google/fhir would refuse legal resources.
func TestOracleReadsNullPadding(t *testing.T) {
	ask := oracle(t)
	for _, body := range []string{
		`{"resourceType":"Patient","name":[{"given":["Jan",null],"_given":[null,{"id":"x","extension":[{"url":"http://example.org/x","valueBoolean":true}]}]}]}`,
		`{"resourceType":"Patient","name":[{"given":[null],"_given":[{"extension":[{"url":"http://example.org/x","valueBoolean":true}]}]}]}`,
	} {
		if err := ask([]byte(body)); err != nil {
			t.Errorf("the oracle: %v", err)
		}
		if err := verdict([]byte(body)); err != nil {
			t.Errorf("ours: %v", err)
		}
	}
}
