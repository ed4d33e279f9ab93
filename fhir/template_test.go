package fhir

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

var stampTime = time.Date(2024, 2, 29, 23, 30, 0, 123456789, time.FixedZone("", 3600))

func TestStamp(t *testing.T) {
	const id, meta = `,"id":"n"`, `"versionId":"2","lastUpdated":"2024-02-29T22:30:00.123Z"`
	for name, tc := range map[string]struct{ in, want string }{
		"bare":              {`{"resourceType":"P"}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `}}`},
		"members after":     {`{"resourceType":"P","a":1}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `},"a":1}`},
		"id replaced":       {`{"resourceType":"P","id":"o","a":1}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `},"a":1}`},
		"id last":           {`{"resourceType":"P","a":1,"id":"o"}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `},"a":1}`},
		"id before type":    {`{"id":"o","resourceType":"P"}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `}}`},
		"type last":         {`{"a":1,"id":"o","resourceType":"P"}`, `{"a":1,"resourceType":"P"` + id + `,"meta":{` + meta + `}}`},
		"id not a string":   {`{"resourceType":"P","id":[1,{"id":2}]}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `}}`},
		"meta empty":        {`{"resourceType":"P","meta":{}}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `}}`},
		"meta kept":         {`{"resourceType":"P","meta":{"source":"s"}}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `,"source":"s"}}`},
		"meta replaced":     {`{"resourceType":"P","meta":{"versionId":"9","lastUpdated":"x"}}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `}}`},
		"version last":      {`{"resourceType":"P","meta":{"source":"s","versionId":"9"}}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `,"source":"s"}}`},
		"version first":     {`{"resourceType":"P","meta":{"versionId":"9","source":"s"}}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `,"source":"s"}}`},
		"around":            {`{"resourceType":"P","meta":{"versionId":"9","source":"s","lastUpdated":"x"}}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `,"source":"s"}}`},
		"an id in meta":     {`{"resourceType":"P","meta":{"id":"m","versionId":"9"}}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `,"id":"m"}}`},
		"meta before type":  {`{"meta":{"versionId":"9"},"resourceType":"P"}`, `{"meta":{` + meta + `},"resourceType":"P"` + id + `}`},
		"meta no object":    {`{"meta":5,"id":"o","resourceType":"P"}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `}}`},
		"nested id":         {`{"resourceType":"P","contained":[{"id":"c","meta":{"versionId":"7"}}]}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `},"contained":[{"id":"c","meta":{"versionId":"7"}}]}`},
		"extension of id":   {`{"resourceType":"P","_id":{"id":"x"}}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `},"_id":{"id":"x"}}`},
		"commas in strings": {`{"resourceType":"P","a":",","id":",","b":","}`, `{"resourceType":"P"` + id + `,"meta":{` + meta + `},"a":",","b":","}`},
		"no type":           {`{"id":"o","a":1}`, `{"id":"n","meta":{` + meta + `},"a":1}`},
		"empty":             {`{}`, `{"id":"n","meta":{` + meta + `}}`},
		"white space":       {"{ \"id\" : \"o\" ,\n \"resourceType\" : \"P\" ,\n \"a\" : 1.50 }\n", "{ \n \"resourceType\" : \"P\"" + id + `,"meta":{` + meta + "} ,\n \"a\" : 1.50 }\n"},
	} {
		if got := string(parse(t, tc.in).Template().Stamp("n", 2, stampTime)); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tc.want)
		}
	}
}

// TestStampOverEveryPlacement puts id, meta and two others in every order, and
// the same within meta.
func TestStampOverEveryPlacement(t *testing.T) {
	n := 0
	for _, meta := range permutations(`"versionId":"9"`, `"lastUpdated":"x"`, `"id":"m"`, `"tag":[{"code":"a,b"}]`) {
		for _, body := range permutations(`"resourceType":"P"`, `"id":"o"`, `"meta":{`+meta+`}`, `"a":{"id":"in"}`) {
			checkStamp(t, []byte(`{`+body+`}`))
			n++
		}
	}
	if n < 65*65 {
		t.Errorf("only %d placements", n)
	}
}

// permutations joins every ordered selection of the parts by commas.
func permutations(parts ...string) []string {
	out := []string{""}
	for i, p := range parts {
		rest := append(slices.Clone(parts[:i]), parts[i+1:]...)
		for _, tail := range permutations(rest...) {
			out = append(out, strings.TrimSuffix(p+","+tail, ","))
		}
	}
	return out
}

func FuzzStamp(f *testing.F) {
	for _, s := range []string{
		`{"resourceType":"Patient","id":"a","meta":{"versionId":"1","source":"x"},"name":[{"family":"\u00e9,\"}"}]}`,
		`{"meta":{"id":"m","lastUpdated":"x" , "versionId":"1"} , "id" : "o", "resourceType":"P"}`,
		`{"meta":5,"id":{"id":1},"resourceType":["P"]}`,
		`{ }`, `{"id":1}`, `{"versionId":1,"id":2,"meta":{}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := ParseDocument(body); err == nil {
			checkStamp(t, body)
		}
	})
}

// checkStamp proves that the stamped resource is strict JSON with the server's
// three values and, for the rest, the members it had, byte for byte.
func checkStamp(t *testing.T, body []byte) {
	t.Helper()
	d := parse(t, string(body))
	out := d.Template().Stamp("n", 2, stampTime)
	got, err := ParseDocument(out)
	if err != nil || !json.Valid(out) {
		t.Fatalf("%s\nbecame %s\n%v", body, out, err)
	}
	root := got.Root()
	if root.Get("id").Text() != "n" || root.At("meta", "versionId").Text() != "2" ||
		root.At("meta", "lastUpdated").Text() != "2024-02-29T22:30:00.123Z" {
		t.Fatalf("%s\nbecame %s", body, out)
	}
	if a, b := others(d.Root(), "id", "meta"), others(root, "id", "meta"); !maps.Equal(a, b) {
		t.Fatalf("%s\nbecame %s: members differ", body, out)
	}
	if a, b := others(d.Root().Get("meta"), "versionId", "lastUpdated"), others(root.Get("meta"), "versionId", "lastUpdated"); !maps.Equal(a, b) {
		t.Fatalf("%s\nbecame %s: members of meta differ", body, out)
	}
}

// others are the members of an object, as received, without those named.
func others(n Node, not ...string) map[string]string {
	out := map[string]string{}
	if n.Kind() != Object {
		return out
	}
	for m := range n.All() {
		if !slices.Contains(not, m.Key()) {
			out[m.Key()] = string(m.Raw())
		}
	}
	return out
}

func TestStampLeavesTheReceivedBytesAlone(t *testing.T) {
	body := []byte(`{"resourceType":"P","id":"o","a":1}`)
	before := bytes.Clone(body)
	tpl := parse(t, string(body)).Template()
	first := tpl.Stamp("a", 1, stampTime)
	tpl.Stamp("b", 2, stampTime)
	if !bytes.Equal(body, before) || !bytes.Contains(first, []byte(`"id":"a"`)) || tpl.Size() != len(body) {
		t.Errorf("%s, %s", body, first)
	}
}

func TestRename(t *testing.T) {
	to := map[Ref]Ref{{Type: "Patient", ID: "a"}: {Type: "Patient", ID: "b"}, {Type: "Patient", ID: "b"}: {Type: "Patient", ID: "c"}}
	tpl := parse(t, `{"resourceType":"P","id":"Patient/a","x":"Patient/a","y":"Patient/ab","z":"a \"Patient/a\" b","w":["Patient/a","Patient/b"]}`).Template()
	got := string(tpl.Rename(to).Stamp("n", 1, stampTime))
	for _, want := range []string{`"x":"Patient/b"`, `"y":"Patient/ab"`, `"z":"a \"Patient/a\" b"`, `"w":["Patient/b","Patient/c"]`, `"id":"n"`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	same := parse(t, `{"resourceType":"P"}`).Template()
	if got := same.Rename(to); !bytes.Equal(got.Stamp("n", 1, stampTime), same.Stamp("n", 1, stampTime)) {
		t.Error("a template without the reference changed")
	}
}

func TestWithID(t *testing.T) {
	for in, want := range map[string]string{
		`{"resourceType":"P"}`:                `{"resourceType":"P","id":"n"}`,
		`{"resourceType":"P", "id": "o" }`:    `{"resourceType":"P", "id": "n" }`,
		`{"id":[],"resourceType":"P","a":1}`:  `{"id":"n","resourceType":"P","a":1}`,
		`{"a":1}`:                             `{"id":"n","a":1}`,
		`{}`:                                  `{"id":"n"}`,
		`{"a":1,"resourceType":"P","b":{}}`:   `{"a":1,"resourceType":"P","id":"n","b":{}}`,
		`{"resourceType":"P","a":{"id":"x"}}`: `{"resourceType":"P","id":"n","a":{"id":"x"}}`,
	} {
		if got := string(parse(t, in).WithID("n")); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestInstant(t *testing.T) {
	if got := Instant(stampTime); got != "2024-02-29T22:30:00.123Z" {
		t.Error(got)
	}
}
