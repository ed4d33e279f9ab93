package terminology

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluis/fhir"
)

// codesUsed are the codes of the random code systems; some are in none.
var codesUsed = []string{"a", "b", "c", "d", "e", "f", "g", "h"}

// randomSystem makes a code system whose hierarchy has no cycle: a parent comes
// before its children.
func randomSystem(t *rapid.T, url string) string {
	var concepts []string
	n := rapid.IntRange(1, len(codesUsed)-1).Draw(t, "concepts")
	for i := range n {
		var properties []string
		for p := range i {
			if rapid.IntRange(0, 3).Draw(t, "parent") == 0 {
				properties = append(properties, fmt.Sprintf(`{"code":"parent","valueCode":%q}`, codesUsed[p]))
			}
		}
		if rapid.Bool().Draw(t, "inactive") {
			properties = append(properties, `{"code":"inactive","valueBoolean":true}`)
		}
		if rapid.IntRange(0, 4).Draw(t, "abstract") == 0 {
			properties = append(properties, `{"code":"notSelectable","valueBoolean":true}`)
		}
		concept := fmt.Sprintf(`{"code":%q,"display":"the %s"`, codesUsed[i], codesUsed[i])
		if len(properties) > 0 {
			concept += `,"property":[` + strings.Join(properties, ",") + `]`
		}
		concepts = append(concepts, concept+"}")
	}
	content := rapid.SampledFrom([]string{"complete", "complete", "complete", "fragment"}).Draw(t, "content")
	return `{"resourceType":"CodeSystem","url":"` + url + `","content":"` + content + `","concept":[` + strings.Join(concepts, ",") + `]}`
}

var systemsUsed = []string{"http://x/s0", "http://x/s1", "http://x/none"}

func randomClauses(t *rapid.T, label string, least, sets int) string {
	var out []string
	for range rapid.IntRange(least, 3).Draw(t, label) {
		out = append(out, randomClause(t, sets))
	}
	return strings.Join(out, ",")
}

// randomClause names value sets with a higher number only, or, now and then, any:
// then they may include themselves.
func randomClause(t *rapid.T, sets int) string {
	var parts []string
	if rapid.IntRange(0, 3).Draw(t, "system") > 0 {
		parts = append(parts, fmt.Sprintf(`"system":%q`, rapid.SampledFrom(systemsUsed).Draw(t, "url")))
		code := rapid.SampledFrom(codesUsed)
		switch rapid.IntRange(0, 2).Draw(t, "what") {
		case 1:
			parts = append(parts, fmt.Sprintf(`"concept":[{"code":%q},{"code":%q}]`, code.Draw(t, "one"), code.Draw(t, "two")))
		case 2:
			op := rapid.SampledFrom(operators).Draw(t, "op")
			property := rapid.SampledFrom([]string{"concept", "code", "inactive", "parent"}).Draw(t, "property")
			value := code.Draw(t, "value")
			if op == "exists" {
				value = "true"
			}
			parts = append(parts, fmt.Sprintf(`"filter":[{"property":%q,"op":%q,"value":%q}]`, property, op, value))
		}
	}
	if len(parts) == 0 || rapid.IntRange(0, 3).Draw(t, "import") == 0 {
		parts = append(parts, fmt.Sprintf(`"valueSet":["http://x/v%d"]`, rapid.IntRange(0, sets).Draw(t, "set")))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// randomWorld is two code systems and three value sets.
func randomWorld(t *rapid.T) *Service {
	all := uploads{randomSystem(t, systemsUsed[0]), randomSystem(t, systemsUsed[1])}
	for i := range 3 {
		compose := `"include":[` + randomClauses(t, "include", 1, 2) + `]`
		if ex := randomClauses(t, "exclude", 0, 2); ex != "" {
			compose += `,"exclude":[` + ex + `]`
		}
		if rapid.IntRange(0, 3).Draw(t, "active only") == 0 {
			compose += `,"inactive":false`
		}
		all = append(all, valueSetOver(fmt.Sprintf("http://x/v%d", i), compose))
	}
	return New(all.resolve, instant)
}

// TestLaw_JudgingAgreesWithListing: where a value set can be listed, the codes
// that are judged members are those listed, and none is beyond judgement save
// those of a code system of which only a part is here.
func TestLaw_JudgingAgreesWithListing(t *testing.T) {
	listedSome := 0
	rapid.Check(t, func(t *rapid.T) {
		s := randomWorld(t)
		vs, err := s.set("http://x/v0")
		if err != nil {
			t.Fatal(err)
		}
		x, err := s.enumerate(vs)
		if err != nil {
			return
		}
		listedSome++
		for _, system := range systemsUsed {
			for _, code := range codesUsed {
				_, isListed := x.places[entryKey{system: system, code: code}]
				v, err := s.contains(vs, Coding{System: system, Code: code})
				switch {
				case err != nil && !isListed:
					continue // a defect where nothing that is listed led to
				case err != nil:
					t.Fatalf("listed, and not judged: %v", err)
				case v.membership == Unjudged && isListed, v.membership == Unjudged && !x.unclosed && v.why == "":
					t.Fatalf("%s|%s: %+v", system, code, v)
				case v.membership != Unjudged && isListed != (v.membership == Member):
					t.Fatalf("%s|%s is listed %v and judged %v", system, code, isListed, v.membership)
				}
			}
		}
	})
	if listedSome < 10 {
		t.Errorf("only %d of the random value sets could be listed", listedSome)
	}
}

// TestLaw_SubsumptionIsAPartialOrder: reflexive, antisymmetric, transitive; and
// is-a and generalizes are its two directions.
func TestLaw_SubsumptionIsAPartialOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc, err := fhir.ParseDocument([]byte(randomSystem(t, "http://x/s0")))
		if err != nil {
			t.Fatal(err)
		}
		cs, err := readCodeSystem(doc)
		if err != nil {
			t.Fatal(err)
		}
		n := int32(len(cs.concepts))
		for a := range n {
			if !cs.below(a).has(a) {
				t.Fatal("not reflexive")
			}
			for b := range n {
				if cs.below(a).has(b) != cs.above(b).has(a) {
					t.Fatal("above and below differ")
				}
				if a != b && cs.below(a).has(b) && cs.below(b).has(a) {
					t.Fatal("not antisymmetric")
				}
				for c := range n {
					if cs.below(a).has(b) && cs.below(b).has(c) && !cs.below(a).has(c) {
						t.Fatal("not transitive")
					}
				}
			}
		}
	})
}

// TestLaw_SubsumesMirrors: $subsumes of b and a is the mirror of that of a and b.
func TestLaw_SubsumesMirrors(t *testing.T) {
	mirror := map[string]string{equivalent: equivalent, subsumes: subsumedBy, subsumedBy: subsumes, notSubsumed: notSubsumed}
	rapid.Check(t, func(t *rapid.T) {
		s := New(uploads{randomSystem(t, "http://x/s0")}.resolve, instant)
		one := Coding{System: "http://x/s0", Code: rapid.SampledFrom(codesUsed).Draw(t, "one")}
		two := Coding{System: "http://x/s0", Code: rapid.SampledFrom(codesUsed).Draw(t, "two")}
		there, err := s.compare(one, two)
		back, errBack := s.compare(two, one)
		if (err == nil) != (errBack == nil) || err == nil && mirror[there] != back {
			t.Fatalf("%s, %v; %s, %v", there, err, back, errBack)
		}
	})
}

// TestLaw_PagesUniteToTheWhole, and a filter takes away and never adds.
func TestLaw_PagesUniteToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := randomWorld(t)
		vs, err := s.set("http://x/v0")
		if err != nil {
			t.Fatal(err)
		}
		x, err := s.enumerate(vs)
		if err != nil {
			return
		}
		size := rapid.IntRange(1, 5).Draw(t, "size")
		var united []entry
		for from := 0; from < len(x.entries); from += size {
			united = append(united, cut(x.entries, from, size)...)
		}
		if !slices.EqualFunc(united, x.entries, func(a, b entry) bool { return a.key() == b.key() }) {
			t.Fatalf("%d codes on pages of %d, %d in all", len(united), size, len(x.entries))
		}
		a := &arguments{of: map[string][]argument{"filter": {{text: rapid.SampledFrom([]string{"the", "a", "b the", "z", "THE C"}).Draw(t, "filter")}}}}
		if rapid.Bool().Draw(t, "active") {
			a.of["activeOnly"] = []argument{{text: "true"}}
		}
		for _, e := range narrowed(x.entries, a) {
			if _, ok := x.places[e.key()]; !ok {
				t.Fatalf("the filter added %s", e.code)
			}
		}
	})
}

// FuzzCompose: no value set makes the engine panic, loop or work beyond its
// budget, and what is answered is a legal resource.
func FuzzCompose(f *testing.F) {
	f.Add(`{"include":[{"system":"http://x/animals","filter":[{"property":"concept","op":"is-a","value":"mammal"}]}]}`)
	f.Add(`{"include":[{"valueSet":["http://x/fuzzed"]}],"exclude":[{"system":"http://unitsofmeasure.org"}]}`)
	f.Add(`{"inactive":false,"include":[{"system":"http://x/animals","filter":[{"property":"code","op":"regex","value":"(a*)*b"}]},{"valueSet":["http://hl7.org/fhir/ValueSet/languages"]}]}`)
	f.Add(`{"include":[{"system":"http://unitsofmeasure.org","concept":[{"code":"m","designation":[{"use":{},"value":"x"}]}]}]}`)
	f.Fuzz(func(t *testing.T, compose string) {
		body := `{"resourceType":"ValueSet","url":"http://x/fuzzed","status":"active","compose":` + compose + `}`
		doc, err := fhir.ParseDocument([]byte(body))
		if err != nil {
			return
		}
		s := with(animals, body)
		s.left = 20_000
		for _, name := range []string{"expand", "validate-code"} {
			c := Call{Name: name, Type: "ValueSet", Instance: doc}
			if name == "validate-code" {
				c.Params = []fhir.Param{{Name: "code", Value: "dog"}, {Name: "system", Value: "http://x/animals"}}
			}
			out, err := s.Run(c)
			if err != nil && fhir.KindOf(err) == fhir.Internal {
				t.Fatal(err)
			}
			if err == nil {
				if _, err := fhir.ParseDocument(out); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
		}
	})
}

// FuzzRun: no body of Parameters does either.
func FuzzRun(f *testing.F) {
	f.Add("expand", inline(`{"name":"count","valueInteger":2}`))
	f.Add("validate-code", inline(`{"name":"coding","valueCoding":{"system":"http://x/animals","code":"animal"}}`))
	f.Add("lookup", `{"resourceType":"Parameters","parameter":[{"name":"coding","valueCoding":{"system":"http://x/animals","code":"dog"}}]}`)
	f.Fuzz(func(t *testing.T, name, body string) {
		doc, err := fhir.ParseDocument([]byte(body))
		if err != nil {
			return
		}
		for _, on := range []string{"CodeSystem", "ValueSet"} {
			s := with(animals)
			s.left = 20_000
			out, err := s.Run(Call{Name: name, Type: on, Body: doc})
			if err != nil && fhir.KindOf(err) == fhir.Internal {
				t.Fatal(err)
			}
			if err == nil {
				if _, err := fhir.ParseDocument(out); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
		}
	})
}
