package fhir

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParseDocumentRefuses(t *testing.T) {
	long := strings.Builder{}
	for i := range maxMembers + 1 {
		long.WriteString(`"` + strings.Repeat("a", i+1) + `":1,`)
	}
	for name, tc := range map[string]struct{ body, want string }{
		"nothing":               {"", "JSON object"},
		"white space":           {" \n", "JSON object"},
		"array":                 {"[]", "JSON object"},
		"byte order mark":       {"\ufeff{}", "JSON object"},
		"unclosed object":       {`{"a":1`, "comma or }"},
		"unclosed array":        {`{"a":[1`, "comma or ]"},
		"unclosed string":       {`{"a":"x`, "within a string"},
		"no value":              {`{"a":`, "ends within a value"},
		"no colon":              {`{"a" 1}`, "colon"},
		"trailing comma":        {`{"a":1,}`, "member name"},
		"trailing comma, array": {`{"a":[1,]}`, "not a JSON value"},
		"leading comma":         {`{,"a":1}`, "member name"},
		"bare name":             {`{a:1}`, "member name"},
		"single quotes":         {`{'a':1}`, "member name"},
		"comment":               {`{/* */}`, "member name"},
		"trailing data":         {`{} {}`, "unexpected data"},
		"trailing brace":        {`{}}`, "unexpected data"},
		"trailing NUL":          {"{}\x00", "unexpected data"},
		"duplicate":             {`{"a":1,"b":2,"a":3}`, `duplicate member "a"`},
		"duplicate below":       {`{"x":[{"a":1,"a":1}]}`, `duplicate member "a"`},
		"duplicate empty name":  {`{"":1,"":2}`, `duplicate member ""`},
		"escaped name":          {`{"\u0061":1}`, "must not be escaped"},
		"too many members":      {`{` + strings.TrimSuffix(long.String(), ",") + `}`, "too many members"},
		"bad word":              {`{"a":nul}`, "not a JSON value"},
		"capital word":          {`{"a":True}`, "not a JSON value"},
		"NaN":                   {`{"a":NaN}`, "not a JSON value"},
		"leading zero":          {`{"a":01}`, "comma or }"},
		"plus":                  {`{"a":+1}`, "not a JSON value"},
		"bare minus":            {`{"a":-}`, "bad number"},
		"no fraction":           {`{"a":1.}`, "bad number"},
		"no integer":            {`{"a":.5}`, "not a JSON value"},
		"no exponent":           {`{"a":1e+}`, "bad number"},
		"hexadecimal":           {`{"a":0x1}`, "comma or }"},
		"raw tab":               {"{\"a\":\"\t\"}", "control character"},
		"raw NUL":               {"{\"a\":\"\x00\"}", "control character"},
		"escaped NUL":           {`{"a":"\u0000"}`, "control character"},
		"escaped control":       {`{"a":"\u001F"}`, "control character"},
		"backspace":             {`{"a":"\b"}`, "control character"},
		"form feed":             {`{"a":"\f"}`, "control character"},
		"bad escape":            {`{"a":"\x41"}`, "bad escape"},
		"short escape":          {`{"a":"\u00"}`, `bad \u`},
		"signed escape":         {`{"a":"\u+041"}`, `bad \u`},
		"high surrogate":        {`{"a":"\ud83d"}`, "lone surrogate"},
		"high surrogate, text":  {`{"a":"\ud83dabcdef"}`, "lone surrogate"},
		"two high surrogates":   {`{"a":"\ud83d\ud83d"}`, "lone surrogate"},
		"low surrogate":         {`{"a":"\ude00\ud83d"}`, "lone surrogate"},
		"escape at the end":     {`{"a":"\`, "within a string"},
		"truncated UTF-8":       {"{\"a\":\"\xc3\"}", "UTF-8"},
		"overlong UTF-8":        {"{\"a\":\"\xc0\x80\"}", "UTF-8"},
		"surrogate in UTF-8":    {"{\"a\":\"\xed\xa0\x80\"}", "UTF-8"},
		"UTF-16":                {"\xff\xfe{\x00}\x00", "UTF-8"},
		"no-break space":        {"{\u00a0}", "member name"},
	} {
		_, err := ParseDocument([]byte(tc.body))
		if KindOf(err) != Invalid || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

func TestParseDocumentBoundsDepth(t *testing.T) {
	nested := func(levels int) []byte {
		return []byte(`{"a":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + `}`)
	}
	if _, err := ParseDocument(nested(MaxDepth)); err != nil {
		t.Errorf("%d levels: %v", MaxDepth, err)
	}
	if _, err := ParseDocument(nested(MaxDepth + 1)); KindOf(err) != Invalid {
		t.Errorf("%d levels: %v", MaxDepth+1, err)
	}
}

func TestParseDocumentNamesTheLine(t *testing.T) {
	_, err := ParseDocument([]byte("{\n  \"a\": 1,\n  \"a\": 2\n}"))
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Issues[0].Details, "line 3") {
		t.Errorf("%v", err)
	}
}

func TestNodeText(t *testing.T) {
	d := parse(t, `{"s":"\"\\\/\n\r\té€\ud83d\ude00 é😀","e":"","n":-1.50e+2,"b":true,"z":null,"o":{},"a":[]}`)
	for name, want := range map[string]string{
		"s": "\"\\/\n\r\té€😀 é😀", "e": "", "n": "-1.50e+2", "b": "true", "z": "", "o": "", "a": "", "none": "",
	} {
		n := d.Root().Get(name)
		if got := n.Text(); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
		if got := string(n.AppendText([]byte("+"))); got != "+"+want {
			t.Errorf("%s appended = %q, want %q", name, got, want)
		}
	}
}

func TestNodeKindsAndSpans(t *testing.T) {
	const body = ` {"a" : [ 1 , {"b":"x"}, [] ] , "c":null} `
	d := parse(t, body)
	var kinds []JSONKind
	var raws []string
	for n := range d.Root().Walk() {
		kinds = append(kinds, n.Kind())
		raws = append(raws, string(n.Raw()))
		if start, end := n.Span(); body[start:end] != string(n.Raw()) {
			t.Errorf("span %d-%d is not %q", start, end, n.Raw())
		}
	}
	wantKinds := []JSONKind{Object, Array, Number, Object, String, Array, Null}
	wantRaws := []string{strings.TrimSpace(body), `[ 1 , {"b":"x"}, [] ]`, "1", `{"b":"x"}`, `"x"`, "[]", "null"}
	if !slices.Equal(kinds, wantKinds) || !slices.Equal(raws, wantRaws) {
		t.Errorf("%v %q", kinds, raws)
	}
}

func TestWalkStaysBelow(t *testing.T) {
	d := parse(t, `{"a":{"x":[1,2]},"b":{"y":3}}`)
	n := 0
	for range d.Root().Get("a").Walk() {
		n++
	}
	if n != 4 {
		t.Errorf("%d values at and below a, want 4", n)
	}
	if got := d.Root().At("b", "y").Text(); got != "3" {
		t.Errorf("b.y = %q", got)
	}
}

func TestNodeAllIsInOrder(t *testing.T) {
	d := parse(t, `{"o":{"b":[0],"a":{"b":1},"c":2},"l":["x",[],"y"],"e":{},"f":[]}`)
	var got []string
	for n := range d.Root().Get("o").All() {
		got = append(got, n.Key()+"="+string(n.RawKey()))
	}
	for n := range d.Root().Get("l").All() {
		got = append(got, string(n.Raw()))
	}
	for _, none := range []string{"e", "f", "absent"} {
		for n := range d.Root().Get(none).All() {
			got = append(got, "unexpected "+string(n.Raw()))
		}
	}
	if want := []string{"b=b", "a=a", "c=c", `"x"`, "[]", `"y"`}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestZeroNodeAnswersWithNothing(t *testing.T) {
	var n Node
	if start, end := n.Span(); !n.IsZero() || n.Kind() != Null || n.Key() != "" || n.RawKey() != nil ||
		n.Raw() != nil || n.Text() != "" || start != 0 || end != 0 || !n.Get("a").IsZero() || !n.At("a", "b").IsZero() {
		t.Error("the zero Node answers with something")
	}
	for range n.All() {
		t.Error("the zero Node has children")
	}
	for range n.Walk() {
		t.Error("the zero Node has values")
	}
}

func TestGetDoesNotEnterArrays(t *testing.T) {
	d := parse(t, `{"l":["x"],"":"named by nothing"}`)
	if n := d.Root().Get("l").Get(""); !n.IsZero() {
		t.Errorf("an element of an array was found by name: %q", n.Raw())
	}
	if got := d.Root().Get("").Text(); got != "named by nothing" {
		t.Errorf("the member with the empty name is %q", got)
	}
}

func TestMemberNamesAreCaseSensitive(t *testing.T) {
	d := parse(t, `{"resourcetype":"Patient","Id":"x"}`)
	if d.Type() != "" || !d.Root().Get("id").IsZero() {
		t.Error("a member was found under another spelling")
	}
}

func parse(t testing.TB, body string) *Document {
	t.Helper()
	d, err := ParseDocument([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return d
}
