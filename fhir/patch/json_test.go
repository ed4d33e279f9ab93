package patch_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"sluis/fhir"
	"sluis/fhir/patch"
)

func document(t testing.TB, body string) *fhir.Document {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return doc
}

// TestJSON is RFC 6902, section by section, and its appendix A.
func TestJSON(t *testing.T) {
	for name, tt := range map[string]struct{ doc, patch, want string }{
		"A.1 adding an object member":          {`{"foo":"bar"}`, `[{"op":"add","path":"/baz","value":"qux"}]`, `{"foo":"bar","baz":"qux"}`},
		"A.2 adding an array element":          {`{"foo":["bar","baz"]}`, `[{"op":"add","path":"/foo/1","value":"qux"}]`, `{"foo":["bar","qux","baz"]}`},
		"A.3 removing an object member":        {`{"baz":"qux","foo":"bar"}`, `[{"op":"remove","path":"/baz"}]`, `{"foo":"bar"}`},
		"A.4 removing an array element":        {`{"foo":["bar","qux","baz"]}`, `[{"op":"remove","path":"/foo/1"}]`, `{"foo":["bar","baz"]}`},
		"A.5 replacing a value":                {`{"baz":"qux","foo":"bar"}`, `[{"op":"replace","path":"/baz","value":"boo"}]`, `{"baz":"boo","foo":"bar"}`},
		"A.6 moving a value":                   {`{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}`, `[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]`, `{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}`},
		"A.7 moving an array element":          {`{"foo":["all","grass","cows","eat"]}`, `[{"op":"move","from":"/foo/1","path":"/foo/3"}]`, `{"foo":["all","cows","eat","grass"]}`},
		"A.8 testing a value: success":         {`{"baz":"qux","foo":["a",2,"c"]}`, `[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]`, `{"baz":"qux","foo":["a",2,"c"]}`},
		"A.10 adding a nested member object":   {`{"foo":"bar"}`, `[{"op":"add","path":"/child","value":{"grandchild":{}}}]`, `{"foo":"bar","child":{"grandchild":{}}}`},
		"A.11 ignoring unrecognized elements":  {`{"foo":"bar"}`, `[{"op":"add","path":"/baz","value":"qux","xyz":123}]`, `{"foo":"bar","baz":"qux"}`},
		"A.16 adding an array value":           {`{"foo":["bar"]}`, `[{"op":"add","path":"/foo/-","value":["abc","def"]}]`, `{"foo":["bar",["abc","def"]]}`},
		"4.1 add replaces a member":            {`{"a":1,"b":2}`, `[{"op":"add","path":"/a","value":3}]`, `{"a":3,"b":2}`},
		"4.1 add at the end":                   {`{"a":[1]}`, `[{"op":"add","path":"/a/1","value":2}]`, `{"a":[1,2]}`},
		"4.1 add of the whole":                 {`{"a":1}`, `[{"op":"add","path":"","value":{"b":2}}]`, `{"b":2}`},
		"4.3 replace of the whole":             {`{"a":1}`, `[{"op":"replace","path":"","value":{"b":2}},{"op":"add","path":"/c","value":3}]`, `{"b":2,"c":3}`},
		"4.4 move to where it is":              {`{"a":[1,2]}`, `[{"op":"move","from":"/a/0","path":"/a/0"}]`, `{"a":[1,2]}`},
		"4.5 copy":                             {`{"a":{"b":[1]},"c":[]}`, `[{"op":"copy","from":"/a","path":"/c/0"},{"op":"add","path":"/a/b/-","value":2}]`, `{"a":{"b":[1,2]},"c":[{"b":[1]}]}`},
		"4.6 test of numbers by value":         {`{"a":7.10}`, `[{"op":"test","path":"/a","value":71e-1}]`, `{"a":7.10}`},
		"4.6 test of strings by character":     {`{"a":"é"}`, `[{"op":"test","path":"/a","value":"\u00e9"}]`, `{"a":"é"}`},
		"4.6 test of objects in any order":     {`{"a":{"x":1,"y":[null,true]}}`, `[{"op":"test","path":"/a","value":{"y":[null,true],"x":1.0}}]`, `{"a":{"x":1,"y":[null,true]}}`},
		"4.6 test of null":                     {`{"a":null}`, `[{"op":"test","path":"/a","value":null}]`, `{"a":null}`},
		"untouched bytes":                      {`{"v":7.10, "s":"\u0041" ,"n":[1.0,  2e0],"z":1}`, `[{"op":"remove","path":"/z"}]`, `{"v":7.10,"s":"\u0041","n":[1.0,  2e0]}`},
		"a number that is patched in":          {`{"v":1}`, `[{"op":"replace","path":"/v","value":7.10}]`, `{"v":7.10}`},
		"a number far too large for any type":  {`{"v":1e400}`, `[{"op":"test","path":"/v","value":10e399},{"op":"add","path":"/w","value":1e999999999}]`, `{"v":1e400,"w":1e999999999}`},
		"nothing to do":                        {`{"v": 1}`, ` [ ] `, `{"v": 1}`},
		"order of members":                     {`{"c":1,"a":2,"b":3}`, `[{"op":"replace","path":"/a","value":9}]`, `{"c":1,"a":9,"b":3}`},
		"copied and then changed on both ends": {`{"a":[[1]]}`, `[{"op":"copy","from":"/a/0","path":"/a/-"},{"op":"add","path":"/a/1/0","value":0},{"op":"remove","path":"/a/0/0"}]`, `{"a":[[],[0,1]]}`},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := patch.ParseJSON([]byte(tt.patch))
			if err != nil {
				t.Fatal(err)
			}
			doc := document(t, tt.doc)
			for range 2 { // a patch may be applied again
				got, err := p.Apply(doc)
				if err != nil || string(got) != tt.want {
					t.Fatalf("%s, %v; want %s", got, err, tt.want)
				}
			}
			if string(doc.Body()) != tt.doc {
				t.Errorf("the document has become %s", doc.Body())
			}
		})
	}
}

func TestJSON_Refused(t *testing.T) {
	for name, tt := range map[string]struct {
		patch string
		kind  fhir.Kind
	}{
		"no array":                      {`{"op":"remove","path":"/a"}`, fhir.Invalid},
		"not JSON":                      {`[{"op":`, fhir.Invalid},
		"two values":                    {`[],"x":[]`, fhir.Invalid},
		"a value too many":              {`[] []`, fhir.Invalid},
		"a brace too many":              {`[]} {`, fhir.Invalid},
		"nothing":                       {``, fhir.Invalid},
		"an operation that is none":     {`[{"op":"improve","path":"/a"}]`, fhir.Invalid},
		"an operation that is a string": {`["remove"]`, fhir.Invalid},
		"op twice":                      {`[{"op":"add","op":"remove","path":"/a"}]`, fhir.Invalid},
		"no path":                       {`[{"op":"remove"}]`, fhir.Invalid},
		"a path that is no pointer":     {`[{"op":"remove","path":"a"}]`, fhir.Invalid},
		"a bare tilde":                  {`[{"op":"remove","path":"/a~2"}]`, fhir.Invalid},
		"add without a value":           {`[{"op":"add","path":"/x"}]`, fhir.Invalid},
		"test without a value":          {`[{"op":"test","path":"/x"}]`, fhir.Invalid},
		"copy without from":             {`[{"op":"copy","path":"/x"}]`, fhir.Invalid},
		"a move into itself":            {`[{"op":"move","from":"/o","path":"/o/p"}]`, fhir.Invalid},
		"too many operations":           {`[` + strings.Repeat(`{"op":"remove","path":"/a"},`, 1000) + `{"op":"remove","path":"/a"}]`, fhir.TooLarge},

		"A.9 a test that fails":              {`[{"op":"test","path":"/s","value":"bar"}]`, fhir.Unprocessable},
		"A.12 a target that is not there":    {`[{"op":"add","path":"/baz/bat","value":"qux"}]`, fhir.Unprocessable},
		"A.15 strings are no numbers":        {`[{"op":"test","path":"/n","value":"10"}]`, fhir.Unprocessable},
		"a removal of nothing":               {`[{"op":"remove","path":"/x"}]`, fhir.Unprocessable},
		"a removal of all":                   {`[{"op":"remove","path":""}]`, fhir.Unprocessable},
		"a replacement of nothing":           {`[{"op":"replace","path":"/x","value":1}]`, fhir.Unprocessable},
		"a test of what is not there":        {`[{"op":"test","path":"/x","value":null}]`, fhir.Unprocessable},
		"an index past the end":              {`[{"op":"add","path":"/l/3","value":1}]`, fhir.Unprocessable},
		"an index at the end, to replace":    {`[{"op":"replace","path":"/l/2","value":1}]`, fhir.Unprocessable},
		"a negative index":                   {`[{"op":"remove","path":"/l/-1"}]`, fhir.Unprocessable},
		"a leading zero":                     {`[{"op":"remove","path":"/l/00"}]`, fhir.Unprocessable},
		"a dash where nothing is":            {`[{"op":"remove","path":"/l/-"}]`, fhir.Unprocessable},
		"a way through a string":             {`[{"op":"add","path":"/s/0","value":1}]`, fhir.Unprocessable},
		"a name that no element has":         {`[{"op":"add","path":"/a\"b","value":1}]`, fhir.Unprocessable},
		"a name with a slash":                {`[{"op":"add","path":"/a~1b","value":1}]`, fhir.Unprocessable},
		"an empty name":                      {`[{"op":"add","path":"/","value":1}]`, fhir.Unprocessable},
		"a copy of all into itself, too big": {bomb(40), fhir.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := patch.ParseJSON([]byte(tt.patch))
			if err == nil {
				_, err = p.Apply(document(t, `{"s":"foo","n":10,"l":[1,2],"o":{}}`))
			}
			if fhir.KindOf(err) != tt.kind || err == nil {
				t.Errorf("%v, want kind %v", err, tt.kind)
			}
		})
	}
}

// bomb doubles a list n times.
func bomb(n int) string {
	ops := []string{`{"op":"add","path":"/l","value":["aaaaaaaaaaaaaaaa"]}`}
	for range n {
		ops = append(ops, `{"op":"copy","from":"/l","path":"/l/-"}`)
	}
	return "[" + strings.Join(ops, ",") + "]"
}

// TestJSON_AgreesWithAnother holds random patches to another implementation,
// where that keeps to RFC 6902: it compares numbers by their text, reads +1 and
// 01 as positions and a test without a value as one of null.
func TestJSON_AgreesWithAnother(t *testing.T) {
	const seed = 6902
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, seed))
	applied := 0
	for range 10_000 {
		doc, ops := randomObject(r, 3), randomPatch(r)
		p, err := patch.ParseJSON([]byte(ops))
		if err != nil {
			continue // a move into itself, which the other only may refuse
		}
		got, err := p.Apply(document(t, doc))
		other, err2 := jsonpatch.DecodePatch([]byte(ops))
		if err2 != nil {
			t.Fatalf("%s: %v", ops, err2)
		}
		options := jsonpatch.NewApplyOptions()
		options.SupportNegativeIndices = false
		want, err2 := other.ApplyWithOptions([]byte(doc), options)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("%s on %s: %v, the other %v", ops, doc, err, err2)
		}
		if err != nil {
			continue
		}
		applied++
		var a, b any
		if json.Unmarshal(got, &a) != nil || json.Unmarshal(want, &b) != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("%s on %s: %s, the other %s", ops, doc, got, want)
		}
	}
	if applied < 400 {
		t.Errorf("only %d patches could be applied", applied)
	}
}

func randomObject(r *rand.Rand, depth int) string {
	var members []string
	for _, name := range []string{"a", "b", "c"} {
		if r.IntN(4) > 0 {
			members = append(members, `"`+name+`":`+randomValue(r, depth-1))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func randomValue(r *rand.Rand, depth int) string {
	switch n := r.IntN(6); {
	case depth > 0 && n < 2:
		return randomObject(r, depth)
	case depth > 0 && n < 4:
		var items []string
		for range r.IntN(4) {
			items = append(items, randomValue(r, depth-1))
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	return []string{`1`, `2.5`, `"x"`, `"y"`, `true`}[r.IntN(5)]
}

func randomPatch(r *rand.Rand) string {
	var ops []string
	for range 1 + r.IntN(4) {
		op := []string{"add", "remove", "replace", "move", "copy", "test"}[r.IntN(6)]
		ops = append(ops, fmt.Sprintf(`{"op":%q,"path":%q,"from":%q,"value":%s}`, op, randomPointer(r), randomPointer(r), randomValue(r, 2)))
	}
	return "[" + strings.Join(ops, ",") + "]"
}

func randomPointer(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(3) {
		b.WriteString("/" + []string{"a", "b", "c", "0", "1", "2", "a", "b"}[r.IntN(8)])
	}
	return b.String()
}
