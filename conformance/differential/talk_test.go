package differential

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sluis/conformance/cast"
	"sluis/conformance/differential/naive"
)

// viewer is somebody with a token, and what he may see.
type viewer struct {
	name  string
	token string
	data  *naive.Data
}

// page is one page of a searchset.
type page struct {
	status            int
	body              []byte
	matches, included []string // Type/id
	total             int      // -1 when the page tells none
	next              string
}

func decode(body []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var out map[string]any
	err := d.Decode(&out)
	return out, err
}

// get asks for a page by its address below the base.
func getPage(w *cast.World, v viewer, method, address, form string) page {
	var r cast.Response
	if method == http.MethodPost {
		r = w.Do(v.token, method, address, form, "Content-Type", "application/x-www-form-urlencoded")
	} else {
		r = w.Get(v.token, address)
	}
	p := page{status: r.Status, body: r.Body, total: -1}
	bundle, err := decode(r.Body)
	if err != nil || r.Status != http.StatusOK {
		return p
	}
	for _, e := range items(bundle["entry"]) {
		ref := text(get(e, "resource", "resourceType")) + "/" + text(get(e, "resource", "id"))
		switch text(get(e, "search", "mode")) {
		case "match":
			p.matches = append(p.matches, ref)
		case "include":
			p.included = append(p.included, ref)
		}
	}
	if n, ok := bundle["total"].(json.Number); ok {
		total, _ := n.Int64()
		p.total = int(total)
	}
	p.next = r.Link("next")
	slices.Sort(p.included)
	return p
}

// maxPages is where a search that does not end is given up: the data are fewer.
const maxPages = 200

// fetch asks a search and follows its pages.
func fetch(w *cast.World, v viewer, q ask) []page {
	address, form, method := q.path+"?"+q.query(), "", http.MethodGet
	if q.post {
		address, form, method = q.path+"/_search", q.query(), http.MethodPost
	}
	pages := []page{getPage(w, v, method, address, form)}
	for last := pages[0]; last.next != "" && len(pages) < maxPages; {
		last = getPage(w, v, http.MethodGet, last.next, "")
		pages = append(pages, last)
	}
	return pages
}

// notSupported reports whether an answer says that the server does not have
// what is asked, or sets a bound to it.
func (p page) notSupported() bool {
	switch p.status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusNotImplemented, http.StatusMethodNotAllowed:
		return bytes.Contains(p.body, []byte(`"not-supported"`)) || bytes.Contains(p.body, []byte(`"too-costly"`))
	}
	return false
}

// differ says in what the server's pages are not the evaluator's answer; "" when
// they agree.
func differ(v viewer, q ask, pages []page) (difference string, err error) {
	want, err := v.data.Search(q.path, q.query())
	if err != nil {
		return "", err
	}
	var got []string
	for i, p := range pages {
		if p.status != http.StatusOK {
			return fmt.Sprintf("page %d has status %d: %.300s", i+1, p.status, p.body), nil
		}
		got = append(got, p.matches...)
	}
	if want.Only {
		if len(got) > 0 || pages[0].total != len(want.Matches) {
			return fmt.Sprintf("total %d and %d entries, want total %d alone", pages[0].total, len(got), len(want.Matches)), nil
		}
		return "", nil
	}
	for _, check := range []func(*naive.Result, []page, []string) string{sameSet, sameOrder, sameTotals, sameSizes, sameIncludes} {
		if d := check(want, pages, got); d != "" {
			return d, nil
		}
	}
	return "", nil
}

func refs(list []naive.Resource) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.Ref()
	}
	return out
}

func sameSet(want *naive.Result, _ []page, got []string) string {
	expected := refs(want.Matches)
	var wrong []string
	seen := map[string]bool{}
	for _, g := range got {
		if !slices.Contains(expected, g) {
			wrong = append(wrong, "+"+g)
		}
		if seen[g] {
			wrong = append(wrong, "twice "+g)
		}
		seen[g] = true
	}
	for _, e := range expected {
		if !seen[e] {
			wrong = append(wrong, "-"+e)
		}
	}
	if wrong == nil {
		return ""
	}
	return fmt.Sprintf("the set differs (+ the server finds, - it does not): %s; of %d", strings.Join(wrong, " "), len(expected))
}

func sameOrder(want *naive.Result, _ []page, got []string) string {
	for i := 1; i < len(got); i++ {
		if want.Rank[got[i-1]] > want.Rank[got[i]] {
			return fmt.Sprintf("the order differs: %s before %s; want %v, got %v", got[i-1], got[i], refs(want.Matches), got)
		}
	}
	return ""
}

func sameTotals(want *naive.Result, pages []page, _ []string) string {
	for i, p := range pages {
		if want.Total && p.total != len(want.Matches) || p.total >= 0 && p.total != len(want.Matches) {
			return fmt.Sprintf("page %d has the total %d, want %d", i+1, p.total, len(want.Matches))
		}
	}
	return ""
}

// sameSizes: every page but the last is full, and none is empty but an only one.
func sameSizes(want *naive.Result, pages []page, _ []string) string {
	for i, p := range pages {
		last := i == len(pages)-1
		if n := len(p.matches); want.Count > 0 && (!last && n != want.Count || last && (n > want.Count || n == 0 && i > 0)) {
			return fmt.Sprintf("page %d of %d has %d matches with _count=%d", i+1, len(pages), n, want.Count)
		}
	}
	return ""
}

func sameIncludes(want *naive.Result, pages []page, _ []string) string {
	byRef := map[string]naive.Resource{}
	for _, m := range want.Matches {
		byRef[m.Ref()] = m
	}
	for i, p := range pages {
		var matches []naive.Resource
		for _, ref := range p.matches {
			matches = append(matches, byRef[ref])
		}
		if expected := want.Includes(matches); !slices.Equal(expected, p.included) {
			return fmt.Sprintf("page %d (%v) includes %v, want %v", i+1, p.matches, p.included, expected)
		}
	}
	return ""
}
