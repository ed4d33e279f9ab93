package main

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sluis/cmd/sluis/demodata"
	"sluis/internal/shared"
)

// town is a configuration with the custodians of demodata and the hospital's
// feed; its labels go on what the feed delivers.
const town = `
home: practice
custodians:
  - {id: hospital, name: Hospital}
  - {id: practice, name: Practice}
feeds:
  - name: hospital-epd
    kind: mllp
    listen: 127.0.0.1:0
    custodian: hospital
    application: EPD
    facility: ZIEKENHUIS
    message_types: [ADT^A01, ADT^A08, ORU^R01]
    charset: 8859/1
    assigners: {ZHS: "https://ziekenhuis.example/mrn", NLMINBIZA: "http://fhir.nl/fhir/NamingSystem/bsn"}
    labels: ["http://terminology.hl7.org/CodeSystem/v3-ActCode|STD"]
`

// mixed makes a folder of everything that can be imported: Synthea's
// organisations with the Bundles of three patients who tell less of some of
// them, demodata's NDJSON with messages about other patients, a collection, and
// a line that is told twice.
func mixed(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	picked := 0
	for name, body := range unpacked(t, shared.Path(t, bundles80)) {
		if directory := strings.HasPrefix(name, "hospital"); directory || len(body) < 1<<20 && picked < 3 {
			write(t, filepath.Join(dir, name), string(body))
			if !directory {
				picked++
			}
		}
	}
	const listed, sent = 4, 7
	if err := demodata.Make(3, listed).WriteNDJSON(dir); err != nil {
		t.Fatal(err)
	}
	var messages bytes.Buffer
	d := demodata.Make(3, sent)
	for i := listed; i < sent; i++ {
		messages.Write(d.Message(d.Patient(i), demodata.Admission, demodata.UTF8))
	}
	write(t, filepath.Join(dir, "epd.hl7"), messages.String())
	write(t, filepath.Join(dir, "collection.json"), collection)
	write(t, filepath.Join(dir, "twice.ndjson"), `{"resourceType":"Patient","id":"twice","gender":"male"}
{"resourceType":"Patient","id":"twice","gender":"female"}`)
	return dir
}

// collection is a Bundle whose entries refer to each other in every way that an
// import understands; the number of the DocumentReference is its own fullUrl.
const collection = `{"resourceType":"Bundle","type":"collection","entry":[
 {"fullUrl":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0001","resource":{"resourceType":"Patient","managingOrganization":{"reference":"Organization/hospital"}}},
 {"fullUrl":"https://epd.example/Encounter/e1","resource":{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"AMB"},
  "subject":{"reference":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0001"}}},
 {"fullUrl":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0003","resource":{"resourceType":"DocumentReference","status":"current",
  "masterIdentifier":{"system":"urn:ietf:rfc:3986","value":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0003"},
  "subject":{"reference":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0001"},
  "content":[{"attachment":{"contentType":"text/plain","url":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0004"}}],
  "context":{"encounter":[{"reference":"Encounter/e1"}],"related":[{"reference":"https://epd.example/Encounter/e1"}]}}},
 {"fullUrl":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0004","resource":{"resourceType":"Binary","contentType":"text/plain",
  "securityContext":{"reference":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0001"},"data":"aGVsbG8="}}
]}`

// TestImport_TwiceChangesNothing: a second run finds everything under the same
// ids and writes nothing: no resource, no version. Another custodian, and
// another secret, give other ids.
func TestImport_TwiceChangesNothing(t *testing.T) {
	dir := mixed(t)
	everywhere(t, town, func(t *testing.T, s site) {
		s.imports("hospital", dir).expect(t, 0)
		v := s.visit("hospital")
		first := v.everything()
		if len(first) < 500 {
			t.Fatalf("%d resources were imported", len(first))
		}
		s.imports("hospital", dir).expect(t, 0).says(t, " 0 created        0 updated")
		if second := v.everything(); !maps.EqualFunc(first, second, bytes.Equal) {
			t.Errorf("the second run changed something: %d resources before, %d after%s", len(first), len(second), difference(first, second))
		}
		s.verified()

		s.imports("practice", dir+"/twice.ndjson").expect(t, 0)
		id := v.app.gate.ImportID("hospital", "Patient", "Patient/twice")
		if _, found := first["Patient/"+id]; !found {
			t.Errorf("Patient/twice is not Patient/%s", id)
		}
		if v := s.visit("practice"); v.count("Patient?_summary=count") != "1" || v.has("Patient/"+id) {
			t.Error("another custodian's Patient/twice has the same id")
		}
		if other := newSite(t, town, "").visit("hospital"); other.app.gate.ImportID("hospital", "Patient", "Patient/twice") == id {
			t.Error("another secret gives the same id")
		}
	})
}

// difference shows one resource that is not in both.
func difference(a, b shelf) string {
	for ref := range b {
		if !bytes.Equal(a[ref], b[ref]) {
			return fmt.Sprintf("\n%s\n%s", a[ref], b[ref])
		}
	}
	return ""
}

// TestImport_FirstOfAName: what is told of one resource twice, and differently,
// is stored once, as it was told first, and said.
func TestImport_FirstOfAName(t *testing.T) {
	s := newSite(t, home, "")
	file := write(t, t.TempDir()+"/twice.ndjson", `{"resourceType":"Patient","id":"a","gender":"male"}
{"resourceType":"Patient","id":"b","gender":"male"}
{"resourceType":"Patient","id":"a","gender":"female"}
{"resourceType":"Patient","id":"b","gender":"male"}`)
	s.imports("home", file).expect(t, 0).says(t, "left out "+file+":3: Patient/a", "2 met before in this run, 1 of them with another content")
	v := s.visit("home")
	if men, women := v.count("Patient?gender=male&_summary=count"), v.count("Patient?gender=female&_summary=count"); men != "2" || women != "0" {
		t.Errorf("%s men and %s women, want 2 and 0", men, women)
	}
	write(t, file, `{"resourceType":"Patient","id":"a","gender":"female"}`) // a later run brings it up to date
	s.imports("home", file).expect(t, 0).says(t, "0 created        1 updated")
	if got := v.get("/Patient/"+v.app.gate.ImportID("home", "Patient", "Patient/a")).Root().At("meta", "versionId").Text(); got != "2" {
		t.Errorf("version %s, want 2", got)
	}
}

// TestImport_NDJSON: ids are remapped over files, whatever their order, so that
// every reference leads to its resource, and each patient's data are theirs.
func TestImport_NDJSON(t *testing.T) {
	archive := shared.Path(t, lines20)
	src := lineSource(t, unpacked(t, archive))
	s := newSite(t, home, "")
	s.imports("home", archive).expect(t, 0)
	v := s.visit("home")
	stored := v.everything()
	stored.holds(t, v, src, 1)
	stored.linked(t)
	total := 0
	for key, told := range src {
		if !strings.HasPrefix(key, "Patient ") {
			continue
		}
		known := header(t, told[0]).ID
		want := 0
		for other, body := range src {
			if strings.HasPrefix(other, "Observation ") && bytes.Contains(body[0], []byte(`"Patient/`+known+`"`)) {
				want++
			}
		}
		id := v.app.gate.ImportID("home", "Patient", "Patient/"+known)
		if got := v.count("Observation?subject=Patient/" + id + "&_summary=count"); got != strconv.Itoa(want) {
			t.Errorf("%s has %s observations, want %d", known, got, want)
		}
		total += want
	}
	if total != src.perType()["Observation"] {
		t.Errorf("%d observations have a patient, of %d", total, src.perType()["Observation"])
	}
}

// TestImport_Demodata: the records of both custodians, each of its own.
func TestImport_Demodata(t *testing.T) {
	dir := t.TempDir()
	d := demodata.Make(5, 6)
	if err := d.WriteNDJSON(dir); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, town, "")
	for _, custodian := range []string{"hospital", "practice"} {
		src := lineSource(t, folder(t, filepath.Join(dir, custodian)))
		s.imports(custodian, filepath.Join(dir, custodian)).expect(t, 0)
		v := s.visit(custodian)
		for kind, n := range src.perType() {
			id := 0
			for key := range src {
				kindOf, known, _ := strings.Cut(key, " ")
				if kindOf == kind && v.has(kind+"/"+v.app.gate.ImportID(custodian, kind, known)) {
					id++
				}
			}
			if id != n {
				t.Errorf("%s: %d of %d %s", custodian, id, n, kind)
			}
		}
	}
}

// TestImport_KeepIDs: into an empty store, ids and references stay as they are.
func TestImport_KeepIDs(t *testing.T) {
	dir := t.TempDir()
	if err := demodata.Make(5, 3).WriteNDJSON(dir); err != nil {
		t.Fatal(err)
	}
	lines := filepath.Join(dir, "hospital")
	s := newSite(t, town, "")
	s.imports("hospital", "--keep-ids", lines).expect(t, 0)
	stored := s.visit("hospital").everything()
	for key := range lineSource(t, folder(t, lines)) {
		if _, known, _ := strings.Cut(key, " "); stored[known] == nil {
			t.Errorf("%s is missing", known)
		}
	}
	stored.linked(t)
	s.imports("hospital", "--keep-ids", lines).expect(t, 0).says(t, " 0 created        0 updated")
}

// TestImport_KeepIDsOfBundles: an entry is known by more than its id, which an
// import then resolves; without an id there is nothing to keep.
func TestImport_KeepIDsOfBundles(t *testing.T) {
	s := newSite(t, home, "")
	file := write(t, t.TempDir()+"/bundle.json", `{"resourceType":"Bundle","type":"collection","entry":[
 {"fullUrl":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0001","resource":{"resourceType":"Patient","id":"kept"}},
 {"fullUrl":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0002","resource":{"resourceType":"Encounter","id":"visit","status":"finished","class":{"code":"AMB"},
  "subject":{"reference":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0001"}}}]}`)
	s.imports("home", "--keep-ids", file).expect(t, 0)
	if got := s.visit("home").get("/Encounter/visit").Root().At("subject", "reference").Text(); got != "Patient/kept" {
		t.Errorf("the subject is %q", got)
	}
	file = write(t, t.TempDir()+"/collection.json", collection)
	s.imports("home", "--keep-ids", file).expect(t, 1).says(t, "rejected "+file+":1: Bundle.entry[0]: the resource has no id to keep")
	odd := write(t, t.TempDir()+"/odd.ndjson", `{"resourceType":"Patient","id":"a\"b"}`)
	s.imports("home", "--keep-ids", odd).expect(t, 1).says(t, "rejected "+odd+":1: Patient.id: not an id")
}

// TestImport_Collection: entries are stored each under an id of its own, and
// what names another by fullUrl or Type/id names it afterwards; a number stays.
func TestImport_Collection(t *testing.T) {
	s := newSite(t, town, "")
	s.imports("hospital", write(t, t.TempDir()+"/collection.json", collection)).expect(t, 0).says(t, " 4 created")
	v := s.visit("hospital")
	ours := func(kind, known string) string { return kind + "/" + v.app.gate.ImportID("hospital", kind, known) }
	patient, visit := ours("Patient", "urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0001"), ours("Encounter", "Encounter/e1")
	document := v.get("/" + ours("DocumentReference", "urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0003")).Root()
	for _, tt := range []struct{ what, got, want string }{
		{"custodian's Organization", v.get("/"+patient).Root().At("managingOrganization", "reference").Text(), "Organization/hospital"},
		{"subject of the visit", v.get("/"+visit).Root().At("subject", "reference").Text(), patient},
		{"subject by fullUrl", document.At("subject", "reference").Text(), patient},
		{"number", document.At("masterIdentifier", "value").Text(), "urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0003"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s is %q, want %q", tt.what, tt.got, tt.want)
		}
	}
	for _, want := range []string{
		`"encounter":[{"reference":"` + visit + `"}]`, `"related":[{"reference":"` + visit + `"}]`,
		`"url":"` + ours("Binary", "urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0004") + `"`,
	} {
		if !bytes.Contains(document.Raw(), []byte(want)) {
			t.Errorf("the document lacks %s:\n%s", want, document.Raw())
		}
	}
}

// TestImport_Messages: messages of a configured sender are taken in as by its
// feed, labels and character set included, once; a message at fault costs itself.
func TestImport_Messages(t *testing.T) {
	d := demodata.Make(7, 3)
	var file bytes.Buffer
	for p := range d.Patients() {
		for _, event := range []demodata.Event{demodata.Admission, demodata.Results} {
			file.Write(d.Message(p, event, demodata.Latin1))
		}
	}
	good := strings.Replace(file.String(), "|8859/1\r", "|\r", 1) // the feed's configuration knows
	s := newSite(t, town, "")
	dir := t.TempDir()
	write(t, dir+"/good.hl7", good)
	s.imports("hospital", dir).expect(t, 0).says(t, "6 taken in, 0 of them delivered before")
	s.imports("hospital", dir).expect(t, 0).says(t, "6 taken in, 6 of them delivered before")
	v := s.visit("hospital")
	if got := v.count("Patient?_summary=count"); got != "3" {
		t.Errorf("%s patients, want 3", got)
	}
	const std = "_security=http://terminology.hl7.org/CodeSystem/v3-ActCode|STD"
	if all, labelled := v.count("Observation?_summary=count"), v.count("Observation?_summary=count&"+std); all == "0" || all != labelled {
		t.Errorf("%s of %s observations have the feed's label", labelled, all)
	}

	bad := strings.Replace(strings.Replace(good, "||ADT^A01", "||ADT^A02", 1), "MSH|^~\\&|EPD|", "MSH|^~\\&|OTHER|", 2)
	write(t, dir+"/good.hl7", strings.Replace(bad, "MSH|^~\\&|OTHER|", "MSH|^~\\&|EPD|", 1))
	s.imports("hospital", dir).expect(t, 1).says(t, "rejected "+dir+"/good.hl7:1: ", "no feed of this custodian is configured", " 4 taken in, 4 of them delivered before")
	s.imports("practice", dir).expect(t, 1).says(t, "6 rejected")
}

// TestImport_ABadLineCostsThatLine: everything wrong is named with its file and
// line, and the rest is stored.
func TestImport_ABadLineCostsThatLine(t *testing.T) {
	var good strings.Builder
	for i := range 700 { // more than one transaction
		fmt.Fprintf(&good, `{"resourceType":"Patient","id":"p%d"}`+"\n", i)
	}
	dir := t.TempDir()
	write(t, dir+"/Patient.ndjson", good.String()+`{"resourceType":"Patient","id":"bad1","birthDate":"yesterday","gender":"robot","nme":[]}
{"resourceType":"Patient","id":"bad2"
{"resourceType":"Patient","id":"last"}
{"resourceType":"Patient"}
{"resourceType":"Patiënt","id":"bad3"}`)
	write(t, dir+"/Observation.ndjson", `{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p1"}}
{"resourceType":"Observation","id":"o2","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/bad1"}}
{"resourceType":"Observation","id":"o3","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0001"}}
{"resourceType":"Observation","id":"o4","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/last"}}`)
	bundle := write(t, dir+"/bundle.json", `{"resourceType":"Bundle","type":"transaction","entry":[
 {"fullUrl":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0001","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
 {"fullUrl":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0002","resource":{"resourceType":"Observation","subject":{"reference":"urn:uuid:6c6c7cc6-1b0c-4b0e-9a58-2d8e3f1a0001"}},"request":{"method":"POST","url":"Observation"}}]}`)
	everywhere(t, home, func(t *testing.T, s site) {
		out := s.imports("home", dir).expect(t, 1)
		patients, observations := dir+"/Patient.ndjson", dir+"/Observation.ndjson"
		for _, at := range []string{
			patients + ":701: Patient.birthDate: ", patients + ":701: Patient.gender: ", patients + ":701: Patient.nme: ",
			patients + ":702: ", patients + ":704: ", patients + ":705: ",
			observations + ":2: ", observations + ":3: ",
			bundle + ":1: Bundle.entry[1].resource/Observation.status: ", bundle + ":1: Bundle.entry[1].resource/Observation.code: ",
		} {
			out.says(t, "rejected "+at)
		}
		out.says(t, "sluis: 7 rejected")
		v := s.visit("home")
		if p, o := v.count("Patient?_summary=count"), v.count("Observation?_summary=count"); p != "701" || o != "2" {
			t.Errorf("%s patients and %s observations, want 701 and 2", p, o)
		}
		s.verified()
	})
}
