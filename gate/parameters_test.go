package gate_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/gate"
	"sluis/smart"
)

// operator is the home custodian's own system.
func operator(t testing.TB, w *cast.World) gate.Caller {
	t.Helper()
	scopes, err := smart.ParseScopes("system/*.cruds")
	if err != nil {
		t.Fatal(err)
	}
	return gate.Caller{Request: "test", Grant: smart.Grant{Client: "test", Organization: w.Practice, Scopes: scopes}}
}

const nicknameParameter = `{"resourceType":"SearchParameter","url":"http://x.test/sp/nickname","name":"X","status":"active","description":"x",
	"code":"nickname","base":["Patient"],"type":"string","expression":"Patient.name.where(use = 'nickname').given"}`

// nicknames is the search by the parameter, as the gate reads it.
func nicknames(g *gate.Gate, value string) (q query.Query, err error) {
	err = g.Understand(context.Background(), func(l query.Language) (bool, error) {
		q, err = l.Parse("Patient", []fhir.Param{{Name: "nickname", Value: value}})
		return true, err
	})
	return q, err
}

// A search is of the parameters as they were when it was read: when they are
// others at the time of the answer it is refused, whatever it then would find.
func TestSearch_IsOfTheParametersItWasReadWith(t *testing.T) {
	w := world(t)
	ctx, g, caller := context.Background(), w.Gate, operator(t, w)
	sp := w.Create(w.System(w.Practice), nicknameParameter)
	q, err := nicknames(g, "anneke")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Search(ctx, caller, q); fhir.KindOf(err) != fhir.Invalid || !strings.Contains(err.Error(), "being indexed") {
		t.Errorf("before it is indexed: %v", err)
	}
	if _, err := g.Reindex(ctx, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Search(ctx, caller, q); err != nil {
		t.Errorf("when it is indexed: %v", err)
	}
	before := g.Definitions()
	if _, found := before.Lookup("Patient", "nickname"); !found || before != g.Definitions() {
		t.Error("it is not among the definitions, or these are others each time")
	}
	body := string(w.Get(w.System(w.Practice), "/"+sp.String()).Body)
	w.Do(w.System(w.Practice), http.MethodPut, "/"+sp.String(), strings.Replace(body, "nickname').given", "nickname').family", 1)).Expect(http.StatusOK)
	if _, err := g.Reindex(ctx, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Search(ctx, caller, q); fhir.KindOf(err) != fhir.Invalid || !strings.Contains(err.Error(), "search anew") {
		t.Errorf("read with the former definition: %v", err)
	}
	if q, err = nicknames(g, "anneke"); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Search(ctx, caller, q); err != nil {
		t.Errorf("read anew: %v", err)
	}
}

// Where the store does not keep its index anew, nothing is served beside R4.
func TestGate_WithoutIndexing(t *testing.T) {
	w := world(t)
	c := w.Gate.Config
	c.Indexing = nil
	g, caller := gate.New(c), operator(t, w)
	if _, err := g.Write(context.Background(), caller, fhir.Interaction{Kind: fhir.Create, Type: "SearchParameter"}, []byte(nicknameParameter)); err != nil {
		t.Fatal(err)
	}
	if p, err := g.Reindex(context.Background(), 10); err != nil || !p.Ready {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := nicknames(g, "x"); fhir.KindOf(err) != fhir.Invalid {
		t.Errorf("searched by it: %v", err)
	}
}

// The number of custom parameters is bounded.
func TestD_CustomParametersAreBounded(t *testing.T) {
	w := world(t)
	home := w.System(w.Practice)
	for i := range 101 {
		one := strings.ReplaceAll(nicknameParameter, "nickname\"", fmt.Sprintf("nickname%d\"", i))
		if r := w.Do(home, http.MethodPost, "/SearchParameter", one); r.Status != map[bool]int{true: http.StatusCreated, false: http.StatusUnprocessableEntity}[i < 100] {
			t.Fatalf("number %d: %d %s", i, r.Status, r.Body)
		}
	}
}
