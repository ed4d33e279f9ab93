package cast_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluis/conformance/cast"
)

// Attack 17 and A, "include wildcards and :iterate": however far an include
// goes, each step is the caller's. A's observation points at B's by focus, and
// B's points on at another of A's.
func TestA_IteratedIncludesEndAtWhatIsHidden(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, token := w.System(w.Hospital), w.Patient(w.A, own)
		body := func(about, focus string) string {
			return fmt.Sprintf(`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"99999-2"}]},"subject":{"reference":%q},"focus":[{"reference":%q}]}`, about, focus)
		}
		back := w.Create(hospital, body(w.A.AtHospital.String(), w.A.AtHospital.String()))
		theirs := w.Create(hospital, body(w.B.AtHospital.String(), back.String()))
		mine := w.Create(hospital, body(w.A.AtHospital.String(), theirs.String()))
		hidden := []string{theirs.ID, w.B.AtHospital.ID, w.B.Lab.ID, w.B.Psychiatry.ID}
		for _, include := range []string{
			"_include=Observation:focus", "_include:iterate=Observation:focus", "_include:iterate=*", "_include=*", "_include=Observation:*",
			"_revinclude=*", "_revinclude:iterate=*", "_revinclude:iterate=Observation:focus", "_include:iterate=*&_revinclude:iterate=*",
			"_include=Observation:subject&_revinclude:iterate=Observation:subject",
		} {
			paths := []string{"/Observation?_id=" + mine.ID + "&", "/Observation?_id=" + back.ID + "&"}
			if strings.HasPrefix(include, "_revinclude") {
				paths = append(paths, "/Patient?_id="+w.A.AtHospital.ID+"&")
			}
			for _, path := range paths {
				for _, ref := range w.Get(token, path+include+"&_count=100").Expect(http.StatusOK).Refs() {
					_, id, _ := strings.Cut(ref, "/")
					if slices.Contains(hidden, id) {
						t.Errorf("%s%s shows %s", path, include, ref)
					}
				}
			}
		}
		// Only B's own observation leads from one to the other.
		through := "/Observation?_id=" + mine.ID + "&_include:iterate=Observation:focus"
		if got := w.Get(token, through).Expect(http.StatusOK).Refs(); slices.Contains(got, back.String()) {
			t.Errorf("an include went on through what is hidden: %v", got)
		}
		if got := w.Get(hospital, through).Expect(http.StatusOK).Refs(); !slices.Contains(got, back.String()) {
			t.Errorf("the hospital goes on to %v", got)
		}
	})
}
