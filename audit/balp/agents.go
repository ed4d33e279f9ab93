package balp

import (
	"net/netip"

	cpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/codes_go_proto"
	dpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	apb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/audit_event_go_proto"

	"sluis/audit"
)

// agents are who took part: client, server, user, token, organisation and the
// responsible person. A projection names the organisation, the role, and who
// asked on the patient's own behalf.
func agents(rec audit.Record, view View, k kind) []*apb.AuditEvent_Agent {
	if view.Projected {
		out := []*apb.AuditEvent_Agent{user(rec, k, rec.PatientsOwn)}
		return append(out, userOrganization(rec)...)
	}
	out := []*apb.AuditEvent_Agent{client(rec, k), server(view, k)}
	if !rec.User.IsZero() || len(rec.Policy) > 0 || rec.Role != "" {
		out = append(out, user(rec, k, true))
	}
	if rec.JTI != "" {
		out = append(out, token(rec))
	}
	out = append(out, userOrganization(rec)...)
	if !rec.Responsible.IsZero() {
		a := agent(role{participation, "RESP", "responsible party"}, false)
		a.Who = reference(rec.Responsible)
		out = append(out, a)
	}
	return out
}

func agent(r role, requestor bool) *apb.AuditEvent_Agent {
	return &apb.AuditEvent_Agent{Type: concept(r.system, r.code, r.display), Requestor: &dpb.Boolean{Value: requestor}}
}

// client is the application, or the feed, at the other end of the line.
func client(rec audit.Record, k kind) *apb.AuditEvent_Agent {
	a := agent(k.client, rec.User.IsZero() && rec.JTI == "")
	switch {
	case rec.Client != "":
		a.Who = &dpb.Reference{Identifier: &dpb.Identifier{Value: text(rec.Client)}, Display: text(rec.Client)}
	case rec.Feed != "":
		a.Who = display(rec.Feed)
	default:
		a.Who = display("unknown client")
	}
	if rec.Network != "" {
		a.Network = network(rec.Network)
	}
	return a
}

func network(address string) *apb.AuditEvent_Agent_Network {
	kind := cpb.AuditEventAgentNetworkTypeCode_MACHINE_NAME
	if _, err := netip.ParseAddr(address); err == nil {
		kind = cpb.AuditEventAgentNetworkTypeCode_IP_ADDRESS
	}
	return &apb.AuditEvent_Agent_Network{Address: text(address), Type: &apb.AuditEvent_Agent_Network_TypeCode{Value: kind}}
}

func server(view View, k kind) *apb.AuditEvent_Agent {
	a := agent(k.server, false)
	a.Who = display(view.server())
	if view.Base != "" {
		a.Network = &apb.AuditEvent_Agent_Network{
			Address: text(view.Base),
			Type:    &apb.AuditEvent_Agent_Network_TypeCode{Value: cpb.AuditEventAgentNetworkTypeCode_URI},
		}
	}
	return a
}

// user is the person who asked, with the role and the policies relied on; who
// it was only when named.
func user(rec audit.Record, k kind, named bool) *apb.AuditEvent_Agent {
	a := agent(role{participation, k.user, ""}, !rec.User.IsZero())
	switch {
	case named && !rec.User.IsZero():
		a.Who = reference(rec.User)
	case rec.Organization != "":
		a.Who = organization(rec.Organization)
	default:
		a.Who = display("not named")
	}
	if rec.Role != "" {
		a.Role = []*dpb.CodeableConcept{concept("", rec.Role, "")}
	}
	for _, p := range rec.Policy {
		a.Policy = append(a.Policy, &dpb.Uri{Value: p})
	}
	a.PurposeOfUse = purposes(rec)
	return a
}

// token says by which token, never the token itself (OAUTHaccessTokenUse).
func token(rec audit.Record) *apb.AuditEvent_Agent {
	a := agent(role{userAgents, "UserOauthAgent", "User OAuth Agent participant"}, true)
	a.Policy = []*dpb.Uri{{Value: TokenPolicy + rec.JTI}}
	return a
}

func userOrganization(rec audit.Record) []*apb.AuditEvent_Agent {
	if rec.Organization == "" {
		return nil
	}
	a := agent(role{roleClass, "PROV", "healthcare provider"}, false)
	a.Who = organization(rec.Organization)
	return []*apb.AuditEvent_Agent{a}
}
