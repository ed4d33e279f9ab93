package balp

import (
	"cmp"
	"fmt"
	"time"

	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"
	dpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	apb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/audit_event_go_proto"

	"sluis/audit"
)

// View is for whom a record is rendered, and which server speaks.
type View struct {
	// Projected is the patient's view: organisation, role, time, action,
	// outcome, categories of data, origin, legal basis and emergency flag. No
	// raw query, address, token, request id, reason, or resource by name; no
	// person but the patient and who asked on the patient's own behalf.
	Projected bool

	Server string // name of this server: source.observer and the server's agent; "" is Sluis
	Base   string // its FHIR base URL; without it no profile is claimed
}

func (v View) server() string { return cmp.Or(v.Server, "Sluis") }

var marshaller = newMarshaller()

func newMarshaller() *jsonformat.Marshaller {
	m, err := jsonformat.NewMarshaller(false, "", "", fhirversion.R4)
	if err != nil {
		panic(err) // R4 is a version it knows
	}
	return m
}

// Render writes a record as an R4 AuditEvent in JSON. It claims the profiles of
// IHE BALP that hold for it: never for what was denied or failed, nor for a
// projection. A record that R4 has no codes for is an error.
func Render(rec audit.Record, view View) ([]byte, error) {
	action, known := actionCodes[rec.Action]
	outcome, ended := outcomeCodes[rec.Outcome]
	if !known || !ended {
		return nil, fmt.Errorf("balp: no code for action %q, outcome %d", rec.Action, rec.Outcome)
	}
	k := kindOf(rec)
	event := &apb.AuditEvent{
		Id:             &dpb.Id{Value: rec.ID},
		Meta:           meta(rec, view, k),
		Extension:      extensions(rec),
		Type:           eventType(rec),
		Subtype:        []*dpb.Coding{subtype(rec)},
		Action:         &apb.AuditEvent_ActionCode{Value: action},
		Recorded:       instant(rec.Recorded),
		Outcome:        &apb.AuditEvent_OutcomeCode{Value: outcome},
		PurposeOfEvent: purposes(rec),
		Agent:          agents(rec, view, k),
		Source:         observer(view),
		Entity:         entities(rec, view),
	}
	if rec.Reason != "" && !view.Projected {
		event.OutcomeDesc = text(rec.Reason)
	}
	return marshaller.MarshalResource(event)
}

func meta(rec audit.Record, view View, k kind) *dpb.Meta {
	m := &dpb.Meta{VersionId: &dpb.Id{Value: "1"}, LastUpdated: instant(rec.Recorded)}
	for _, p := range profiles(rec, view, k) {
		m.Profile = append(m.Profile, &dpb.Canonical{Value: profileBase + p})
	}
	return m
}

// profiles are those of BALP that the rendered event fulfils.
func profiles(rec audit.Record, view View, k kind) []string {
	if view.Projected || rec.Outcome != audit.Success || rec.Network == "" || view.Base == "" {
		return nil
	}
	var out []string
	if k.fulfilled(rec) {
		name := k.profile
		if k.perPatient && !rec.Patient.IsZero() {
			name = "Patient" + name
		}
		out = append(out, name)
	}
	if rec.JTI != "" {
		out = append(out, "OAUTHaccessTokenUse.Minimal")
	}
	return out
}

// fulfilled reports whether the record has what the profile asks for: its
// action, and exactly one entity of type 2, the query or the resource. A
// disclosure names its patient and something disclosed.
func (k kind) fulfilled(rec audit.Record) bool {
	if k.profile == "" || rec.Action != k.action {
		return false
	}
	named := 0
	for _, d := range rec.Data {
		if d.ID != "" {
			named++
		}
	}
	switch {
	case rec.Subtype == disclose:
		return !rec.Patient.IsZero() && len(rec.Data) > 0
	case k.query:
		return rec.Query != "" && named == 0
	}
	return rec.Query == "" && named == 1
}

func eventType(rec audit.Record) *dpb.Coding {
	switch {
	case rec.Subtype == disclose && rec.Action == "C":
		return coding(dicom, "110107", "Import")
	case rec.Subtype == disclose:
		return coding(dicom, "110106", "Export")
	}
	return coding(eventTypes, "rest", "RESTful Operation")
}

func subtype(rec audit.Record) *dpb.Coding {
	if rec.Subtype == disclose {
		return coding(lifecycle, disclose, "")
	}
	return coding(interactions, rec.Subtype, "")
}

func purposes(rec audit.Record) (out []*dpb.CodeableConcept) {
	for _, p := range rec.Purpose {
		out = append(out, concept(actReasons, p, ""))
	}
	return out
}

func observer(view View) *apb.AuditEvent_Source {
	return &apb.AuditEvent_Source{
		Observer: display(view.server()),
		Type:     []*dpb.Coding{coding(sourceTypes, "4", "Application Server")},
	}
}

// extensions are what NEN 7513 asks for and R4 has no element for.
func extensions(rec audit.Record) []*dpb.Extension {
	out := []*dpb.Extension{
		flag(ExtAuthorised, rec.Authorised), flag(ExtRelation, rec.Relation),
		flag(ExtConsent, rec.Consent), flag(ExtEmergency, rec.Emergency),
	}
	if rec.PatientsOwn {
		out = append(out, flag(ExtOwn, true))
	}
	for _, id := range rec.Custodian {
		v := &dpb.Extension_ValueX{Choice: &dpb.Extension_ValueX_Reference{Reference: organization(id)}}
		out = append(out, &dpb.Extension{Url: &dpb.Uri{Value: ExtCustodian}, Value: v})
	}
	if rec.Feed != "" {
		v := &dpb.Extension_ValueX{Choice: &dpb.Extension_ValueX_StringValue{StringValue: text(rec.Feed)}}
		out = append(out, &dpb.Extension{Url: &dpb.Uri{Value: ExtFeed}, Value: v})
	}
	return out
}

func flag(url string, v bool) *dpb.Extension {
	return &dpb.Extension{
		Url:   &dpb.Uri{Value: url},
		Value: &dpb.Extension_ValueX{Choice: &dpb.Extension_ValueX_Boolean{Boolean: &dpb.Boolean{Value: v}}},
	}
}

func instant(t time.Time) *dpb.Instant {
	return &dpb.Instant{ValueUs: t.UnixMilli() * 1000, Timezone: "Z", Precision: dpb.Instant_MILLISECOND}
}
