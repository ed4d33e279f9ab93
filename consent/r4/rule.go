package r4

import (
	"strings"
	"time"

	"sluis/consent"
	"sluis/fhir"

	"github.com/google/fhir/go/jsonformat"
	codes "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/codes_go_proto"
	types "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/consent_go_proto"
	"google.golang.org/protobuf/proto"
)

// rule reads the elements of one provision, without those nested in it. A nil
// provision is a rule that does not constrain.
func rule(p *pb.Consent_Provision) consent.Rule {
	r := consent.Rule{
		Period:   period(p.GetPeriod()),
		Purposes: codings(p.GetPurpose()),
		Actions:  concepts(p.GetAction()),
		Labels:   codings(p.GetSecurityLabel()),
		Classes:  codings(p.GetClassValue()),
		Codes:    concepts(p.GetCode()),
		Opaque:   len(p.GetModifierExtension()) > 0,
	}
	for _, a := range p.GetActor() {
		r.Opaque = r.Opaque || len(a.GetModifierExtension()) > 0
		if role, known := role(a.GetRole()); known {
			r.Actors = append(r.Actors, actor(role, a.GetReference()))
		} else {
			r.Unread = append(r.Unread, "actor in the role "+role)
		}
	}
	if p.GetDataPeriod() != nil {
		r.DataPeriod = period(p.GetDataPeriod())
		if r.DataPeriod == (consent.Period{}) {
			r.DataPeriod.Start = unreadable
		}
	}
	for _, d := range p.GetData() {
		r.Opaque = r.Opaque || len(d.GetModifierExtension()) > 0
		r.Data = append(r.Data, datum(d))
	}
	return r
}

func datum(d *pb.Consent_Provision_ProvisionData) consent.Datum {
	a := actor("", d.GetReference())
	meaning := strings.ToLower(d.GetMeaning().GetValue().String())
	return consent.Datum{Meaning: meaning, Ref: a.Ref, System: a.System, Value: a.Value}
}

// nested reads a provision below the root, with those below it. R4 requires a
// type there; without one it can only take away.
func nested(p *pb.Consent_Provision) consent.Rule {
	r := rule(p)
	r.Effect = consent.Deny
	if p.GetType().GetValue() == codes.ConsentProvisionTypeCode_PERMIT {
		r.Effect = consent.Permit
	}
	for _, below := range p.GetProvision() {
		r.Nested = append(r.Nested, nested(below))
	}
	return r
}

// role is the one actor role that is understood, or what stands there instead.
func role(c *types.CodeableConcept) (string, bool) {
	name, known := "(none)", false
	for _, coding := range c.GetCoding() {
		switch code := coding.GetCode().GetValue(); code {
		case consent.Recipient, consent.PrimaryRecipient, consent.Holder, consent.Author:
			if known && code != name {
				return name + " and " + code, false
			}
			name, known = code, true
		default:
			if !known {
				name = code
			}
		}
	}
	return name, known
}

func actor(role string, r *types.Reference) consent.Actor {
	a := consent.Actor{Role: role}
	if ref, ok := fhir.ParseRef(literal(r)); ok {
		a.Ref = ref.Latest().String()
	}
	if id := r.GetIdentifier(); id.GetSystem().GetValue() != "" && id.GetValue().GetValue() != "" {
		a.System, a.Value = id.GetSystem().GetValue(), id.GetValue().GetValue()
	}
	return a
}

// literal is Reference.reference as it was written, or "".
func literal(r *types.Reference) string {
	if r == nil {
		return ""
	}
	r = proto.Clone(r).(*types.Reference)
	if err := jsonformat.DenormalizeReference(r); err != nil {
		return ""
	}
	return r.GetUri().GetValue()
}

func codings(in []*types.Coding) []consent.Code {
	var out []consent.Code
	for _, c := range in {
		out = append(out, consent.Code{System: c.GetSystem().GetValue(), Code: c.GetCode().GetValue()})
	}
	return out
}

// concepts takes every coding of a concept as an alternative. A concept of
// text alone is an entry that cannot be read.
func concepts(in []*types.CodeableConcept) []consent.Code {
	var out []consent.Code
	for _, c := range in {
		if len(c.GetCoding()) == 0 {
			out = append(out, consent.Code{})
		}
		out = append(out, codings(c.GetCoding())...)
	}
	return out
}

func period(p *types.Period) consent.Period {
	return consent.Period{Start: dateTime(p.GetStart()), End: dateTime(p.GetEnd())}
}

// unreadable stands for a time that is there and cannot be read.
const unreadable = "?"

// dateTime writes a dateTime at its precision again, instants in UTC. A value
// that is not there, only extensions of it, cannot be read.
func dateTime(d *types.DateTime) string {
	if d == nil {
		return ""
	}
	layouts := map[types.DateTime_Precision]string{
		types.DateTime_YEAR:        "2006",
		types.DateTime_MONTH:       "2006-01",
		types.DateTime_DAY:         "2006-01-02",
		types.DateTime_SECOND:      time.RFC3339,
		types.DateTime_MILLISECOND: "2006-01-02T15:04:05.000Z07:00",
		types.DateTime_MICROSECOND: "2006-01-02T15:04:05.000000Z07:00",
	}
	layout, ok := layouts[d.GetPrecision()]
	if !ok {
		return unreadable
	}
	return time.UnixMicro(d.GetValueUs()).UTC().Format(layout)
}
