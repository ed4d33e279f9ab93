package smart

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
)

// row is a resource as the predicates of a grant can see it.
type row struct {
	Type     string
	Subjects []string          // ids of Patients
	Values   map[string]string // parameter → value
}

// holds is a second reading of the predicates that Filter makes.
func holds(x query.Expr, r row) bool {
	switch x := x.(type) {
	case query.All:
		return true
	case query.TypeIs:
		return slices.Contains(x.Types, r.Type)
	case query.Conj:
		return !slices.ContainsFunc(x.Parts, func(p query.Expr) bool { return !holds(p, r) })
	case query.Disj:
		return slices.ContainsFunc(x.Parts, func(p query.Expr) bool { return holds(p, r) })
	case query.Subjects:
		person := x.X.(query.Person)
		return len(r.Subjects) > 0 && !slices.ContainsFunc(r.Subjects, func(s string) bool {
			return !slices.Contains(person.Patients, fhir.Ref{Type: "Patient", ID: s})
		})
	case query.Compare:
		return slices.ContainsFunc(x.Values, func(v query.Value) bool { return r.Values[x.Param.Code] == v.Code })
	}
	return false
}

func ownGrant(t testing.TB, scopes string) Grant {
	return Grant{JTI: "j", Client: "app", User: fhir.Ref{Type: "Patient", ID: "a"}, Scopes: mustParse(t, scopes)}
}

func TestFilter_patientLevelIsACompartment(t *testing.T) {
	g := ownGrant(t, "patient/*.rs")
	for _, c := range []struct {
		name string
		row  row
		want bool
	}{
		{"own", row{Type: "Observation", Subjects: []string{"a"}}, true},
		{"another's", row{Type: "Observation", Subjects: []string{"b"}}, false},
		{"own and another's", row{Type: "Observation", Subjects: []string{"a", "b"}}, false},
		{"nobody's", row{Type: "Observation"}, false},
		{"nobody's Binary", row{Type: "Binary"}, false},
		{"directory", row{Type: "Organization"}, true},
		{"type without a class", row{Type: "Invented"}, false},
	} {
		for _, p := range []Permissions{ReadPermission, SearchPermission, ReadPermission | SearchPermission} {
			if got := holds(g.Filter(p), c.row); got != c.want {
				t.Errorf("%s for %s: %v, want %v", c.name, p, got, c.want)
			}
		}
		if holds(g.Filter(UpdatePermission), c.row) || holds(g.Filter(ReadPermission|UpdatePermission), c.row) {
			t.Errorf("%s: update was never granted", c.name)
		}
	}
}

func TestFilter_patientLevelNeverWritesTheDirectory(t *testing.T) {
	g := ownGrant(t, "patient/*.cruds patient/Organization.cruds")
	for _, p := range []Permissions{CreatePermission, UpdatePermission, DeletePermission} {
		if holds(g.Filter(p), row{Type: "Organization"}) || g.Allows(p, "Organization") {
			t.Errorf("a patient may %s an Organization", p)
		}
		if !holds(g.Filter(p), row{Type: "Observation", Subjects: []string{"a"}}) {
			t.Errorf("a patient may not %s an own Observation", p)
		}
	}
}

func TestFilter_withoutAPatientReachesNothing(t *testing.T) {
	g := Grant{Scopes: mustParse(t, "patient/*.cruds")}
	for p := range Permissions(1 << len(letters)).all() {
		if x := g.Filter(p); !query.Empty(x) {
			t.Errorf("%s: %#v", p, x)
		}
		if g.Allows(p, "Observation") || g.Allows(p, "") {
			t.Errorf("%s is allowed", p)
		}
	}
}

// all yields every set below p.
func (p Permissions) all() func(func(Permissions) bool) {
	return func(yield func(Permissions) bool) {
		for q := range p {
			if !yield(q) {
				return
			}
		}
	}
}

func TestFilter_launchContextNarrowsARepresentative(t *testing.T) {
	g := Grant{User: fhir.Ref{Type: "RelatedPerson", ID: "r"}, Patient: fhir.Ref{Type: "Patient", ID: "a"}, Scopes: mustParse(t, "patient/Observation.rs")}
	if !holds(g.Filter(ReadPermission), row{Type: "Observation", Subjects: []string{"a"}}) || holds(g.Filter(ReadPermission), row{Type: "Observation", Subjects: []string{"b"}}) {
		t.Error("the patient in context is not the boundary")
	}
}

func TestFilter_unionBetweenScopesAndInsideOne(t *testing.T) {
	g := Grant{Scopes: mustParse(t, "system/Observation.rs?category=lab&code=1 system/Observation.r?category=vital")}
	lab := row{Type: "Observation", Values: map[string]string{"category": "lab", "code": "1"}}
	other := row{Type: "Observation", Values: map[string]string{"category": "lab", "code": "2"}}
	vital := row{Type: "Observation", Values: map[string]string{"category": "vital"}}
	for _, c := range []struct {
		r      row
		rd, sr bool
	}{{lab, true, true}, {other, false, false}, {vital, true, false}} {
		if got := holds(g.Filter(ReadPermission), c.r); got != c.rd {
			t.Errorf("read %v: %v", c.r, got)
		}
		if got := holds(g.Filter(SearchPermission), c.r); got != c.sr {
			t.Errorf("search %v: %v", c.r, got)
		}
		if got := holds(g.Filter(ReadPermission|SearchPermission), c.r); got != (c.rd && c.sr) {
			t.Errorf("both %v: %v", c.r, got)
		}
	}
}

// A Scope that was put together wrongly must not open anything.
func TestFilter_zeroValuesOpenNothing(t *testing.T) {
	for name, s := range map[string]Scope{
		"zero":            {},
		"no filter":       {Level: SystemLevel, Type: "*", Permissions: ReadPermission},
		"no level":        {Type: "*", Permissions: ReadPermission, Filter: query.All{}},
		"no permissions":  {Level: SystemLevel, Type: "*", Filter: query.All{}},
		"filter matching": {Level: SystemLevel, Type: "*", Permissions: ReadPermission, Filter: query.None{}},
	} {
		g := Grant{Scopes: Scopes{Resources: []Scope{s}}}
		if x := g.Filter(ReadPermission); !query.Empty(x) || g.Allows(ReadPermission, "Patient") {
			t.Errorf("%s: %#v", name, x)
		}
	}
	if x := (Grant{Scopes: mustParse(t, "system/*.cruds")}).Filter(0); !query.Empty(x) {
		t.Errorf("no permission asked: %#v", x)
	}
}

func TestS7_supervisorReachesAuditEventAlone(t *testing.T) {
	g := Grant{Organization: "o", Supervisor: true, Scopes: mustParse(t, "system/*.rs")}
	if !g.Allows(SearchPermission, "AuditEvent") {
		t.Error("AuditEvent is refused")
	}
	for _, name := range conformance.Types() {
		if name != "AuditEvent" && (g.Allows(ReadPermission, name) || holds(g.Filter(ReadPermission), row{Type: name, Subjects: []string{"a"}})) {
			t.Errorf("a supervisor reaches %s", name)
		}
	}
}

var levels = []string{"patient", "user", "system"}

func scopeGen(levels ...string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		level := rapid.SampledFrom(levels).Draw(t, "level")
		name := rapid.SampledFrom([]string{"*", "Observation", "Organization", "Binary"}).Draw(t, "type")
		p := Permissions(rapid.IntRange(1, 31).Draw(t, "permissions")).String()
		if name != "Observation" {
			return level + "/" + name + "." + p
		}
		return level + "/" + name + "." + p + rapid.SampledFrom([]string{"", "?category=lab", "?code=1", "?category=lab&code=1"}).Draw(t, "filter")
	})
}

func rowGen() *rapid.Generator[row] {
	return rapid.Custom(func(t *rapid.T) row {
		return row{
			Type:     rapid.SampledFrom([]string{"Observation", "Organization", "Binary", "Condition"}).Draw(t, "rowType"),
			Subjects: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 0, 2).Draw(t, "subjects"),
			Values: map[string]string{
				"category": rapid.SampledFrom([]string{"lab", "vital"}).Draw(t, "category"),
				"code":     rapid.SampledFrom([]string{"1", "2"}).Draw(t, "code"),
			},
		}
	})
}

func drawScopes(t *rapid.T, label string, levels ...string) Scopes {
	var out Scopes
	for _, s := range rapid.SliceOfN(scopeGen(levels...), 0, 4).Draw(t, label) {
		if err := out.add(s); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// What Allows refuses, Filter never shows: a 403 depends on scopes alone.
func TestFilter_agreesWithAllows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := Grant{Scopes: drawScopes(t, "scopes", levels...), Supervisor: rapid.Bool().Draw(t, "supervisor")}
		if rapid.Bool().Draw(t, "context") {
			g.Patient = fhir.Ref{Type: "Patient", ID: "a"}
		}
		p := Permissions(rapid.IntRange(0, 31).Draw(t, "p"))
		r := rowGen().Draw(t, "row")
		if holds(g.Filter(p), r) && !g.Allows(p, r.Type) {
			t.Fatalf("%s of %v is shown but not allowed by %s", p, r, g.Scopes)
		}
		if g.Allows(p, r.Type) && !g.Allows(p, "") {
			t.Fatalf("%s of %s is allowed, of any type not", p, r.Type)
		}
	})
}

// A narrowed grant shows only what both the request and the ceiling show.
func TestG2_withinIsTheIntersection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asked, ceiling := drawScopes(t, "asked", levels...), drawScopes(t, "ceiling", levels...)
		r := rowGen().Draw(t, "row")
		level := rapid.SampledFrom([]Level{PatientLevel, UserLevel, SystemLevel}).Draw(t, "level")
		p := Permissions(1 << rapid.IntRange(0, 4).Draw(t, "bit"))
		shows := func(s Scopes) bool {
			g := Grant{Patient: fhir.Ref{Type: "Patient", ID: "a"}}
			for _, x := range s.Resources {
				if x.Level == level {
					g.Scopes.Resources = append(g.Scopes.Resources, x)
				}
			}
			return holds(g.Filter(p), r)
		}
		granted := asked.Within(ceiling)
		if got, want := shows(granted), shows(asked) && shows(ceiling); got != want {
			t.Fatalf("%s within %s is %s: %s of %v at %s is %v, want %v", asked, ceiling, granted, p, r, level, got, want)
		}
		if again := granted.Within(ceiling); shows(again) != shows(granted) {
			t.Fatalf("%s within %s: narrowed twice is %s", asked, ceiling, again)
		}
	})
}

func TestWithin_keepsTheNotationThatWasAsked(t *testing.T) {
	for _, c := range []struct{ asked, ceiling, want string }{
		{"system/Observation.read", "system/*.cruds", "system/Observation.read"},
		{"system/*.read", "system/*.read", "system/*.read"},
		{"system/*.cruds", "system/Observation.rs system/Patient.r", "system/Observation.rs system/Patient.r"},
		{"system/Observation.write", "system/Observation.c", "system/Observation.c"},
		{"system/Observation.rs", "system/Observation.rs?category=lab", "system/Observation.rs?category=lab"},
		{"system/Observation.rs?code=1", "system/Observation.rs?category=lab", "system/Observation.rs?code=1&category=lab"},
		{"system/Observation.rs", "user/Observation.rs", ""},
		{"openid offline_access", "openid", "openid"},
	} {
		if got := mustParse(t, c.asked).Within(mustParse(t, c.ceiling)).String(); got != c.want {
			t.Errorf("%s within %s is %q, want %q", c.asked, c.ceiling, got, c.want)
		}
	}
}
