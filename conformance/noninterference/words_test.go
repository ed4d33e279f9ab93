package noninterference

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
)

// words are what requests are made of: every id and every value by which
// something in either world is found, seen or hidden. So a request is as likely
// to ask for what is hidden on one side as for what both show.
type words struct {
	ids    map[string][]string            // by type
	values map[string]map[string][]string // type → parameter → values, as a URL has them
	types  []string
}

func newWords() *words {
	return &words{ids: map[string][]string{}, values: map[string]map[string][]string{}}
}

// learn adds the words of some resources.
func (w *words) learn(bodies ...string) {
	for _, body := range bodies {
		doc, err := fhir.ParseDocument([]byte(body))
		if err != nil {
			panic(err) // this package wrote it
		}
		t := doc.Type()
		w.ids[t] = append(w.ids[t], doc.Root().Get("id").Text())
		entries, err := index.NewExtractor(nil, index.Base{}).Extract(doc)
		if err != nil {
			panic(err) // and it was stored
		}
		if w.values[t] == nil {
			w.values[t] = map[string][]string{}
		}
		w.index(t, entries)
	}
}

// sort puts the words in an order that a seed repeats, each once.
func (w *words) sort() {
	w.types = slices.Sorted(maps.Keys(w.ids))
	for _, byName := range []map[string][]string{w.ids} {
		compactAll(byName)
	}
	for _, byParam := range w.values {
		compactAll(byParam)
	}
}

func compactAll(m map[string][]string) {
	for k, v := range m {
		slices.Sort(v)
		m[k] = slices.Compact(v)
	}
}

// index adds the values of a resource's index entries.
func (w *words) index(t string, e index.Entries) {
	code := map[int32]string{}
	for _, p := range conformance.Searchable(t) {
		code[p.Key] = p.Code
	}
	add := func(key int32, values ...string) {
		if c := code[key]; c != "" {
			w.values[t][c] = append(w.values[t][c], values...)
		}
	}
	for _, x := range e.Tokens {
		add(x.Param, x.Code, x.System+"|"+x.Code, "|"+x.Code)
		if x.System != "" {
			add(x.Param, x.System+"|")
		}
	}
	for _, x := range e.Strings {
		add(x.Param, x.Exact)
	}
	for _, x := range e.Dates {
		at := time.UnixMicro(x.Low).UTC()
		if at.Year() > 1900 && at.Year() < 2100 {
			add(x.Param, at.Format("2006-01-02"), at.Format("2006-01"), at.Format(time.RFC3339))
		}
	}
	for _, x := range e.Numbers {
		add(x.Param, number(x.Value))
	}
	for _, x := range e.Quantities {
		add(x.Param, number(x.Value), fmt.Sprintf("%s|%s|%s", number(x.Value), x.System, x.Code))
	}
	for _, x := range e.References {
		if x.ID != "" {
			add(x.Param, x.ID, x.Type+"/"+x.ID)
		}
	}
	for _, x := range e.URIs {
		add(x.Param, x.Value)
	}
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
