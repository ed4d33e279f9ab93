package relational

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"sluis/audit"
	"sluis/storage"
)

var recording = storage.Tx{Records: func([]storage.Result) []audit.Record { return []audit.Record{{}} }}

func TestKeysAreShortAndTellTextsApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stem := strings.Repeat("é", rapid.IntRange(0, 200).Draw(t, "length"))
		a, b := stem+rapid.String().Draw(t, "a"), stem+rapid.String().Draw(t, "b")
		if len(key(a)) > 256 || !utf8.ValidString(key(a)) || strings.Contains(key(a), "\x00") {
			t.Fatalf("key of %d bytes: %q", len(key(a)), key(a))
		}
		if (key(a) == key(b)) != (clean(a) == clean(b)) || key(key(a)) == key(a) && len(clean(a)) > keyLength {
			t.Fatalf("keys of %q and %q", a, b)
		}
	})
}

func TestAfterEndsThePrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix, s := rapid.String().Draw(t, "prefix"), rapid.String().Draw(t, "text")
		for _, text := range []string{s, prefix + s} {
			end, ok := after(prefix)
			within := text >= prefix && (!ok || text < end)
			if within != strings.HasPrefix(text, prefix) {
				t.Fatalf("%q within [%q, %q) is %t", text, prefix, end, within)
			}
		}
	})
	if end, ok := after("a\ud7ff"); !ok || end != "a\ue000" {
		t.Errorf("the end of the last before the surrogates is %q", end)
	}
}

func TestRulesComeBackApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s personState
		for _, r := range rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 1, 300)).Draw(t, "rules") {
			s.consents = append(s.consents, consentRow{rules: r})
		}
		var want [][]byte
		for _, k := range s.sorted() {
			want = append(want, k.rules)
		}
		if got := splitRules(s.rules()); !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}
