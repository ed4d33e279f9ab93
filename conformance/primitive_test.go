package conformance

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluis/fhir"
)

func TestFormats(t *testing.T) {
	for _, tc := range []struct {
		kind        primitive
		good, wrong []string
	}{
		{stringType, []string{"a", " ", "é\n"}, []string{"", strings.Repeat("x", maxString+1)}},
		{codeType, []string{"a", "a b", "a\tb", "é"}, []string{"", " ", " a", "a ", "a  b", "\ta"}},
		{idType, []string{"a", "A-1.b", strings.Repeat("x", 64)}, []string{"", "a_b", "a b", strings.Repeat("x", 65), "é"}},
		{uriType, []string{"http://a.b/c?d=e#f", "urn:oid:1.2", "urn:iso:std:iso:3166:-2", "a", "#a", "http://a.b/%20", "http://[::1]/", "http://a.b:80/x", "http://a/é"},
			[]string{"", " ", "a b", "http://a b/", "http://a/%zz", ":a", "http://[::1", "http://a:b/", "a\u00a0b", "1a:b"}},
		{oidType, []string{"urn:oid:1.2", "urn:oid:2.16.840.1.113883", "urn:oid:0.0"}, []string{"", "1.2", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.", "urn:oid:1.02", "urn:oid:1..2", "urn:oid:1.a", "URN:OID:1.2"}},
		{uuidType, []string{"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}, []string{"", "c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:C757873D-ec9a-4326-a141-556f43239520", "urn:uuid:c757873dec9a4326a141556f43239520", "urn:uuid:c757873d-ec9a-4326-a141-556f4323952"}},
		{dateType, []string{"2020", "2020-02", "2020-02-29", "0001-01-01", "9999-12-31", "2000-02-29"},
			[]string{"", "20", "202", "0000", "2020-", "2020-2", "2020-13", "2020-00", "2020-02-30", "2019-02-29", "1900-02-29", "2020-04-31", "2020-02-00", "2020-02-1", "2020-02-29 ", "+2020", "-2020", "2020-02-29T", "2020/02/29", "20200229", "2020-02-29T00:00:00Z"}},
		{dateTimeType, []string{"2020", "2020-02", "2020-02-29", "2020-02-29T00:00:00Z", "2020-02-29T23:59:60+14:00", "2020-02-29T23:59:59.123456789-13:59", "2020-02-29T00:00:00-00:00"},
			[]string{"", "2020-02-29T00:00:00", "2020-02-29T00:00Z", "2020-02-29T24:00:00Z", "2020-02-29T00:60:00Z", "2020-02-29T00:00:61Z", "2020-02-29T00:00:00.Z", "2020-02-29T00:00:00z", "2020-02-29t00:00:00Z", "2020-02-29T00:00:00+14:01", "2020-02-29T00:00:00+1400", "2020-02-29T00:00:00+15:00", "2020-02T00:00:00Z", "2020-02-30T00:00:00Z", "2020-02-29T00:00:00ZZ", "2020-02-29 00:00:00Z"}},
		{instantType, []string{"2020-02-29T00:00:00Z", "2020-02-29T00:00:00.1+01:00"}, []string{"", "2020", "2020-02-29", "2020-02-29T00:00:00", "2020-02-29T00:00:00."}},
		{timeType, []string{"00:00:00", "23:59:60", "12:34:56.7"}, []string{"", "24:00:00", "1:00:00", "12:34", "12:34:56Z", "12:34:56.", "12-34-56"}},
		{base64Type, []string{"AAAA", "AAA=", "AA==", "AAAA BBBB", " AAAA\nBB== ", "a+/9"}, []string{"", " ", "A", "AA", "AAA", "A===", "====", "AA=A", "AA==AAAA", "AA AA", "AAA-", "AAAAA"}},
	} {
		for _, s := range tc.good {
			if !formats[tc.kind].valid([]byte(s)) {
				t.Errorf("type %d: %q is refused", tc.kind, s)
			}
		}
		for _, s := range tc.wrong {
			if formats[tc.kind].valid([]byte(s)) {
				t.Errorf("type %d: %q is accepted", tc.kind, s)
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	for literal, want := range map[string][3]bool{ // integer, positiveInt, unsignedInt
		"0": {true, false, true}, "1": {true, true, true}, "-1": {true, false, false}, "-0": {true, false, true},
		"2147483647": {true, true, true}, "2147483648": {}, "-2147483648": {true, false, false}, "-2147483649": {},
		"1.0": {}, "1e3": {}, `"1"`: {}, "true": {}, "null": {}, "99999999999999999999": {},
	} {
		doc, err := fhir.ParseDocument([]byte(`{"n":` + literal + `}`))
		if err != nil {
			t.Fatal(err)
		}
		n := doc.Root().Get("n")
		if got := [3]bool{isInteger(n, -1<<31), isInteger(n, 1), isInteger(n, 0)}; got != want {
			t.Errorf("%s: %v, want %v", literal, got, want)
		}
	}
}

// TestPlainURIsNeedNoParsing proves that the short way accepts nothing that
// net/url refuses.
func TestPlainURIsNeedNoParsing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`(http|https|urn)(://|:)[a-zA-Z0-9:./_~#?=&|+,;%@\[\] -]{0,20}`).Draw(t, "uri")
		if _, err := url.Parse(s); isPlainURI([]byte(s)) && err != nil {
			t.Fatalf("%q is accepted; net/url: %v", s, err)
		}
	})
}

func TestEveryPrimitiveTypeIsKnown(t *testing.T) {
	for name, kind := range primitives {
		if int(kind) < len(formats) && kind >= stringType && kind != xhtmlType && formats[kind].valid == nil {
			t.Errorf("%s has no format", name)
		}
	}
	if len(primitives) != 20 {
		t.Errorf("%d primitive types, R4 has 20", len(primitives))
	}
}

func TestStructuresFitTheirSets(t *testing.T) {
	for name, s := range loadStructures() {
		if len(s.elements) > 128 {
			t.Errorf("%s has %d elements", name, len(s.elements))
		}
		for key, f := range s.fields {
			if f.name != s.elements[f.ordinal] || !strings.HasPrefix(key, f.name) {
				t.Errorf("%s.%s: element %s, ordinal %d", name, key, f.name, f.ordinal)
			}
		}
	}
}
