package story

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"

	"sluis/fhir"
)

// actor is somebody who holds a token.
type actor struct {
	name  string
	token string
}

// answer is a response, read to its end.
type answer struct {
	status   int
	location string
	root     fhir.Node
	raw      []byte
}

// call sends one request, prints it and its answer in two lines, and returns
// the answer. A request that cannot be sent ends the story.
func (s *story) call(ctx context.Context, who actor, method, path string, body []byte) answer {
	a, err := s.send(ctx, who, method, path, body)
	if err != nil {
		s.say("   %s %s\n", method, path)
		s.check(false, "the server answers: %v", err)
		return answer{}
	}
	s.say("   → %s /fhir%s   (%s)\n   ← %d %s\n", method, short(path, 100), who.name, a.status, a.summary())
	return a
}

// send is call without a word.
func (s *story) send(ctx context.Context, who actor, method, path string, body []byte) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.Base+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Authorization", "Bearer "+who.token)
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/fhir+json")
		if strings.HasSuffix(path, "/_search") {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: resp.StatusCode, location: strings.TrimPrefix(resp.Header.Get("Location"), s.Base+"/"), raw: raw}
	if doc, err := fhir.ParseDocument(raw); err == nil {
		a.root = doc.Root()
	}
	return a, nil
}

// entries yields the resources of a Bundle.
func (a answer) entries() (out []fhir.Node) {
	for e := range a.root.Get("entry").All() {
		if r := e.Get("resource"); !r.IsZero() {
			out = append(out, r)
		}
	}
	return out
}

// count is how many resources of a type a Bundle holds.
func (a answer) count(resourceType string) int {
	n := 0
	for _, r := range a.entries() {
		if r.Get("resourceType").Text() == resourceType {
			n++
		}
	}
	return n
}

// ref is the reference of the resource answered.
func (a answer) ref() fhir.Ref {
	return fhir.Ref{Type: a.root.Get("resourceType").Text(), ID: a.root.Get("id").Text()}
}

// summary tells an answer in a few words.
func (a answer) summary() string {
	kind := a.root.Get("resourceType").Text()
	switch kind {
	case "Bundle":
		return a.bundleSummary()
	case "OperationOutcome":
		for i := range a.root.Get("issue").All() {
			return "OperationOutcome: " + i.At("details", "text").Text()
		}
	case "":
		return short(string(a.raw), 80)
	}
	return kind + "/" + short(a.root.Get("id").Text(), 12)
}

func (a answer) bundleSummary() string {
	counts := map[string]int{}
	entries := 0
	for e := range a.root.Get("entry").All() {
		entries++
		if t := e.At("resource", "resourceType").Text(); t != "" {
			counts[t]++
		}
	}
	var parts []string
	for t, n := range counts {
		parts = append(parts, fmt.Sprintf("%d %s", n, t))
	}
	sort.Strings(parts)
	text := "Bundle " + a.root.Get("type").Text()
	if total := a.root.Get("total").Text(); total != "" {
		text += ", total " + total
	}
	if len(parts) == 0 {
		return fmt.Sprintf("%s: %d entries", text, entries)
	}
	return text + ": " + strings.Join(parts, ", ")
}

func short(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}
