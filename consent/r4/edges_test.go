package r4_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"sluis/consent/r4"
	"sluis/fhir"
)

func derive(t *testing.T, body string) r4.Policy {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return r4.Derive(doc)
}

func ref(s string) fhir.Ref {
	r, ok := fhir.ParseRef(s)
	if !ok {
		return fhir.Ref{Type: s} // the resource itself
	}
	return r
}

// day is a midnight of Amsterdam in winter.
func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d-1, 23, 0, 0, 0, time.UTC) }

func TestL4_RelationsOfACareTeam(t *testing.T) {
	const team = `{"resourceType":"CareTeam","status":%q,"subject":{"reference":"Patient/a"},"period":{"start":"2025-01-01","end":"2025-12-31"},"participant":[
		{"member":{"reference":"Practitioner/p"},"period":{"start":"2025-02-01"}},
		{"member":{"reference":"PractitionerRole/r"},"period":{"end":"2025-01-31"}},
		{"member":{"reference":"Organization/o"}},
		{"member":{"reference":"Practitioner/too-late"},"period":{"start":"2026-01-01"}},
		{"member":{"reference":"Practitioner/unknown-time"},"period":{"_end":{"extension":[{"url":"http://x","valueString":"y"}]}}},
		{"member":{"reference":"Patient/a"}},
		{"member":{"display":"a neighbour"}}]}`
	for _, status := range []string{"proposed", "suspended", "inactive", "entered-in-error"} {
		if p := derive(t, fmt.Sprintf(team, status)); len(p.Relations)+len(p.Members) > 0 {
			t.Errorf("%s: %+v", status, p)
		}
	}
	start, end := day(2025, 1, 1), day(2026, 1, 1).Add(-time.Microsecond)
	want := []r4.Relation{
		{Party: ref("Practitioner/p"), Period: r4.Period{Start: day(2025, 2, 1), End: end}},
		{Party: ref("PractitionerRole/r"), Period: r4.Period{Start: start, End: day(2025, 2, 1).Add(-time.Microsecond)}},
		{Party: ref("Organization/o"), Period: r4.Period{Start: start, End: end}},
	}
	got := derive(t, fmt.Sprintf(team, "active"))
	if len(got.Relations) != len(want) {
		t.Fatalf("%+v", got.Relations)
	}
	for i, w := range want {
		if g := got.Relations[i]; g.Party != w.Party || !g.Start.Equal(w.Start) || !g.End.Equal(w.End) {
			t.Errorf("%+v\nwant %+v", g, w)
		}
		if m := got.Members[i]; m.Member != w.Party || m.Of != ref("CareTeam") || !m.End.Equal(w.End) {
			t.Errorf("member %+v", m)
		}
	}
}

func TestL4_RelationsOfAnEpisode(t *testing.T) {
	const episode = `{"resourceType":"EpisodeOfCare","status":%q,"patient":{"reference":"Patient/a"},"period":{"start":"2025-01-01"},
		"careManager":{"reference":"Practitioner/p"},"managingOrganization":{"reference":"Organization/o"},"team":[{"reference":"CareTeam/t"},{"reference":"CareTeam/t/_history/3"}]}`
	for _, status := range []string{"planned", "waitlist", "onhold", "finished", "cancelled", "entered-in-error"} {
		if p := derive(t, fmt.Sprintf(episode, status)); len(p.Relations) > 0 {
			t.Errorf("%s: %+v", status, p)
		}
	}
	var got []fhir.Ref
	for _, r := range derive(t, fmt.Sprintf(episode, "active")).Relations {
		if got = append(got, r.Party); !r.Start.Equal(day(2025, 1, 1)) || !r.End.IsZero() {
			t.Errorf("%+v", r)
		}
	}
	if want := []fhir.Ref{ref("Practitioner/p"), ref("Organization/o"), ref("CareTeam/t"), ref("CareTeam/t")}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestMembers(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want [][2]string
	}{
		"a role": {`{"resourceType":"PractitionerRole","active":true,"practitioner":{"reference":"Practitioner/p"},"organization":{"reference":"Organization/o"}}`,
			[][2]string{{"Practitioner/p", "PractitionerRole"}, {"PractitionerRole", "Organization/o"}}},
		"a role without a practitioner": {`{"resourceType":"PractitionerRole","organization":{"reference":"Organization/o"}}`, [][2]string{{"PractitionerRole", "Organization/o"}}},
		"a role given up":               {`{"resourceType":"PractitionerRole","active":false,"practitioner":{"reference":"Practitioner/p"}}`, nil},
		"a department":                  {`{"resourceType":"Organization","partOf":{"reference":"Organization/o"}}`, [][2]string{{"Organization", "Organization/o"}}},
		"an organization":               {`{"resourceType":"Organization","name":"o"}`, nil},
		"a closed department":           {`{"resourceType":"Organization","active":false,"partOf":{"reference":"Organization/o"}}`, nil},
		"S3: a group": {`{"resourceType":"Group","type":"practitioner","actual":true,"member":[{"entity":{"reference":"Practitioner/p"}},{"entity":{"reference":"Practitioner/gone"},"inactive":true}]}`,
			[][2]string{{"Practitioner/p", "Group"}}},
		"a definition of a group": {`{"resourceType":"Group","type":"practitioner","actual":false,"member":[{"entity":{"reference":"Practitioner/p"}}]}`, nil},
		"anything else":           {`{"resourceType":"Observation","performer":[{"reference":"Practitioner/p"}]}`, nil},
	} {
		var got [][2]string
		for _, m := range derive(t, c.body).Members {
			show := func(r fhir.Ref) string {
				if r.ID == "" {
					return r.Type
				}
				return r.String()
			}
			got = append(got, [2]string{show(m.Member), show(m.Of)})
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestRepresentation(t *testing.T) {
	p := derive(t, `{"resourceType":"RelatedPerson","patient":{"reference":"Patient/a"},"period":{"start":"2025-01-01","end":"2025-01-31"}}`)
	if p.Represents == nil || !p.Represents.Start.Equal(day(2025, 1, 1)) || !p.Represents.End.Equal(day(2025, 2, 1).Add(-time.Microsecond)) {
		t.Errorf("%+v", p.Represents)
	}
	for _, body := range []string{
		`{"resourceType":"RelatedPerson","active":false,"patient":{"reference":"Patient/a"}}`,
		`{"resourceType":"RelatedPerson","patient":{"display":"somebody"}}`,
		`{"resourceType":"RelatedPerson","patient":{"reference":"Patient/a"},"period":{"end":"whenever"}}`,
	} {
		if p := derive(t, body); p.Represents != nil {
			t.Errorf("%s: %+v", body, p.Represents)
		}
	}
}

func TestIdentities(t *testing.T) {
	got := derive(t, `{"resourceType":"Patient","identifier":[
		{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999911120"},
		{"system":"urn:oid:2.16.840.1.113883.2.4.6.3","value":"999911120"},
		{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999911121"},
		{"use":"old","system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"123456782"},
		{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"123456782","period":{"end":"2020"}},
		{"system":"https://hospital.example/mrn","value":"7"},
		{"value":"7"}]}`).Identities
	want := []r4.Identity{{System: r4.BSN, Value: "999911120"}, {System: "https://hospital.example/mrn", Value: "7"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestValidBSN(t *testing.T) {
	for s, want := range map[string]bool{
		"999911120": true, "123456782": true, "111222333": true,
		"999911121": false, "000000000": false, "99991112": false, "9999111200": false, "99991112O": false, "": false, "999****20": false,
	} {
		if r4.ValidBSN(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

func ExampleDerive() {
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"PractitionerRole","practitioner":{"reference":"Practitioner/p"},"organization":{"reference":"Organization/o"}}`))
	if err != nil {
		panic(err)
	}
	for _, m := range r4.Derive(doc).Members {
		fmt.Printf("%q belongs to %q\n", m.Member, m.Of) // an id "" is the role itself
	}
	// Output:
	// "Practitioner/p" belongs to "PractitionerRole/"
	// "PractitionerRole/" belongs to "Organization/o"
}
