package cast_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/storage"
)

// While the index is made, through two servers, others write through both, and
// nobody is refused: at the end each resource is found by what it says, and by
// nothing that it said before.
func TestReindex_LosesNothingThatIsWrittenMeanwhile(t *testing.T) {
	const writers, rounds = 6, 12
	twoProcesses(t, func(t *testing.T, worlds [2]*cast.World) {
		w := worlds[0]
		home := w.System(w.Practice)
		colour := func(id, value string) string {
			return under(id, `{"resourceType":"Basic","code":{"text":"x"},"extension":[{"url":"http://x.test/colour","valueCode":"`+value+`"}]}`)
		}
		for range 60 {
			w.Create(home, colour("x", "old"))
		}
		var refs [writers][]fhir.Ref
		var last [writers][]string
		var writing, indexing sync.WaitGroup
		var ended atomic.Bool
		for n := range writers {
			writing.Go(func() {
				for round := range rounds {
					at := worlds[(n+round)%2]
					made := at.Do(home, http.MethodPost, "/Basic", colour("x", fmt.Sprintf("c%d-%d", n, round)))
					if made.Status != http.StatusCreated {
						t.Errorf("writer %d: %d %s", n, made.Status, made.Body)
						return
					}
					refs[n], last[n] = append(refs[n], made.Ref()), append(last[n], fmt.Sprintf("c%d-%d", n, round))
					other := round / 2
					last[n][other] = fmt.Sprintf("u%d-%d", n, round)
					if r := at.Do(home, http.MethodPut, "/"+refs[n][other].String(), colour(refs[n][other].ID, last[n][other])); r.Status != http.StatusOK {
						t.Errorf("writer %d: %d %s", n, r.Status, r.Body)
					}
				}
			})
		}
		for _, at := range worlds {
			indexing.Go(func() {
				for !ended.Load() {
					if _, err := at.Gate.Reindex(context.Background(), 7); err != nil && !errors.Is(err, storage.ErrBusy) {
						t.Error(err)
						return
					}
				}
			})
		}
		sp := w.Create(home, searchParameter("colour", "Basic", "token", "Basic.extension.where(url = 'http://x.test/colour').value", ""))
		worlds[1].Create(home, searchParameter("shade", "Basic", "string", "Basic.extension.where(url = 'http://x.test/colour').value", ""))
		writing.Wait()
		ended.Store(true)
		indexing.Wait()
		reindexed(t, leader(t, worlds))
		for n := range writers {
			for i, ref := range refs[n] {
				for _, search := range []string{"colour=" + last[n][i], "shade:exact=" + last[n][i]} {
					if found := worlds[i%2].Get(home, "/Basic?"+search).Refs(); !slices.Equal(found, []string{ref.String()}) {
						t.Errorf("%s found %v, not %s", search, found, ref)
					}
				}
				if found := w.Get(home, fmt.Sprintf("/Basic?colour=c%d-%d", n, i)).Refs(); last[n][i][0] == 'u' && len(found) > 0 {
					t.Errorf("by what it said before: %v", found)
				}
			}
		}
		if total := w.Get(home, "/Basic?colour=old&_summary=count").Root().Get("total").Text(); total != "60" {
			t.Errorf("%s of 60 are found", total)
		}
		if got := indexStatus(t, w.Get(home, "/"+sp.String()+"/$index-status")); got["status"] != "ready" || got["failed"] != "0" {
			t.Errorf("%v", got)
		}
	})
}

// leader is the server whose turn it is to index.
func leader(t *testing.T, worlds [2]*cast.World) *cast.World {
	t.Helper()
	for range 1000 {
		for _, w := range worlds {
			if _, err := w.Gate.Reindex(context.Background(), 7); err == nil {
				return w
			}
		}
	}
	t.Fatal("nobody can index")
	return nil
}

// deaf is a store that does not say which parameters there are.
type deaf struct {
	cast.Backend
	after atomic.Int64 // so many times it does
}

func (d *deaf) Definitions(ctx context.Context) ([]storage.IndexState, int64, error) {
	if d.after.Add(-1) < 0 {
		return nil, 0, errors.New("not now")
	}
	return d.Backend.Definitions(ctx)
}

// F, "when parts fail": who cannot learn what to index by indexes nothing,
// writes nothing, and answers no search by it.
func TestReindex_FailsClosed(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		home := w.System(w.Practice)
		store := &deaf{Backend: w.Store}
		blind := w.Beside(t, store)
		sp := w.Create(home, searchParameter("number", "Patient", "token", "Patient.identifier.value", ""))
		if _, err := blind.Gate.Reindex(context.Background(), 1); err == nil {
			t.Error("it indexed by what it does not know")
		}
		if got := indexStatus(t, w.Get(home, "/"+sp.String()+"/$index-status")); got["done"] != "0" || got["failed"] != "0" {
			t.Errorf("%v", got)
		}
		blind.Do(home, http.MethodPost, "/Patient", `{"resourceType":"Patient"}`).Expect(http.StatusInternalServerError)
		blind.Do(home, http.MethodGet, "/Patient?number=1", nil, "Prefer", "handling=lenient").Expect(http.StatusInternalServerError)
		blind.Get(home, "/Patient?active=true").Expect(http.StatusOK)
		blind.Get(home, "/"+w.A.AtPractice.String()).Expect(http.StatusOK)
		reindexed(t, w)
		if found := w.Get(home, "/Patient?number="+w.A.BSN).Refs(); len(found) != 1 {
			t.Errorf("found %v", found)
		}
		store.after.Store(1 << 20)
		if found := blind.Get(home, "/Patient?number="+w.A.BSN).Refs(); len(found) != 1 {
			t.Errorf("found %v", found)
		}
	})
}

// A process that ends in the middle leaves what it did, and another gate goes on
// from there.
func TestReindex_GoesOnWhereItWas(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		home := w.System(w.Practice)
		for i := range 12 {
			w.Create(home, fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"value":"n%d"}]}`, i))
		}
		sp := w.Create(home, searchParameter("number", "Patient", "token", "Patient.identifier.value", ""))
		for range 3 {
			if _, err := w.Gate.Reindex(context.Background(), 4); err != nil {
				t.Fatal(err)
			}
		}
		next := w.Beside(t, w.Store)
		if got := indexStatus(t, next.Get(home, "/"+sp.String()+"/$index-status")); got["done"] != "12" || got["total"] != "16" {
			t.Errorf("%v", got)
		}
		// A batch that is given up has changed nothing.
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := next.Gate.Reindex(ctx, 100); err == nil {
			t.Error("a batch was done without its context")
		}
		reindexed(t, next)
		for i := range 12 {
			if found := next.Get(home, fmt.Sprintf("/Patient?number=n%d", i)).Refs(); len(found) != 1 {
				t.Errorf("n%d: %v", i, found)
			}
		}
	})
}

// A resource that R4 allows is written whatever a custom parameter makes of it,
// and is not found by what is no value of its type.
func TestSearchParameter_RefusesNoResource(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		home := w.System(w.Practice)
		w.Create(home, searchParameter("born-there", "Patient", "date", "Patient.address.city", ""))
		w.Create(home, searchParameter("weird", "Patient", "quantity", "Patient.name.family", ""))
		reindexed(t, w)
		made := w.Create(home, `{"resourceType":"Patient","name":[{"family":"x"}],"address":[{"city":"Sluis"},{"city":"1999"}]}`)
		if found := w.Get(home, "/Patient?born-there=1999").Refs(); !slices.Equal(found, []string{made.String()}) {
			t.Errorf("found %v", found)
		}
		if found := w.Get(home, "/Patient?weird:missing=false").Refs(); len(found) != 0 {
			t.Errorf("found %v", found)
		}
	})
}

// Composites, bases of all types, and includes, of a parameter of one's own.
func TestSearchParameter_OfEveryKind(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		home := w.System(w.Practice)
		w.Create(home, searchParameter("code-rate", "Observation", "composite", "Observation", `,"component":[{"definition":"http://hl7.org/fhir/SearchParameter/clinical-code","expression":"code"},{"definition":"http://hl7.org/fhir/SearchParameter/Observation-value-quantity","expression":"value.as(Quantity)"}]`))
		w.Create(home, strings.Replace(searchParameter("spoken", "Resource", "token", "Resource.language", ""), `"Resource"]`, `"Resource","Patient"]`, 1))
		w.Create(home, searchParameter("story", "DomainResource", "uri", "DomainResource.implicitRules", ""))
		w.Create(home, searchParameter("about", "Basic", "reference", "Basic.extension.where(url = 'http://x.test/of').value", `,"target":["Observation"]`))
		w.Create(home, searchParameter("height", "Basic", "quantity", "Basic.extension.where(url = 'http://x.test/h').value", ""))
		reindexed(t, w)
		basic := w.Create(home, `{"resourceType":"Basic","language":"nl","code":{"text":"x"},"extension":[{"url":"http://x.test/of","valueReference":{"reference":"`+w.A.Reading.String()+`"}},{"url":"http://x.test/h","valueQuantity":{"value":1.80,"unit":"m","system":"http://unitsofmeasure.org","code":"m"}}]}`)
		for search, want := range map[string][]string{
			"/Observation?code-rate=http://loinc.org|8867-4$gt70": {w.A.Reading.String(), w.B.Reading.String()},
			"/Observation?code-rate=http://loinc.org|8867-4$gt72": nil,
			"/Basic?spoken=nl":                                      {basic.String()},
			"/?_type=Basic,Patient&spoken=nl":                       {basic.String()},
			"/Basic?about=" + w.A.Reading.ID:                        {basic.String()},
			"/Basic?about.code=8867-4":                              {basic.String()},
			"/Basic?about:Observation.subject=" + w.B.AtPractice.ID: nil,
			"/Basic?_id=" + basic.ID + "&_include=Basic:about":      {basic.String(), w.A.Reading.String()},
			"/Observation?_has:Basic:about:spoken=nl":               {w.A.Reading.String()},
			"/Basic?height=180||":                                   nil,
			"/Basic?height=180|http://unitsofmeasure.org|cm":        {basic.String()},
			"/Basic?_filter=spoken eq nl and about pr true":         {basic.String()},
			"/Basic?story:missing=false":                            nil,
		} {
			found := w.Get(home, strings.ReplaceAll(search, " ", "%20")).Refs()
			if slices.Sort(found); !slices.Equal(found, want) {
				t.Errorf("%s found %v, not %v", search, found, want)
			}
		}
		w.Get(home, "/AuditEvent?spoken=nl").Expect(http.StatusBadRequest)
		w.Get(home, "/Binary?story=x").Expect(http.StatusBadRequest)
	})
}
