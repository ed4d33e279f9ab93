package differential

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/conformance/cast"
	"sluis/conformance/differential/naive"
	"sluis/smart"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares lines with a file.
func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	slices.Sort(lines)
	got := ""
	for _, l := range slices.Compact(lines) {
		got += l + "\n"
	}
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	old := strings.Split(string(want), "\n")
	for _, l := range lines {
		if !slices.Contains(old, l) {
			t.Errorf("%s lacks: %s", name, l)
		}
	}
	for _, l := range old {
		if l != "" && !slices.Contains(lines, l) {
			t.Errorf("%s has, and it is not so any more: %s", name, l)
		}
	}
}

// archives are the published examples, with how many there are.
var archives = []struct {
	path  string
	count int
}{{"r4-examples/r4-examples-json.tgz", 739}, {"nl-core/zib2020-examples-json.tgz", 271}}

// TestRoundTrip stores every published example under its own id, as a client
// does that may choose ids, and expects to read what was sent, and to find it by
// every search parameter that it has a value of. What is not so stands in
// testdata/roundtrip.golden, with the server's reason.
func TestRoundTrip(t *testing.T) {
	var all []example
	for _, a := range archives {
		of := examples(t, a.path, ".json")
		if len(of) != a.count {
			t.Fatalf("%s has %d examples, want %d", a.path, len(of), a.count)
		}
		all = append(all, of...)
	}
	everywhere(t, func(t *testing.T, b backend) {
		store, _ := b.open(t)
		w := cast.New(t, store)
		trip := &trip{World: w, token: w.Token("system/*.cruds", smart.Grant{
			Organization: w.Hospital, Purposes: []string{"TREAT"}, Client: "hospital-epd", ChooseIDs: true, PrivacyOfficer: true,
		})}
		var stored []naive.Resource
		for _, e := range trip.people(all) {
			if r := trip.store(e); r != nil {
				stored = append(stored, r)
			}
		}
		searches := 0
		for _, r := range stored {
			searches += trip.find(r)
		}
		t.Logf("%d of %d examples stored; %d searches found them", len(stored), len(all), searches)
		golden(t, "testdata/roundtrip.golden", trip.exceptions)
	})
}

// trip is the way of the examples through one server.
type trip struct {
	*cast.World
	token      string
	exceptions []string
}

func (t *trip) except(format string, args ...any) {
	t.exceptions = append(t.exceptions, fmt.Sprintf(format, args...))
}

// people puts the Patients before what is about them, and makes those whom some
// example names and none is: a server lets nobody write about unknown persons.
func (t *trip) people(all []example) []example {
	var first, rest []example
	known := map[string]bool{}
	var named []string
	for _, e := range all {
		r, err := decode(e.body)
		if err != nil {
			t.Fatal(err)
		}
		if text(r["resourceType"]) == "Patient" {
			first, known[text(r["id"])] = append(first, e), true
			continue
		}
		rest = append(rest, e)
		named = append(named, patients(r)...)
	}
	for _, id := range named {
		if !known[id] {
			known[id] = true
			t.Place(t.Hospital, fmt.Sprintf(`{"resourceType":"Patient","id":%q}`, id))
		}
	}
	return append(first, rest...)
}

// patients are the ids that references to Patients name, at any depth.
func patients(v any) []string {
	var out []string
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			out = append(out, patients(e)...)
		}
	case map[string]any:
		if id, ok := strings.CutPrefix(text(v["reference"]), "Patient/"); ok && !strings.Contains(id, "/") {
			out = append(out, id)
		}
		for _, e := range v {
			out = append(out, patients(e)...)
		}
	}
	return out
}

// store sends an example and reads it back; nil when the server refuses it.
func (t *trip) store(e example) naive.Resource {
	sent, err := decode(e.body)
	if err != nil {
		t.Fatal(err)
	}
	r := naive.Resource(sent)
	if answer := t.Do(t.token, http.MethodPut, "/"+r.Ref(), e.body); answer.Status != http.StatusCreated {
		t.except("%s\tis refused: %d %s", e.name, answer.Status, reason(answer.Body))
		return nil
	}
	back, err := decode(t.Do(t.token, http.MethodGet, "/"+r.Ref(), nil, "Accept", "application/fhir+json").Expect(http.StatusOK).Body)
	if err != nil {
		t.Fatal(err)
	}
	read := naive.Resource(back)
	if !reflect.DeepEqual(unstamped(sent), unstamped(back)) {
		t.except("%s\tis not read as it was sent", e.name)
	}
	return read
}

// reason is what an OperationOutcome says, shortened.
func reason(body []byte) string {
	text := []rune(strings.Join(strings.Fields(diagnostics(body)), " "))
	return string(text[:min(len(text), 160)])
}

// unstamped is a resource without what a server may rewrite.
func unstamped(r map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range r {
		out[name] = v
	}
	meta := map[string]any{}
	sent, _ := r["meta"].(map[string]any) // none is fine
	for name, v := range sent {
		if name != "versionId" && name != "lastUpdated" {
			meta[name] = v
		}
	}
	delete(out, "meta")
	if len(meta) > 0 {
		out["meta"] = meta
	}
	return out
}

// find searches for a resource by every parameter that it has a value of.
func (t *trip) find(r naive.Resource) int {
	data := &naive.Data{Base: cast.Base, Resources: []naive.Resource{r}}
	spell := &speller{&maker{Rand: rand.New(rand.NewPCG(1, 1))}, data}
	searches := 0
	for _, p := range conformance.Searchable(r.Type()) {
		found, err := data.Found(p, r)
		if err != nil {
			t.Fatal(err)
		}
		value := spell.findable(p, found, r)
		if value == "" {
			continue
		}
		q := ask{path: "/" + r.Type(), params: [][2]string{{"_id", r.ID()}, {p.Code, value}}}
		pages := fetch(t.World, viewer{"the hospital", t.token, data}, q)
		searches++
		switch {
		case pages[0].status != http.StatusOK:
			t.except("%s\t%s=%s: %d %s", r.Ref(), p.Code, value, pages[0].status, reason(pages[0].body))
		case !slices.Contains(pages[0].matches, r.Ref()):
			t.except("%s\tis not found by %s=%s", r.Ref(), p.Code, value)
		}
	}
	return searches
}

// findable is a value by which, by the evaluator, the resource is found.
func (s *speller) findable(p *conformance.Parameter, found []naive.Element, r naive.Resource) string {
	for range 8 {
		if len(found) == 0 {
			return ""
		}
		value := s.spell(p, one(s.Rand, found))
		if value == "" {
			continue
		}
		q := ask{params: [][2]string{{p.Code, value}}}
		if result, err := s.data.Search("/"+r.Type(), q.query()); err == nil && len(result.Matches) == 1 {
			return value
		}
	}
	return ""
}
