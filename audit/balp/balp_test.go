package balp_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"

	"sluis/audit"
	"sluis/audit/balp"
	"sluis/fhir"
	"sluis/internal/shared"
)

var view = balp.View{Server: "sluis.example.org", Base: "https://sluis.example.org/fhir"}

var recorded = time.Date(2026, 3, 4, 5, 6, 7, 89_000_000, time.UTC)

func ref(t, id string) fhir.Ref { return fhir.Ref{Type: t, ID: id} }

// read is the read of one Observation by a practitioner of another custodian.
func read() audit.Record {
	return audit.Record{
		ID: "e1", Recorded: recorded, Action: "R", Subtype: "read", Patient: ref("Patient", "a"),
		Data: []fhir.Ref{{Type: "Observation", ID: "o1", Version: 3}}, Custodian: []string{"hospital"},
		Client: "gp-app", JTI: "token-1", User: ref("Practitioner", "gp"), Organization: "practice", Role: "01.015",
		Responsible: ref("Practitioner", "chief"), Purpose: []string{"TREAT"}, Network: "192.0.2.9", Request: "req-1",
		Policy: []string{"Consent/c1/_history/2"}, Authorised: true, Relation: true, Consent: true,
	}
}

func with(change func(*audit.Record)) audit.Record {
	r := read()
	change(&r)
	return r
}

// everyKind is a record of each row of BALP's table, by the profile it claims.
var everyKind = map[string]audit.Record{
	"PatientRead":   read(),
	"Read":          with(func(r *audit.Record) { r.Patient, r.Data = fhir.Ref{}, []fhir.Ref{ref("Organization", "x")} }),
	"PatientQuery":  with(query),
	"Query":         with(func(r *audit.Record) { query(r); r.Patient = fhir.Ref{} }),
	"PatientCreate": with(func(r *audit.Record) { r.Action, r.Subtype = "C", "create" }),
	"PatientUpdate": with(func(r *audit.Record) { r.Action, r.Subtype = "U", "update" }),
	"PatientDelete": with(func(r *audit.Record) { r.Action, r.Subtype = "D", "delete" }),

	"PrivacyDisclosure.Source": with(func(r *audit.Record) { r.Subtype = "disclose" }),
	"PrivacyDisclosure.Recipient": with(func(r *audit.Record) {
		r.Action, r.Subtype, r.Feed, r.User, r.Client = "C", "disclose", "adt", fhir.Ref{}, ""
	}),
}

func query(r *audit.Record) {
	r.Action, r.Subtype, r.Query = "E", "search", "GET /fhir/Observation?patient=a&x=<script>\xff"
	r.Data = []fhir.Ref{{Type: "Observation"}, {Type: "Patient"}}
}

// event is what the tests look at, read with encoding/json.
type event struct {
	Meta        struct{ Profile []string }
	Type        coded
	Subtype     []coded
	Action      string
	Recorded    string
	Outcome     string
	OutcomeDesc string
	Agent       []struct {
		Type      concept
		Role      []concept
		Who       who
		Requestor *bool
		Policy    []string
		Network   *struct{ Address, Type string }
	}
	Source struct{ Observer who }
	Entity []struct {
		What       *who
		Type, Role coded
		Query      []byte
	}
	Extension []struct {
		URL            string
		ValueBoolean   *bool
		ValueReference who
	}
}

type coded struct{ System, Code string }
type concept struct{ Coding []coded }
type who struct {
	Reference, Display, Type string
	Identifier               struct{ Value string }
}

func render(t *testing.T, r audit.Record, v balp.View) (event, []byte) {
	t.Helper()
	raw, err := balp.Render(r, v)
	if err != nil {
		t.Fatal(err)
	}
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	return e, raw
}

// valid fails when google/fhir does not take the resource as R4.
func valid(t *testing.T, raw []byte) {
	t.Helper()
	u, err := jsonformat.NewUnmarshaller("UTC", fhirversion.R4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Unmarshal(raw); err != nil {
		t.Errorf("not R4: %v\n%s", err, raw)
	}
}

func TestRenderIsValidR4(t *testing.T) {
	for name, r := range everyKind {
		for _, projected := range []bool{false, true} {
			for _, outcome := range []audit.Outcome{audit.Success, audit.Refused, audit.Denied, audit.Failed} {
				r.Outcome, r.Reason = outcome, "why"
				v := view
				v.Projected = projected
				_, raw := render(t, r, v)
				valid(t, raw)
				if t.Failed() {
					t.Fatalf("%s, outcome %d, projected %v", name, outcome, projected)
				}
			}
		}
	}
	bare := audit.Record{ID: "e", Recorded: recorded, Action: "E", Subtype: "capabilities"}
	_, raw := render(t, bare, balp.View{})
	valid(t, raw)
}

func TestRenderRefusesWhatHasNoCode(t *testing.T) {
	for _, r := range []audit.Record{with(func(r *audit.Record) { r.Action = "X" }), with(func(r *audit.Record) { r.Outcome = 3 })} {
		if raw, err := balp.Render(r, view); err == nil {
			t.Errorf("rendered %s", raw)
		}
	}
}

const profileBase = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."

func TestRenderClaimsTheProfileThatHolds(t *testing.T) {
	for want, r := range everyKind {
		e, _ := render(t, r, view)
		if !slices.Contains(e.Meta.Profile, profileBase+want) {
			t.Errorf("%s: claims %v", want, e.Meta.Profile)
		}
	}
	for name, r := range map[string]audit.Record{
		"denied":         with(func(r *audit.Record) { r.Outcome = audit.Denied }),
		"no address":     with(func(r *audit.Record) { r.Network = "" }),
		"history":        with(func(r *audit.Record) { r.Subtype, r.JTI = "history-type", "" }),
		"two resources":  with(func(r *audit.Record) { r.Data, r.JTI = append(r.Data, ref("Observation", "o2")), "" }),
		"another action": with(func(r *audit.Record) { r.Action, r.JTI = "E", "" }),
	} {
		if e, _ := render(t, r, view); len(e.Meta.Profile) > 0 {
			t.Errorf("%s: claims %v", name, e.Meta.Profile)
		}
	}
}

// The slices that each claimed profile fixes, counted on our events and, to
// prove the check itself, on IHE's own examples.
func conforms(profile string, e event) error {
	agents := func(system, code string) (n int) {
		for _, a := range e.Agent {
			for _, c := range a.Type.Coding {
				if c == (coded{system, code}) && (a.Network != nil || !strings.HasPrefix(code, "11")) {
					n++
				}
			}
		}
		return n
	}
	entities := func(system, code string) (n int) {
		for _, x := range e.Entity {
			if x.Type == (coded{system, code}) {
				n++
			}
		}
		return n
	}
	const dicom, kinds = "http://dicom.nema.org/resources/ontology/DCM", "http://terminology.hl7.org/CodeSystem/audit-entity-type"
	actions := map[string]string{"Read": "R", "Create": "C", "Update": "U", "Delete": "D", "Query": "E", "PrivacyDisclosure.Source": "R", "PrivacyDisclosure.Recipient": "C"}
	short := strings.TrimPrefix(profile, "Patient")
	client, server := agents(dicom, "110153"), agents(dicom, "110152")
	if short == "Delete" {
		client, server = agents(dicom, "110150"), agents("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "custodian")
	}
	switch {
	case profile == "OAUTHaccessTokenUse.Minimal":
		if agents("https://profiles.ihe.net/ITI/BALP/CodeSystem/UserAgentTypes", "UserOauthAgent") < 1 {
			return errors.New("no token")
		}
		return nil
	case e.Action != actions[short]:
		return fmt.Errorf("action %s", e.Action)
	case e.Outcome != "0":
		return fmt.Errorf("outcome %s", e.Outcome)
	case client != 1 || server != 1:
		return fmt.Errorf("%d clients, %d servers with a network", client, server)
	case strings.HasPrefix(profile, "P") && entities(kinds, "1") != 1:
		return errors.New("not one patient")
	case !strings.HasPrefix(short, "Privacy") && entities(kinds, "2") != 1:
		return fmt.Errorf("%d entities of type 2", entities(kinds, "2"))
	}
	return nil
}

func TestRenderFulfilsWhatItClaims(t *testing.T) {
	for name, r := range everyKind {
		e, raw := render(t, r, view)
		for _, p := range e.Meta.Profile {
			if err := conforms(strings.TrimPrefix(p, profileBase), e); err != nil {
				t.Errorf("%s claims %s: %v\n%s", name, p, err, raw)
			}
		}
	}
}

// IHE's examples pass the same check, so that it asks for what BALP asks.
func TestBALPExamplesPassTheSameCheck(t *testing.T) {
	seen := 0
	for name, raw := range examples(t) {
		var e event
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		for _, p := range e.Meta.Profile {
			p, ours := strings.CutPrefix(p, profileBase)
			if _, rendered := everyKind[p]; !ours || !rendered {
				continue
			}
			seen++
			if err := conforms(p, e); err != nil {
				t.Errorf("%s: %s: %v", name, p, err)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d examples were checked", seen)
	}
}

// examples are the AuditEvents of IHE's package by file name.
func examples(t *testing.T) map[string][]byte {
	t.Helper()
	f, err := os.Open(shared.Path(t, "ihe/ihe-balp-auditevent-json.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for files := tar.NewReader(zipped); ; {
		h, err := files.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(h.Name, "AuditEvent-ex-") {
			continue
		}
		if out[h.Name], err = io.ReadAll(files); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNEN7513Booleans(t *testing.T) {
	r := with(func(r *audit.Record) { r.Emergency, r.Consent = true, false })
	e, _ := render(t, r, view)
	want := map[string]bool{balp.ExtAuthorised: true, balp.ExtRelation: true, balp.ExtConsent: false, balp.ExtEmergency: true}
	for _, x := range e.Extension {
		if v, asked := want[x.URL]; asked && x.ValueBoolean != nil && *x.ValueBoolean == v {
			delete(want, x.URL)
		}
	}
	if len(want) > 0 {
		t.Errorf("missing or wrong: %v", want)
	}
}

func TestQueryIsKeptByteForByte(t *testing.T) {
	r := with(query)
	e, _ := render(t, r, view)
	for _, x := range e.Entity {
		if x.Role.Code == "24" && string(x.Query) == r.Query {
			return
		}
	}
	t.Errorf("no entity holds the query: %+v", e.Entity)
}

func TestL6_ProjectionTellsNoMore(t *testing.T) {
	secrets := []string{"PB", "OTHER", "192.0.2.9", "TOKEN", "REQ", "WHY", "GP", "CHIEF", "CLIENT", "R0VU"}
	r := audit.Record{
		ID: "e1", Recorded: recorded, Action: "E", Subtype: "search", Outcome: audit.Denied, Reason: "WHY",
		Patient: ref("Patient", "a"), Data: []fhir.Ref{{Type: "Patient", ID: "PB"}, {Type: "Observation", ID: "OTHER", Version: 2}, {Type: "Observation"}},
		Query: "GET /fhir/Observation?patient=PB", Custodian: []string{"hospital"}, Client: "CLIENT", JTI: "TOKEN", User: ref("Practitioner", "GP"),
		Organization: "practice", Role: "01.015", Responsible: ref("Practitioner", "CHIEF"), Purpose: []string{"TREAT"}, Network: "192.0.2.9", Request: "REQ",
		Policy: []string{"Consent/c1/_history/2"}, Emergency: true,
	}
	v := view
	v.Projected = true
	e, raw := render(t, r, v)
	for _, s := range secrets {
		if bytes.Contains(raw, []byte(s)) {
			t.Errorf("the projection tells %s:\n%s", s, raw)
		}
	}
	for _, s := range []string{"Organization/practice", "Organization/hospital", "01.015", "TREAT", "Consent/c1/_history/2", "Patient/a", `"Observation"`, "2026-03-04T05:06:07.089Z"} {
		if !bytes.Contains(raw, []byte(s)) {
			t.Errorf("the projection lacks %s:\n%s", s, raw)
		}
	}
	if e.Action != "E" || e.Outcome != "8" {
		t.Errorf("action %s, outcome %s", e.Action, e.Outcome)
	}
}

func TestProjectionNamesWhoAskedOnThePatientsOwnBehalf(t *testing.T) {
	v := view
	v.Projected = true
	r := with(func(r *audit.Record) {
		r.User, r.PatientsOwn, r.Organization, r.Responsible = ref("RelatedPerson", "mother"), true, "", fhir.Ref{}
	})
	if _, raw := render(t, r, v); !bytes.Contains(raw, []byte("RelatedPerson/mother")) {
		t.Errorf("%s", raw)
	}
}
