package gate

import (
	"strings"
	"testing"
	"time"

	"sluis/consent/label"
	"sluis/fhir"
	"sluis/smart"
	"sluis/storage"
)

// relink is linked as bytes.
func relink(body []byte, links Links) ([]byte, error) {
	if len(body) == 0 {
		return nil, nil
	}
	doc, err := linked(body, links)
	if err != nil {
		return nil, err
	}
	return doc.Body(), nil
}

const (
	patientURN = "urn:uuid:0b1d5f2a-7b1c-4a7e-9a51-000000000001"
	noteURN    = "urn:uuid:0b1d5f2a-7b1c-4a7e-9a51-000000000002"
	remote     = "https://other.example/fhir/"
)

// entriesOf are the entries that the bodies below refer to.
func entriesOf(t *testing.T) naming {
	t.Helper()
	names := naming{map[string]entryName{}}
	for _, e := range []BundleEntry{
		{FullURL: patientURN, Interaction: fhir.Interaction{Kind: fhir.Create, Type: "Patient"}},
		{FullURL: remote + "Patient/7", Interaction: fhir.Interaction{Kind: fhir.Create, Type: "Patient"}},
		{FullURL: remote + "Patient/8", Interaction: fhir.Interaction{Kind: fhir.Update, Type: "Patient", ID: "8"}},
		{FullURL: noteURN, Interaction: fhir.Interaction{Kind: fhir.Create, Type: "Binary", IfNoneExist: "_id=x"}},
	} {
		if err := names.name(e, "new"+e.FullURL[len(e.FullURL)-1:]); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// TestLinks_AreReplacedWhereR4SaysSo is http.html#trules: references, uri, url,
// oid, uuid and narrative; not canonical, nor what only looks like a link.
func TestLinks_AreReplacedWhereR4SaysSo(t *testing.T) {
	names := entriesOf(t)
	for name, tt := range map[string]struct{ body, want string }{
		"a reference":               {`{"resourceType":"Observation","subject":{"reference":"` + patientURN + `"}}`, `{"resourceType":"Observation","subject":{"reference":"Patient/new1"}}`},
		"a version of it":           {`{"resourceType":"Observation","subject":{"reference":"` + patientURN + `/_history/5"}}`, `{"resourceType":"Observation","subject":{"reference":"Patient/new1/_history/1"}}`},
		"relative to the fullUrl":   {`{"resourceType":"Observation","subject":{"reference":"Patient/7"}}`, `{"resourceType":"Observation","subject":{"reference":"Patient/new7"}}`},
		"absolute":                  {`{"resourceType":"Observation","subject":{"reference":"` + remote + `Patient/7"}}`, `{"resourceType":"Observation","subject":{"reference":"Patient/new7"}}`},
		"elsewhere":                 {`{"resourceType":"Observation","subject":{"reference":"Patient/9"}}`, ``},
		"an attachment":             {`{"resourceType":"Patient","photo":[{"url":"` + noteURN + `"}]}`, `{"resourceType":"Patient","photo":[{"url":"Binary/new2"}]}`},
		"a uri in an extension":     {`{"resourceType":"Patient","extension":[{"url":"http://x","valueUri":"` + patientURN + `"}]}`, `{"resourceType":"Patient","extension":[{"url":"http://x","valueUri":"Patient/new1"}]}`},
		"a uuid in an extension":    {`{"resourceType":"Patient","extension":[{"url":"http://x","valueUuid":"` + patientURN + `"}]}`, `{"resourceType":"Patient","extension":[{"url":"http://x","valueUuid":"Patient/new1"}]}`},
		"a source":                  {`{"resourceType":"Patient","meta":{"source":"` + patientURN + `"}}`, `{"resourceType":"Patient","meta":{"source":"Patient/new1"}}`},
		"no canonical":              {`{"resourceType":"Patient","meta":{"profile":["` + patientURN + `"]},"extension":[{"url":"http://x","valueCanonical":"` + patientURN + `"}]}`, ``},
		"no identifier":             {`{"resourceType":"Patient","identifier":[{"system":"urn:ietf:rfc:3986","value":"` + patientURN + `"}]}`, ``},
		"no text":                   {`{"resourceType":"Patient","name":[{"text":"` + patientURN + `"}]}`, ``},
		"narrative":                 {`{"resourceType":"Patient","text":{"status":"generated","div":"<div>é <a class=\"x\" href=\"` + patientURN + `\">\u00e9</a><img src='` + noteURN + `' alt=\"` + noteURN + `\"/></div>"}}`, `{"resourceType":"Patient","text":{"status":"generated","div":"<div>é <a class=\"x\" href=\"Patient/new1\">é</a><img src='Binary/new2' alt=\"` + noteURN + `\"/></div>"}}`},
		"narrative without a link":  {`{"resourceType":"Patient","text":{"status":"generated","div":"<div>\u00e9 <a href=\"#x\">x</a></div>"}}`, ``},
		"within what is contained":  {`{"resourceType":"Patient","contained":[{"resourceType":"Observation","subject":{"reference":"` + patientURN + `"}}]}`, `{"resourceType":"Patient","contained":[{"resourceType":"Observation","subject":{"reference":"Patient/new1"}}]}`},
		"the rest as it was, 7.10 ": {`{"resourceType":"Observation", "valueQuantity" : {"value":7.10},"subject":{"reference":"` + patientURN + `"} }`, `{"resourceType":"Observation", "valueQuantity" : {"value":7.10},"subject":{"reference":"Patient/new1"} }`},
	} {
		t.Run(name, func(t *testing.T) {
			from := names.from(BundleEntry{FullURL: remote + "Observation/1"})
			got, err := relink([]byte(tt.body), from)
			if tt.want == "" {
				tt.want = tt.body
			}
			if err != nil || string(got) != tt.want {
				t.Errorf("%v\n got %s\nwant %s", err, got, tt.want)
			}
		})
	}
}

func TestLinks_Refused(t *testing.T) {
	names := entriesOf(t)
	for name, reference := range map[string]string{
		"an entry that is not there":                  "urn:uuid:0b1d5f2a-7b1c-4a7e-9a51-00000000000f",
		"a version of what may be there already":      noteURN + "/_history/1",
		"a version that the update has yet to become": remote + "Patient/8/_history/1",
	} {
		if _, err := relink([]byte(`{"resourceType":"Observation","subject":{"reference":"`+reference+`"}}`), names.from(BundleEntry{})); fhir.KindOf(err) != fhir.Invalid || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEntry_FullURL is what R4 says of a fullUrl (bundle.html#resource, bdl-8).
func TestEntry_FullURL(t *testing.T) {
	for entry, ok := range map[string]bool{
		`{"fullUrl":"` + patientURN + `","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}`:                 true,
		`{"fullUrl":"` + remote + `Patient/7","resource":{"resourceType":"Patient","id":"7"},"request":{"method":"PUT","url":"Patient/7"}}`:  true,
		`{"fullUrl":"` + remote + `Patient/7","resource":{"resourceType":"Patient","id":"8"},"request":{"method":"POST","url":"Patient"}}`:   true, // the id means nothing
		`{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}`:                                                true,
		`{"fullUrl":"Patient/7","resource":{"resourceType":"Patient","id":"7"},"request":{"method":"PUT","url":"Patient/7"}}`:                false,
		`{"fullUrl":"` + remote + `Patient/8","resource":{"resourceType":"Patient","id":"7"},"request":{"method":"PUT","url":"Patient/7"}}`:  false,
		`{"fullUrl":"` + remote + `Patient/7/_history/1","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}`: false,
		`{"resource":{"resourceType":"Patient"}}`: false,
		`{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifMatch":"W/\"1\""}}`:                        false,
		`{"request":{"method":"GET","url":"Patient/7","ifNoneExist":"identifier=x"}}`:                                                    false,
		`{"request":{"method":"DELETE","url":"Patient/7","ifModifiedSince":"2020-01-01T00:00:00Z"}}`:                                     false,
		`{"request":{"method":"GET","url":"Patient/7","ifModifiedSince":"yesterday"}}`:                                                   false,
		`{"request":{"method":"HEAD","url":"Patient/7","ifNoneMatch":"W/\"x\""}}`:                                                        true,
		`{"resource":{"resourceType":"Binary","contentType":"text/plain","data":"W10="},"request":{"method":"PATCH","url":"Patient/7"}}`: false,
		`{"resource":{"resourceType":"Patient"},"request":{"method":"PATCH","url":"Patient/7"}}`:                                         false,
	} {
		if _, err := ParseBundle([]byte(`{"resourceType":"Bundle","type":"transaction","entry":[` + entry + `]}`)); (err == nil) != ok {
			t.Errorf("%s: %v", entry, err)
		}
	}
}

// FuzzBundle reads any body as a Bundle and plans what it can: what is refused
// is refused as the client's fault, and every body planned has no name left that
// only this Bundle knows.
func FuzzBundle(f *testing.F) {
	for _, s := range []string{
		`{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"` + patientURN + `","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=a|b"}},{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"` + patientURN + `"},"performer":[{"reference":"Practitioner?identifier=x|1"}]},"request":{"method":"POST","url":"Observation"}}]}`,
		`{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient/1/_history?_count=2","ifNoneMatch":"W/\"1\""}},{"resource":{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient.name[0]"}]}]},"request":{"method":"PATCH","url":"Patient?identifier=x"}}]}`,
		`{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"` + remote + `Patient/7","resource":{"resourceType":"Patient","link":[{"other":{"reference":"Patient/7/_history/2"},"type":"refer"}]},"request":{"method":"POST","url":"Patient"}},{"request":{"method":"DELETE","url":"Patient/8"}}]}`,
	} {
		f.Add([]byte(s))
	}
	g, c := planner(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := ParseBundle(body)
		if err == nil {
			var planned transaction
			planned, err = g.planAll(c, b.Entries)
			for _, w := range planned.writes {
				if w.prepared.body.Size() > 0 && strings.Contains(string(w.prepared.body.Stamp("x", 1, g.at())), `"reference":"urn:uuid:`) {
					t.Fatalf("a name of the Bundle is left in %s", body)
				}
			}
		}
		if kind := fhir.KindOf(err); err != nil && (kind == fhir.Internal || kind == fhir.Unavailable) {
			t.Fatalf("%s: %v", body, err)
		}
	})
}

// planner is a gate that can plan and nothing else, and a custodian's backend.
func planner(t testing.TB) (*Gate, Caller) {
	t.Helper()
	labels, err := label.Reviewed()
	if err != nil {
		t.Fatal(err)
	}
	scopes, err := smart.ParseScopes("system/*.cruds")
	if err != nil {
		t.Fatal(err)
	}
	g := New(Config{
		Store: struct{ storage.Store }{}, Log: struct{ storage.Log }{}, Quarantine: struct{ storage.Quarantine }{},
		Labels: labels, Home: "home", Now: func() time.Time { return time.Unix(0, 0) },
	})
	return g, Caller{Grant: smart.Grant{Client: "test", Organization: "home", Scopes: scopes}}
}
