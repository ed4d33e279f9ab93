package cast_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluis/conformance/cast"
)

// http.html#vsearch: the compartment chooses, and access is another matter: what
// is in the compartment of somebody else is found by nobody who may not see it,
// and whether that somebody exists is not told.
func TestA_CompartmentSearchIsASearch(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token, practice := w.Patient(w.A, own), w.System(w.Practice)
		mine, theirs := w.A.AtPractice.String(), w.B.AtPractice.String()
		form := func(token, path, body string) cast.Response {
			return w.Do(token, http.MethodPost, path, body, "Content-Type", "application/x-www-form-urlencoded")
		}
		refs := func(r cast.Response) []string { out := r.Refs(); slices.Sort(out); return out }
		want := refs(w.Get(token, "/Observation"))
		if len(want) == 0 || !slices.Contains(want, w.A.Reading.String()) {
			t.Fatalf("%v", want)
		}
		for _, r := range []cast.Response{w.Get(token, "/"+mine+"/Observation"), form(token, "/"+mine+"/Observation/_search", ""), form(token, "/"+mine+"/*/_search", "_type=Observation")} {
			if got := refs(r); !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		}
		if all := refs(w.Get(token, "/"+mine+"/*?_count=100")); !slices.Contains(all, w.A.Reading.String()) || !slices.Contains(all, mine) || slices.Contains(all, w.B.Reading.String()) {
			t.Errorf("the whole compartment: %v", all)
		}
		for _, rest := range []string{"/Observation", "/*", "/Observation?_summary=count", "/Observation?_include=Observation:subject", "/Condition"} {
			hidden, none := w.Get(token, "/"+theirs+rest), w.Get(token, "/Patient/"+absent+rest)
			same(t, theirs+rest, masked(hidden, theirs), masked(none, "Patient/"+absent))
			expect(t, rest, hidden, http.StatusOK)
		}
		if got := w.Get(practice, "/"+theirs+"/Observation?code=8867-4").Refs(); !slices.Equal(got, []string{w.B.Reading.String()}) {
			t.Errorf("with a criterion: %v", got)
		}
		if got := w.Get(practice, "/Practitioner/"+w.GP.ID+"/CareTeam").Refs(); len(got) != 1 {
			t.Errorf("the compartment of a practitioner: %v", got)
		}
		for path, status := range map[string]int{
			"/" + mine + "/Observation?nonsense=1": 400, "/" + mine + "/Organization": 400, "/Organization/" + w.Hospital + "/Patient": 400, "/" + mine + "/Observation/x": 404, "/" + mine + "/Nonsense": 404,
			"/Practitioner/" + w.GP.ID + "/AuditEvent": 400,
		} {
			expect(t, path, w.Get(token, path), status)
		}
		// The log is searched as the log: one's own, and nobody else's.
		if log := w.Get(token, "/"+mine+"/AuditEvent?_count=1").Expect(http.StatusOK); len(log.Refs()) != 1 {
			t.Errorf("%s", log.Body)
		}
		same(t, "the log of another", masked(w.Get(token, "/"+theirs+"/AuditEvent"), theirs), masked(w.Get(token, "/Patient/"+absent+"/AuditEvent"), "Patient/"+absent))
	})
}

// The pages of a compartment unite to the whole, and a link opens nothing but the
// search it was made for.
func TestA_CompartmentPages(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token, mine, theirs := w.Patient(w.A, own), w.A.AtPractice.String(), w.B.AtPractice.String()
		for range 5 {
			w.Create(token, cast.Observation(w.A.AtPractice, "8867-4", "Heart rate", "60"))
		}
		whole, _ := pagesOf(w, token, "/"+mine+"/Observation?_count=100&_sort=_id")
		paged, links := pagesOf(w, token, "/"+mine+"/Observation?_count=2&_sort=_id&_elements=status&_format=json")
		if !slices.Equal(whole, paged) || len(links) < 2 {
			t.Errorf("%v\n%v\n%v", whole, paged, links)
		}
		link := links[0]
		if !strings.HasPrefix(link, "/"+mine+"/Observation?_page=") || !strings.HasSuffix(link, "&_format=json") || strings.Contains(link, "_elements") {
			t.Errorf("the link %s", link)
		}
		if page := w.Get(token, link).Root(); strings.Contains(string(page.Raw()), "valueQuantity") || !strings.Contains(string(page.Raw()), "SUBSETTED") {
			t.Errorf("the second page has forgotten _elements: %s", page.Raw())
		}
		for _, other := range []string{strings.Replace(link, mine, theirs, 1), strings.Replace(link, "/"+mine, "", 1), strings.Replace(link, "Observation", "*", 1), strings.Replace(link, "_page", "_elements=note&_page", 1)} {
			expect(t, other, w.Get(token, other), http.StatusBadRequest)
		}
		if got := w.Get(w.Patient(w.B, own), link).Refs(); len(got) != 0 {
			t.Errorf("another's token on the link finds %v", got)
		}
	})
}

// masked replaces the name of a resource that the request itself gave.
func masked(r cast.Response, ref string) cast.Response {
	r.Body = []byte(strings.ReplaceAll(string(r.Body), ref, "Patient/x"))
	return r
}

// pagesOf follows the next links.
func pagesOf(w *cast.World, token, path string) (refs, links []string) {
	for {
		page := w.Get(token, path)
		refs = append(refs, page.Refs()...)
		if path = page.Link("next"); path == "" {
			return refs, links
		}
		links = append(links, path)
	}
}
