package cast_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
)

// find is a search by GET: the ids of its matches, sorted.
func find(w *cast.World, token, path string) []string {
	r := w.Get(token, path)
	r.Expect(http.StatusOK)
	refs := r.Refs()
	slices.Sort(refs)
	return refs
}

// escaped writes a search with its values percent-encoded.
func escaped(path string, params ...string) string {
	values := url.Values{}
	for i := 0; i < len(params); i += 2 {
		values.Add(params[i], params[i+1])
	}
	return path + "?" + values.Encode()
}

// Attacks A, "chains through an invisible resource", "_has", "_filter",
// composite, ":of-type", "_text", "_content": whatever form a search takes, what
// B's record holds changes nothing for A.
func TestA_SearchLanguageSeesOnlyOnesOwn(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, token := w.System(w.Hospital), w.Patient(w.A, own)
		secret := func(of fhir.Ref) string {
			return fmt.Sprintf(`{"resourceType":"Observation","status":"final","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Zeldzaamwoord</div>"},
			"code":{"coding":[{"system":"http://loinc.org","code":"99999-1","display":"Zeldzaamheid"}]},"subject":{"reference":%q},
			"valueQuantity":{"value":1234.5,"system":"http://unitsofmeasure.org","code":"mg"}}`, of)
		}
		hidden := w.Create(hospital, secret(w.B.AtHospital))
		mine := w.Create(hospital, secret(w.A.AtHospital))
		list := w.Create(hospital, fmt.Sprintf(`{"resourceType":"List","status":"current","mode":"working","subject":{"reference":%q},"entry":[{"item":{"reference":%q}},{"item":{"reference":%q}}]}`, w.B.AtHospital, mine, hidden))
		searches := map[string][]string{
			"_text": {"zeldzaamwoord"}, "_content": {"zeldzaamheid zeldzaamwoord"}, "code:text": {"zeldzaam"},
			"value-quantity":         {"1.2345|http://unitsofmeasure.org|g", "gt1.2|http://unitsofmeasure.org|g"},
			"code-value-quantity":    {"99999-1$1234.5", "99999-1$1.2345|http://unitsofmeasure.org|g"},
			"_filter":                {"code eq loinc|99999-1", "not (code ne loinc|99999-1)", "value-quantity gt 1|ucum|g", "code eq x or code eq 99999-1"},
			"subject:Patient._id":    {w.A.AtHospital.ID + "," + w.B.AtHospital.ID},
			"patient.identifier:not": {"nobody"},
			"_id":                    {mine.ID + "," + hidden.ID},
		}
		for name, values := range searches {
			for _, value := range values {
				path := escaped("/Observation", name, value, "code", "99999-1")
				if got := find(w, token, path); fmt.Sprint(got) != fmt.Sprint([]string{mine.String()}) {
					t.Errorf("%s finds %v", path, got)
				}
			}
		}
		for _, path := range []string{
			escaped("/Observation", "_list", list.ID),                                            // B's list: a hop that A cannot see
			escaped("/Observation", "_has:List:item:_id", list.ID),                               // the same, spelt out
			escaped("/Observation", "code", "99999-1", "subject:Patient._id", w.B.AtHospital.ID), // through B
			escaped("/Observation", "_filter", "subject:Patient[_id eq "+w.B.AtHospital.ID+"].gender pr true"),
			escaped("/Patient", "_has:Observation:patient:_id", hidden.ID),
			escaped("/Patient", "_has:Observation:patient:_has:List:item:_id", list.ID),
		} {
			if got := find(w, token, path); len(got) > 0 {
				t.Errorf("%s finds %v", path, got)
			}
		}
		// The one who may see all of it finds it by the same searches.
		for _, path := range []string{
			escaped("/Observation", "_list", list.ID), escaped("/Observation", "_text", "zeldzaamwoord"),
			escaped("/Observation", "value-quantity", "1.2345|http://unitsofmeasure.org|g"),
			escaped("/Observation", "_filter", "code eq loinc|99999-1 and subject.family pr true"),
		} {
			if got := find(w, hospital, path); len(got) != 2 {
				t.Errorf("%s finds %v", path, got)
			}
		}
		for _, path := range []string{escaped("/Patient", "_has:List:item:_id", list.ID), escaped("/Patient", "_has:Observation:patient:code", "99999-1")} {
			if got := find(w, hospital, path); strings.Contains(path, "List") != (len(got) == 0) {
				t.Errorf("%s finds %v", path, got)
			}
		}
	})
}

// Attacks A, "absolute URLs to our own base in other case, port or with ..": a
// patient named by URL is a patient named, in what is written and in what is
// asked. One with .. in it names nobody.
func TestA_OurOwnURLsAreReferences(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, token := w.System(w.Hospital), w.Patient(w.A, own)
		about := func(reference string) fhir.Ref {
			return w.Create(hospital, fmt.Sprintf(`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":%q}}`, reference))
		}
		mine, theirs := about("HTTP://SLUIS.test:80/fhir/"+w.A.AtHospital.String()), about(cast.Base+"/"+w.B.AtHospital.String())
		w.Get(token, "/"+mine.String()).Expect(http.StatusOK)
		w.Get(token, "/"+theirs.String()).Expect(http.StatusNotFound)
		w.Get(token, "/"+about(cast.Base+"/../fhir/"+w.A.AtHospital.String()).String()).Expect(http.StatusNotFound)
		for _, reference := range []string{w.A.AtHospital.String(), cast.Base + "/" + w.A.AtHospital.String(), "Http://Sluis.Test:80/fhir/" + w.A.AtHospital.String()} {
			if got := find(w, token, escaped("/Observation", "subject", reference, "code:text", "x")); fmt.Sprint(got) != fmt.Sprint([]string{mine.String()}) {
				t.Errorf("%s finds %v", reference, got)
			}
		}
	})
}

// R4 http.html#vsearch: a compartment holds what its definition says, and of that
// a caller sees his own.
func TestCompartmentSearch(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		for path, want := range map[string]bool{
			"/" + w.A.AtHospital.String() + "/Observation": true, "/" + w.A.AtHospital.String() + "/*?_type=Observation": true,
			"/" + w.A.AtHospital.String() + "/*": true, "/" + w.B.AtHospital.String() + "/*": false, "/" + w.B.AtHospital.String() + "/Observation": false,
		} {
			if got := find(w, token, path); slices.Contains(got, w.A.Lab.String()) != want {
				t.Errorf("%s finds %v", path, got)
			}
		}
		w.Get(token, "/"+w.A.AtHospital.String()+"/Organization").Expect(http.StatusBadRequest)
		w.Get(token, "/Group/1/Observation").Expect(http.StatusBadRequest)
	})
}
