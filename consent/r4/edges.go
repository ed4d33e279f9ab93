package r4

import (
	"slices"
	"time"

	"sluis/consent"
	"sluis/fhir"
)

// Policy is what a resource contributes to decisions.
type Policy struct {
	// Rules of a Consent that applies, encoded; nil when it says nothing about
	// access.
	Rules []byte
	// Relations of a CareTeam or EpisodeOfCare with its subject.
	Relations []Relation
	// Members are edges stated by PractitionerRole, Organization, CareTeam and
	// Group.
	Members []Member
	// Represents: a RelatedPerson stands for its patient in this period.
	Represents *Period
	// Identities of a Patient: numbers that denote a person, if their assigner
	// is trusted.
	Identities []Identity
}

// Relation says that a party treats, within a period.
type Relation struct {
	Party fhir.Ref
	Period
}

// Member says that Member belongs to Of, within a period. A reference with
// a type and no id is the resource that states the edge: when it is being
// created its id is not in its body.
type Member struct {
	Member, Of fhir.Ref
	Period
}

// Period is inclusive at both ends; a zero time is open. Dates without a zone
// are days in Europe/Amsterdam.
type Period struct{ Start, End time.Time }

// Identity is a number of an assigner.
type Identity struct{ System, Value string }

// Derive reads what a valid resource contributes to decisions. Types other than
// the eight of this package contribute nothing.
func Derive(doc *fhir.Document) Policy {
	root := doc.Root()
	switch doc.Type() {
	case "Consent":
		return ofConsent(doc.Body())
	case "CareTeam":
		return ofCareTeam(root)
	case "EpisodeOfCare":
		return ofEpisode(root)
	case "PractitionerRole":
		return ofRole(root)
	case "Organization":
		return ofOrganization(root)
	case "Group":
		return ofGroup(root)
	case "RelatedPerson":
		return ofRelatedPerson(root)
	case "Patient":
		return Policy{Identities: identities(root)}
	}
	return Policy{}
}

func ofConsent(body []byte) Policy {
	rules, applies := Read(body)
	if !applies {
		return Policy{}
	}
	return Policy{Rules: consent.Encode(rules)}
}

// ofCareTeam: an active team relates its members to its subject, each in the
// time in which both the team and the membership stand.
func ofCareTeam(root fhir.Node) Policy {
	var p Policy
	if root.Get("status").Text() != "active" {
		return p
	}
	team, ok := periodOf(root)
	if !ok {
		return p
	}
	for participant := range root.Get("participant").All() {
		during, ok := periodOf(participant)
		during, overlap := during.and(team)
		member := target(participant.Get("member"), "Practitioner", "PractitionerRole", "Organization", "CareTeam")
		if !ok || !overlap || member.IsZero() {
			continue
		}
		p.Relations = append(p.Relations, Relation{member, during})
		p.Members = append(p.Members, Member{member, fhir.Ref{Type: "CareTeam"}, during})
	}
	return p
}

// ofEpisode: an active episode relates its manager, organisation and teams.
func ofEpisode(root fhir.Node) Policy {
	var p Policy
	during, ok := periodOf(root)
	if !ok || root.Get("status").Text() != "active" {
		return p
	}
	parties := []fhir.Ref{
		target(root.Get("careManager"), "Practitioner", "PractitionerRole"),
		target(root.Get("managingOrganization"), "Organization"),
	}
	for team := range root.Get("team").All() {
		parties = append(parties, target(team, "CareTeam"))
	}
	for _, party := range parties {
		if !party.IsZero() {
			p.Relations = append(p.Relations, Relation{party, during})
		}
	}
	return p
}

// ofRole: the practitioner is in the role, and the role in the organisation.
func ofRole(root fhir.Node) Policy {
	self := fhir.Ref{Type: "PractitionerRole"}
	during, ok := periodOf(root)
	if !ok || !active(root) {
		return Policy{}
	}
	return Policy{Members: complete(
		Member{target(root.Get("practitioner"), "Practitioner"), self, during},
		Member{self, target(root.Get("organization"), "Organization"), during},
	)}
}

func ofOrganization(root fhir.Node) Policy {
	if !active(root) {
		return Policy{}
	}
	return Policy{Members: complete(Member{Member: fhir.Ref{Type: "Organization"}, Of: target(root.Get("partOf"), "Organization")})}
}

// ofGroup: the members of an actual group; a definition has none.
func ofGroup(root fhir.Node) Policy {
	var p Policy
	if !active(root) || root.Get("actual").Text() != "true" {
		return p
	}
	for m := range root.Get("member").All() {
		during, ok := periodOf(m)
		entity := target(m.Get("entity"), "Practitioner", "PractitionerRole", "Organization", "Device", "Group", "Patient")
		if ok && !entity.IsZero() && m.Get("inactive").Text() != "true" {
			p.Members = append(p.Members, Member{entity, fhir.Ref{Type: "Group"}, during})
		}
	}
	return p
}

func ofRelatedPerson(root fhir.Node) Policy {
	during, ok := periodOf(root)
	if !ok || !active(root) || target(root.Get("patient"), "Patient").IsZero() {
		return Policy{}
	}
	return Policy{Represents: &during}
}

// complete keeps the edges of which both ends are known.
func complete(members ...Member) []Member {
	isSelf := func(r fhir.Ref) bool { return r.Type != "" && r.ID == "" }
	return slices.DeleteFunc(members, func(m Member) bool {
		return m.Member.IsZero() || m.Of.IsZero() || isSelf(m.Member) && isSelf(m.Of)
	})
}

// active: R4 takes a resource without the element for active.
func active(root fhir.Node) bool { return root.Get("active").Text() != "false" }

// target is a literal reference to one of the types, without its version.
func target(reference fhir.Node, types ...string) fhir.Ref {
	ref, ok := fhir.ParseRef(reference.Get("reference").Text())
	if !ok || !slices.Contains(types, ref.Type) {
		return fhir.Ref{}
	}
	return ref.Latest()
}

// periodOf is the element period of an object. It is not ok when a bound
// cannot be read: an edge of an unknown time does not count.
func periodOf(n fhir.Node) (p Period, ok bool) {
	if start := n.At("period", "start"); !start.IsZero() {
		if p.Start, _, ok = consent.Interval(start.Text(), nil); !ok {
			return Period{}, false
		}
	}
	if end := n.At("period", "end"); !end.IsZero() {
		until := time.Time{}
		if _, until, ok = consent.Interval(end.Text(), nil); !ok {
			return Period{}, false
		}
		p.End = until.Add(-time.Microsecond)
	}
	return p, !unvalued(n.Get("period"))
}

// unvalued reports a bound that has extensions in place of a value.
func unvalued(period fhir.Node) bool {
	for _, bound := range []string{"start", "end"} {
		if period.Get(bound).IsZero() && !period.Get("_"+bound).IsZero() {
			return true
		}
	}
	return false
}

// and is the time that both periods cover, if there is any.
func (p Period) and(o Period) (Period, bool) {
	if p.Start.Before(o.Start) { // a zero start is before any other
		p.Start = o.Start
	}
	if p.End.IsZero() || !o.End.IsZero() && o.End.Before(p.End) {
		p.End = o.End
	}
	return p, p.End.IsZero() || !p.End.Before(p.Start)
}
