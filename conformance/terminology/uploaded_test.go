package terminology

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sluis/fhir"
)

// uploads is a Resolver over bodies: by type and url, the last one of a url where
// no version is asked for.
type uploads []string

func (u uploads) resolve(resourceType, url, version string) (*fhir.Document, error) {
	for _, body := range slices.Backward(u) {
		doc, err := fhir.ParseDocument([]byte(body))
		if err != nil {
			return nil, err
		}
		root := doc.Root()
		if doc.Type() == resourceType && root.Get("url").Text() == url && (version == "" || version == root.Get("version").Text()) {
			return doc, nil
		}
	}
	return nil, nil
}

func with(bodies ...string) *Service { return New(uploads(bodies).resolve, instant) }

// animals is a code system with two parents for the bat, an abstract root, a
// retired code, and properties.
const animals = `{"resourceType":"CodeSystem","url":"http://x/animals","version":"1","name":"Animals","status":"active","content":"complete","caseSensitive":true,
"property":[{"code":"parent","uri":"http://hl7.org/fhir/concept-properties#parent","type":"code"},{"code":"legs","type":"integer"},{"code":"notSelectable","type":"boolean"},{"code":"status","type":"code"},{"code":"sound","type":"string"}],
"concept":[{"code":"animal","display":"Animal","property":[{"code":"notSelectable","valueBoolean":true}],"concept":[
 {"code":"mammal","display":"Mammal","definition":"warm and furry","concept":[
  {"code":"dog","display":"Dog","designation":[{"language":"nl","value":"Hond"},{"language":"fr","use":{"system":"http://terminology.hl7.org/CodeSystem/designation-usage","code":"display"},"value":"Chien"},{"language":"nl","use":{"system":"http://x","code":"slang"},"value":"Woef"}],"property":[{"code":"legs","valueInteger":4},{"code":"sound","valueString":"woof"}]},
  {"code":"bat","display":"Bat","property":[{"code":"parent","valueCode":"flyer"},{"code":"legs","valueInteger":2}]},
  {"code":"mammoth","display":"Mammoth","property":[{"code":"status","valueCode":"retired"},{"code":"legs","valueInteger":4}]}]},
 {"code":"flyer","display":"Flying animal","concept":[{"code":"bird","display":"Bird","property":[{"code":"legs","valueInteger":2}]}]}]}]}`

// valueSetOver makes a value set of one clause.
func valueSetOver(url, clauses string) string {
	return `{"resourceType":"ValueSet","url":"` + url + `","status":"active","compose":{` + clauses + `}}`
}

// codesOf expands a value set and lists the codes.
func codesOf(t testing.TB, s *Service, url string) string {
	t.Helper()
	vs, err := s.set(url)
	if err != nil {
		t.Fatal(err)
	}
	x, err := s.enumerate(vs)
	if err != nil {
		return "error: " + err.Error()
	}
	var out []string
	for _, e := range x.entries {
		out = append(out, e.code)
	}
	return strings.Join(out, " ")
}

func TestComposeOverAnUploadedCodeSystem(t *testing.T) {
	const url = "http://x/vs"
	filter := func(property, op, value string) string {
		return `"include":[{"system":"http://x/animals","filter":[{"property":"` + property + `","op":"` + op + `","value":"` + value + `"}]}]`
	}
	for name, tc := range map[string]struct{ clauses, want string }{
		"all":              {`"include":[{"system":"http://x/animals"}]`, "animal mammal dog bat mammoth flyer bird"},
		"inactive left":    {`"inactive":false,"include":[{"system":"http://x/animals"}]`, "animal mammal dog bat flyer bird"},
		"listed":           {`"include":[{"system":"http://x/animals","concept":[{"code":"bird"},{"code":"dog"}]}]`, "bird dog"},
		"listed, no code":  {`"include":[{"system":"http://x/animals","concept":[{"code":"unicorn"},{"code":"dog"}]}]`, "dog"},
		"listed elsewhere": {`"include":[{"system":"http://snomed.info/sct","concept":[{"code":"73211009"}]}]`, "73211009"},
		"is-a":             {filter("concept", "is-a", "flyer"), "bat flyer bird"},
		"descendent-of":    {filter("concept", "descendent-of", "mammal"), "dog bat mammoth"},
		"is-not-a":         {filter("concept", "is-not-a", "mammal"), "animal flyer bird"},
		"generalizes":      {filter("concept", "generalizes", "bat"), "animal mammal bat flyer"},
		"regex is whole":   {filter("code", "regex", "b.*|do"), "bat bird"},
		"in":               {filter("code", "in", "dog, bird"), "dog bird"},
		"not-in":           {filter("concept", "not-in", "dog,bird"), "animal mammal bat mammoth flyer"},
		"=":                {filter("legs", "=", "2"), "bat bird"},
		"= of parent":      {filter("parent", "=", "flyer"), "bat bird"},
		"exists":           {filter("sound", "exists", "true"), "dog"},
		"exists not":       {filter("legs", "exists", "false"), "animal mammal flyer"},
		"inactive":         {filter("inactive", "=", "true"), "mammoth"},
		"and of filters":   {`"include":[{"system":"http://x/animals","filter":[{"property":"concept","op":"is-a","value":"mammal"},{"property":"legs","op":"=","value":"2"}]}]`, "bat"},
		"exclude":          {`"include":[{"system":"http://x/animals"}],"exclude":[{"system":"http://x/animals","filter":[{"property":"concept","op":"is-a","value":"mammal"}]}]`, "animal flyer bird"},
		"import":           {`"include":[{"valueSet":["http://x/flyers"]}]`, "bat flyer bird"},
		"import and":       {`"include":[{"valueSet":["http://x/flyers","http://x/mammals"]}]`, "bat"},
		"import and system": {`"include":[{"system":"http://x/animals","concept":[{"code":"bird"},{"code":"dog"}],"valueSet":["http://x/flyers"]}]`,
			"bird"},
		"exclude imported":   {`"include":[{"valueSet":["http://x/flyers"]}],"exclude":[{"valueSet":["http://x/mammals"]}]`, "flyer bird"},
		"union, each once":   {`"include":[{"valueSet":["http://x/flyers"]},{"valueSet":["http://x/mammals"]}]`, "bat flyer bird mammal dog mammoth"},
		"by version":         {`"include":[{"system":"http://x/animals","version":"1","concept":[{"code":"dog"}]}]`, "dog"},
		"another version":    {`"include":[{"system":"http://x/animals","version":"2"}]`, `error: version "2" of the code system "http://x/animals" is not known to this server`},
		"unknown property":   {filter("wings", "=", "2"), `error: a filter on "wings": the code system "http://x/animals" has no such property`},
		"unknown root":       {filter("concept", "is-a", "unicorn"), `error: a filter names "unicorn", which is no code of "http://x/animals"`},
		"is-a on a property": {filter("legs", "is-a", "2"), `error: the filter is-a on the property "legs": it stands on concept`},
		"bad exists":         {filter("legs", "exists", "yes"), `error: the filter exists has the value "yes", neither true nor false`},
		"bad regex":          {filter("code", "regex", "("), `error: the regular expression "(" cannot be used`},
		"long regex":         {filter("code", "regex", strings.Repeat("a?", 300)), "error: a regular expression of more than 500 characters"},
		"unknown system":     {`"include":[{"system":"http://loinc.org"}]`, `error: the code system "http://loinc.org" is not known to this server`},
		"unknown set":        {`"include":[{"valueSet":["http://x/none"]}]`, `error: the value set "http://x/none" is not known to this server`},
		"a rule":             {`"include":[{"system":"http://unitsofmeasure.org"}]`, "error: the codes of Unified Code for Units of Measure (http://unitsofmeasure.org) follow a rule and cannot be listed"},
		"itself":             {`"include":[{"valueSet":["http://x/vs"]}]`, `error: the value set "http://x/vs" includes itself by way of "http://x/vs"`},
		"excludes unknown":   {`"include":[{"system":"http://x/animals"}],"exclude":[{"valueSet":["http://x/none"]}]`, `error: the value set "http://x/none" is not known to this server`},
		"excludes by a rule": {`"include":[{"system":"http://unitsofmeasure.org","concept":[{"code":"kg"},{"code":"cm"}]}],"exclude":[{"system":"http://unitsofmeasure.org","filter":[{"property":"canonical","op":"=","value":"m"}]}]`, "kg"},
	} {
		s := with(animals,
			valueSetOver("http://x/flyers", `"include":[{"system":"http://x/animals","filter":[{"property":"concept","op":"is-a","value":"flyer"}]}]`),
			valueSetOver("http://x/mammals", `"include":[{"system":"http://x/animals","filter":[{"property":"concept","op":"is-a","value":"mammal"}]}]`),
			valueSetOver(url, tc.clauses))
		if got := codesOf(t, s, url); got != tc.want {
			t.Errorf("%s: %s\nwant %s", name, got, tc.want)
		}
	}
}

func TestDefinitionsThatCannotBeUsed(t *testing.T) {
	for name, tc := range map[string]struct{ body, want string }{
		"no content":        {`{"resourceType":"ValueSet","url":"http://x/vs"}`, "neither a definition nor an expansion"},
		"vsd-1":             {valueSetOver("http://x/vs", `"include":[{}]`), "vsd-1"},
		"vsd-2":             {valueSetOver("http://x/vs", `"include":[{"valueSet":["a"],"concept":[{"code":"a"}]}]`), "vsd-2"},
		"vsd-3":             {valueSetOver("http://x/vs", `"include":[{"system":"a","concept":[{"code":"a"}],"filter":[{"property":"a","op":"=","value":"b"}]}]`), "vsd-3"},
		"operator":          {valueSetOver("http://x/vs", `"include":[{"system":"a","filter":[{"property":"a","op":"like","value":"b"}]}]`), `op "like"`},
		"code twice":        {`{"resourceType":"CodeSystem","url":"http://x/vs","content":"complete","concept":[{"code":"a","concept":[{"code":"a"}]}]}`, "stands twice"},
		"twice but in case": {`{"resourceType":"CodeSystem","url":"http://x/vs","content":"complete","caseSensitive":false,"concept":[{"code":"a"},{"code":"A"}]}`, "stands twice"},
		"cycle":             {`{"resourceType":"CodeSystem","url":"http://x/vs","content":"complete","concept":[{"code":"a","property":[{"code":"parent","valueCode":"b"}]},{"code":"b","property":[{"code":"parent","valueCode":"a"}]}]}`, "cycle"},
		"own parent":        {`{"resourceType":"CodeSystem","url":"http://x/vs","content":"complete","concept":[{"code":"a","property":[{"code":"parent","valueCode":"a"}]}]}`, "cycle"},
		"no code":           {`{"resourceType":"CodeSystem","url":"http://x/vs","content":"complete","concept":[{"display":"a"}]}`, "without a code"},
	} {
		s := with(tc.body, valueSetOver("http://x/over", `"include":[{"system":"http://x/vs"}]`))
		_, err := s.Codes("http://x/vs")
		if strings.Contains(tc.body, `"CodeSystem"`) {
			_, err = s.Codes("http://x/over")
		}
		if err == nil || fhir.KindOf(err) != fhir.Unprocessable || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		if s.Member("http://x/vs", "a", "a") != Unjudged {
			t.Errorf("%s: judged all the same", name)
		}
	}
}

// TestMembersForABinding: abstract codes are in a value set and not for use, and
// the binding of a code implies its system.
func TestMembersForABinding(t *testing.T) {
	s := with(animals, valueSetOver("http://x/vs", `"include":[{"system":"http://x/animals"},{"valueSet":["http://x/units"]}]`),
		valueSetOver("http://x/units", `"include":[{"system":"http://unitsofmeasure.org"}]`),
		valueSetOver("http://x/open", `"include":[{"system":"http://x/animals"},{"system":"http://loinc.org"}]`))
	for _, tc := range []struct {
		set, system, code string
		want              Membership
	}{
		{"http://x/vs", "http://x/animals", "dog", Member}, {"http://x/vs", "http://x/animals", "animal", NotMember},
		{"http://x/vs", "", "dog", Member}, {"http://x/vs", "", "animal", NotMember}, {"http://x/vs", "", "mm[Hg]", Member}, {"http://x/vs", "", "unicorn", NotMember},
		{"http://x/open", "", "dog", Member}, {"http://x/open", "", "8867-4", Unjudged}, {"http://x/open", "http://y", "dog", NotMember},
		{"http://x/none", "http://x/animals", "dog", Unjudged}, {"http://hl7.org/fhir/ValueSet/mimetypes|4.0.1", "", "text/plain", Member},
	} {
		member, known := s.ValidateCode(tc.set, tc.system, tc.code)
		if got := s.Member(tc.set, tc.system, tc.code); got != tc.want || member != (got == Member) || known != (got != Unjudged) {
			t.Errorf("%s|%s in %s: %v", tc.system, tc.code, tc.set, got)
		}
	}
}

// TestHierarchiesOfOtherMeaning: what is grouped is not a kind of its group.
func TestHierarchiesOfOtherMeaning(t *testing.T) {
	s := with(strings.Replace(animals, `"content"`, `"hierarchyMeaning":"grouped-by","content"`, 1),
		valueSetOver("http://x/vs", `"include":[{"system":"http://x/animals","filter":[{"property":"concept","op":"is-a","value":"mammal"}]}]`))
	if got := codesOf(t, s, "http://x/vs"); got != "mammal" {
		t.Error(got)
	}
}

// TestR4CannotBeReplaced: an upload does not change what R4 carries whole; it is
// there under its version. What R4 does not carry whole, it brings.
func TestR4CannotBeReplaced(t *testing.T) {
	const gender, snomed = "http://hl7.org/fhir/administrative-gender", "http://snomed.info/sct"
	s := with(
		`{"resourceType":"CodeSystem","url":"`+gender+`","version":"9","content":"complete","concept":[{"code":"other-worldly"}]}`,
		`{"resourceType":"CodeSystem","url":"`+snomed+`","content":"fragment","concept":[{"code":"73211009"}]}`,
		`{"resourceType":"ValueSet","url":"http://hl7.org/fhir/ValueSet/administrative-gender","compose":{"include":[{"system":"`+snomed+`"}]}}`,
		valueSetOver("http://x/new", `"include":[{"system":"`+gender+`","version":"9"}]`),
		valueSetOver("http://x/snomed", `"include":[{"system":"`+snomed+`"}]`))
	for url, want := range map[string]string{
		"http://hl7.org/fhir/ValueSet/administrative-gender": "male female other unknown",
		"http://x/new": "other-worldly", "http://x/snomed": "73211009",
	} {
		if got := codesOf(t, s, url); got != want {
			t.Errorf("%s: %s", url, got)
		}
	}
	if m := s.Member("http://x/snomed", snomed, "1"); m != Unjudged {
		t.Errorf("a code beyond a fragment: %v", m)
	}
	if _, err := s.Codes("http://x/snomed"); fhir.KindOf(err) != fhir.Unprocessable {
		t.Errorf("a search by a fragment: %v", err)
	}
}

// TestBounds: imports that double at each step, deep chains and large systems
// end in an error, not in work without end.
func TestBounds(t *testing.T) {
	var doubling uploads
	for i := range 28 {
		next := valueSetURL(i + 1)
		doubling = append(doubling, valueSetOver(valueSetURL(i), `"include":[{"valueSet":["`+next+`"]},{"valueSet":["`+next+`"]}],"exclude":[{"valueSet":["`+next+`","`+next+`"]}]`))
	}
	doubling = append(doubling, valueSetOver(valueSetURL(28), `"include":[{"system":"http://hl7.org/fhir/administrative-gender"}]`))
	if codes, err := New(doubling.resolve, instant).Codes(valueSetURL(0)); err != nil || len(codes) != 0 {
		t.Errorf("%v, %v", codes, err)
	}
	var chain uploads
	for i := range 2 * maxImports {
		chain = append(chain, valueSetOver(valueSetURL(i), `"include":[{"valueSet":["`+valueSetURL(i+1)+`"]}]`))
	}
	if _, err := New(chain.resolve, instant).Codes(valueSetURL(0)); err == nil || fhir.IssuesOf(err)[0].Code != "too-costly" {
		t.Errorf("a long chain: %v", err)
	}
	var wide uploads
	var names []string
	for i := range maxUploads + 1 {
		names = append(names, `{"valueSet":["`+valueSetURL(i)+`"]}`)
		wide = append(wide, valueSetOver(valueSetURL(i), `"include":[{"system":"http://hl7.org/fhir/administrative-gender"}]`))
	}
	wide = append(wide, valueSetOver("http://x/wide", `"include":[`+strings.Join(names, ",")+`]`))
	if _, err := New(wide.resolve, instant).Codes("http://x/wide"); err == nil || fhir.IssuesOf(err)[0].Code != "too-costly" {
		t.Errorf("many imports: %v", err)
	}
	type code struct {
		Code string `json:"code"`
	}
	large := make([]code, MaxCodes+1)
	for i := range large {
		large[i].Code = valueSetURL(i)
	}
	concepts, err := json.Marshal(large)
	if err != nil {
		t.Fatal(err)
	}
	s := with(`{"resourceType":"CodeSystem","url":"http://x/large","content":"complete","concept":`+string(concepts)+`}`, valueSetOver("http://x/vs", `"include":[{"system":"http://x/large"}]`))
	if _, err := s.Codes("http://x/vs"); err == nil || fhir.IssuesOf(err)[0].Code != "too-costly" {
		t.Errorf("a large set: %v", err)
	}
	if s.Member("http://x/vs", "http://x/large", valueSetURL(MaxCodes)) != Member {
		t.Error("a large set is judged all the same")
	}
}

func valueSetURL(i int) string {
	return "http://x/" + string([]byte{byte('a' + i/676%26), byte('a' + i/26%26), byte('a' + i%26)})
}
