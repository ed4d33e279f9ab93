package storagetest

import (
	"fmt"
	"strings"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// deletesFirst: what a transaction deletes is not there for its conditions,
// wherever the delete stands (R4 http.html#trules).
func deletesFirst(f *fixture) {
	number := func(n string) string {
		return `{"resourceType":"Patient","identifier":[{"system":"http://x","value":"` + n + `"}]}`
	}
	match := func(n string) func(*storage.Change) {
		return matching(f.parse("Patient", "identifier", "http://x|"+n).Where)
	}
	old := f.create("Patient", number("1"))
	results := f.apply(f.change("Patient", number("1"), match("1")), f.deletion(old))
	if !results[0].Created || results[0].Resource.ID == old.ID || !results[1].Resource.Deleted {
		f.Errorf("create beside a delete: %+v", results)
	}
	second := results[0].Resource.Ref().Latest()
	results = f.apply(f.change("Patient", number("1"), match("1"), update), f.deletion(fhir.Ref{Type: "Patient"}, match("1")))
	if !results[0].Created || results[1].Resource.ID != second.ID {
		f.Errorf("update beside a conditional delete: %+v", results)
	}
	third := results[0].Resource.Ref().Latest()
	f.create("Observation", observation(third))
	about := matching(f.parse("Observation", "subject:Patient.identifier", "http://x|1").Where)
	fresh := f.create("Patient", patientBody)
	results = f.apply(f.change("Observation", observation(fresh), about), f.deletion(third))
	if !results[0].Created {
		f.Errorf("a condition followed a chain to what is deleted: %+v", results[0])
	}
	wantKind(f, f.tryApply(f.change("Patient", number("9"), of(fresh)), f.deletion(fresh)), fhir.Invalid)
	hidden := f.create("Patient", number("5"))
	blind := under(f.permit(f.without(hidden)))
	wantKind(f, f.tryApply(f.change("Patient", number("5"), match("5"), blind), f.deletion(hidden, blind)), fhir.NotFound)
	if found, _, _ := f.search(f.all(), f.parse("Patient", "identifier", "5")); len(found) != 1 {
		f.Errorf("after a refused transaction: %v", found)
	}
}

// crossing: transactions that change the same resources in opposite orders, by
// id and by condition, all come to an end.
func crossing(f *fixture) {
	const n = 6
	refs := make([]fhir.Ref, n)
	body := func(i int) string {
		return fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":"http://x","value":"%d"}]}`, i)
	}
	kinds := []string{"Patient", "Organization"}
	for i := range refs {
		kind := kinds[i%2]
		refs[i] = f.create(kind, strings.Replace(body(i), "Patient", kind, 1))
	}
	f.raceAll(16, func(w int) error {
		for round := range 4 {
			var changes []storage.Change
			for i := range refs {
				at := i
				if w%2 == 1 {
					at = n - 1 - i
				}
				ref := refs[at]
				text := strings.Replace(body(at), "Patient", ref.Type, 1)
				if (w+round+at)%3 == 0 {
					where := query.Compare{Param: f.param(ref.Type, "identifier"), Values: []query.Value{{System: "http://x", Code: fmt.Sprint(at)}}}
					changes = append(changes, f.change(ref.Type, text, matching(where), update))
					continue
				}
				changes = append(changes, f.change(ref.Type, text, of(ref)))
			}
			if err := f.decideAgain(func() error { return f.tryApply(changes...) }); err != nil {
				return err
			}
		}
		return nil
	})
	for _, ref := range refs {
		page, err := f.Read(f.ctx, f.all(), ref)
		if err != nil || page.Entries[0].Resource.Version != 1+16*4 {
			f.Errorf("%s after the race: %+v, %v", ref, page.Entries, err)
		}
	}
}
