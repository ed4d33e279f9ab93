package index_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluis/fhir/index"
)

func TestWordsOfAResource(t *testing.T) {
	e := extract(t, `{"resourceType":"Condition","id":"secret","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Pijn <b>op</b> de borst &amp; hoest</p></div>"},
	"code":{"coding":[{"system":"http://snomed.info/sct","code":"29857009","display":"Chest pain"}],"text":"Pĳn op de börst"},
	"subject":{"reference":"Patient/hidden"},"recordedDate":"2020-01-02","note":[{"text":"zie http://a.example/x voor meer"}]}`)
	if got := fmt.Sprint(e.Narrative); got != "[borst de hoest op pijn]" {
		t.Error(got)
	}
	for word, want := range map[string]bool{
		"chest": true, "pain": true, "29857009": true, "borst": true, "hoest": true, "zie": true,
		"snomed": false, "hidden": false, "2020": false, "secret": false, "div": false, "xmlns": false, "Chest": false,
	} {
		if slices.Contains(e.Content, word) != want {
			t.Errorf("%s among the words of %v: want %v", word, e.Content, want)
		}
	}
	if !slices.IsSorted(e.Content) || len(slices.Compact(slices.Clone(e.Content))) != len(e.Content) {
		t.Errorf("not sorted, or not each once: %v", e.Content)
	}
}

func TestWordsAreBounded(t *testing.T) {
	var long strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&long, "w%d ", i)
	}
	e := extract(t, `{"resourceType":"Condition","note":[{"text":"`+long.String()+`"}]}`)
	if len(e.Content) != 20_000 {
		t.Errorf("%d words", len(e.Content))
	}
	word := strings.Repeat("é", 100)
	if got := index.Words(word); len(got) != 1 || got[0] != strings.Repeat("e", 64) {
		t.Errorf("a long word became %q", got)
	}
}

func ExampleWords() {
	fmt.Printf("%q\n", index.Words("Crème-brûlée, 2× per dag"))
	// Output: ["creme" "brulee" "2" "per" "dag"]
}
