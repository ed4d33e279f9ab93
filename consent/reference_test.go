package consent_test

import (
	"slices"
	"strings"
	"time"

	"sluis/conformance"
	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
)

// This file is the decision once more, as the specification tells it: one
// resource at a time, one consent at a time, without predicates. It shares no
// code with Decide, so that the two can be compared on random consents.

// reference asks whether one datum is seen.
type reference struct {
	req   consent.Request
	rules map[string][]consent.Rules
	pcf   bool
	datum datum
}

func (r reference) visible() bool {
	d := r.datum
	if d.resourceType == "Consent" && d.scope != "treatment" && d.scope != "adr" {
		return false
	}
	if conformance.Class(d.resourceType) == conformance.DirectoryClass {
		return true
	}
	own := d.custodian == r.req.Organization
	if own && r.req.Party == consent.Backend {
		return true
	}
	for _, person := range d.persons {
		if !r.related(person) || own && !r.undenied(person) || !own && !r.permitted(person) {
			return false
		}
	}
	return len(d.persons) > 0
}

func (r reference) related(person string) bool {
	for _, rel := range related {
		party, _ := fhir.ParseRef(rel.party)
		if rel.custodian == r.req.Organization && rel.person == person && (r.req.Party == consent.Backend || slices.Contains(r.req.Parties, party)) {
			return true
		}
	}
	return false
}

func (r reference) undenied(person string) bool {
	for _, purpose := range r.req.Purposes {
		for _, c := range r.rules[person] {
			if r.value(c, string(r.req.Action), purpose) == "deny" {
				return false
			}
		}
	}
	return true
}

func (r reference) permitted(person string) bool {
	if r.req.Action == consent.Collect || r.req.Action == consent.Correct {
		return false
	}
	for _, action := range []string{string(r.req.Action), "disclose"} {
		for _, purpose := range r.req.Purposes {
			values := map[string]bool{}
			for _, c := range r.rules[person] {
				values[r.value(c, action, purpose)] = true
			}
			if values["deny"] || !values["permit"] {
				return false
			}
		}
	}
	return true
}

// value is "permit", "deny" or "" for not applicable or no grant.
func (r reference) value(c consent.Rules, action, purpose string) string {
	pcf := r.pcf || c.Profile == consent.PCF
	switch {
	case c.Base == consent.Unenforceable:
		return "deny"
	case c.Root.Period.End == "?":
		return "deny"
	case !inPeriod(c.Root.Period, r.req.At), c.Research && !isA(purpose, "HRESCH"):
		return ""
	}
	value := r.provisions(c, action, purpose, pcf)
	if pcf {
		known := !slices.Contains(c.Holders, "") && len(c.Holders) > 0
		here := slices.ContainsFunc(c.Holders, r.heldBy)
		if !here && (known || value == "permit") {
			return ""
		}
	}
	return value
}

func (r reference) provisions(c consent.Rules, action, purpose string, pcf bool) string {
	root := c.Root
	if v := r.beside(c.Nested, root, action, purpose, pcf); v != "" {
		return v
	}
	root.Period = consent.Period{}
	switch c.Base {
	case consent.PermitRoot:
		if r.matches(root, action, purpose, pcf, false) {
			return "permit"
		}
	case consent.DenyRoot:
		if r.matches(root, action, purpose, pcf, true) {
			return "deny"
		}
	case consent.OptIn:
		if r.matches(root, action, purpose, pcf, true) {
			return "deny"
		}
		return "permit"
	case consent.OptOut:
		if root.Opaque || r.actors(root, true, func(role string) bool { return role == "CST" }) {
			return "deny"
		}
	}
	return ""
}

// beside is the value of provisions side by side.
func (r reference) beside(rules []consent.Rule, above consent.Rule, action, purpose string, pcf bool) string {
	value := ""
	for _, n := range rules {
		switch r.nested(n, above, action, purpose, pcf) {
		case "deny":
			return "deny"
		case "permit":
			value = "permit"
		}
	}
	return value
}

// nested is the value of a provision with those within it.
func (r reference) nested(n, above consent.Rule, action, purpose string, pcf bool) string {
	filled := inherited(n, above)
	below := r.beside(n.Nested, filled, action, purpose, pcf)
	if n.Effect == consent.Permit {
		switch {
		case below == "deny" && r.matches(filled, action, purpose, pcf, true):
			return "deny"
		case r.matches(filled, action, purpose, pcf, false):
			return "permit"
		}
		return ""
	}
	switch {
	case below == "permit" && r.matches(n, action, purpose, pcf, false):
		return "permit"
	case r.matches(n, action, purpose, pcf, true):
		return "deny"
	}
	return ""
}

func inherited(n, root consent.Rule) consent.Rule {
	var recipients, holders, authors bool
	for _, a := range n.Actors {
		recipients = recipients || a.Role == "IRCP" || a.Role == "PRCP"
		holders = holders || a.Role == "CST"
		authors = authors || a.Role == "AUT"
	}
	actors := slices.Clone(n.Actors)
	for _, a := range root.Actors {
		if named := map[string]bool{"CST": holders, "AUT": authors, "IRCP": recipients, "PRCP": recipients}; !named[a.Role] {
			actors = append(actors, a)
		}
	}
	n.Actors = actors
	if n.Period == (consent.Period{}) {
		n.Period = root.Period
	}
	for _, e := range []struct{ own, root *[]consent.Code }{
		{&n.Purposes, &root.Purposes}, {&n.Actions, &root.Actions}, {&n.Labels, &root.Labels}, {&n.Classes, &root.Classes}, {&n.Codes, &root.Codes},
	} {
		if len(*e.own) == 0 {
			*e.own = *e.root
		}
	}
	if len(n.Data) == 0 {
		n.Data = root.Data
	}
	if n.DataPeriod == (consent.Period{}) {
		n.DataPeriod = root.DataPeriod
	}
	n.Unread = append(slices.Clone(n.Unread), root.Unread...)
	n.Opaque = n.Opaque || root.Opaque
	return n
}

// matches: doubt is how what cannot be judged counts.
func (r reference) matches(rule consent.Rule, action, purpose string, pcf, doubt bool) bool {
	if rule.Opaque {
		return doubt
	}
	if len(rule.Unread) > 0 && !doubt {
		return false
	}
	if rule.Period.End == "?" {
		if !doubt {
			return false
		}
	} else if !inPeriod(rule.Period, r.req.At) {
		return false
	}
	every := func(string) bool { return true }
	return r.actors(rule, doubt, every) && r.purposeFits(rule, purpose, pcf, doubt) && r.actionFits(rule, action, doubt) &&
		r.labelFits(rule, pcf, doubt) && r.classFits(rule, doubt) && r.codeFits(rule, doubt) &&
		r.timeFits(rule.DataPeriod, doubt) && r.dataFits(rule, pcf, doubt)
}

func (r reference) actors(rule consent.Rule, doubt bool, counts func(role string) bool) bool {
	fits := map[string]bool{}
	for _, a := range rule.Actors {
		role := map[string]string{"PRCP": "IRCP"}[a.Role]
		if role == "" {
			role = a.Role
		}
		if !counts(role) {
			continue
		}
		fits[role] = fits[role] || r.actorFits(role, a, doubt)
	}
	for _, fit := range fits {
		if !fit {
			return false
		}
	}
	return true
}

func (r reference) actorFits(role string, a consent.Actor, doubt bool) bool {
	ref, literal := fhir.ParseRef(a.Ref)
	switch role {
	case "IRCP":
		if !literal && (a.Value == "" || r.req.Identifiers == nil) {
			return doubt
		}
		return literal && slices.Contains(r.req.Parties, ref) ||
			a.Value != "" && slices.Contains(r.req.Identifiers, query.Coding{System: a.System, Code: a.Value})
	case "CST":
		if !literal || ref.Type != "Organization" {
			return doubt
		}
		return r.heldBy(ref.ID)
	case "AUT":
		return r.authoredBy(a.Ref, a.System, a.Value, doubt)
	}
	return doubt
}

// authoredBy: a permit needs one of the authors to be the one named; a deny
// matches also where that cannot be told, or a Provenance says so.
func (r reference) authoredBy(ref, system, value string, doubt bool) bool {
	if ref == "" && value == "" {
		return doubt
	}
	may := func(author string) bool {
		if author == ref || value != "" && author == system+"|"+value {
			return true
		}
		literal := !strings.Contains(author, "|")
		role := strings.HasPrefix(author, "PractitionerRole/") && (strings.HasPrefix(ref, "Practitioner/") || strings.HasPrefix(ref, "Organization/"))
		another := literal && ref != "" && !role || !literal && value != "" && strings.HasPrefix(author, system+"|")
		return doubt && !another
	}
	d := r.datum
	authors := slices.Clone(d.authors)
	if doubt && strings.HasSuffix(d.name, ":scan") {
		authors = append(authors, "Practitioner/specialist") // by its Provenance
	}
	authorless := d.resourceType == "Group" || d.resourceType == "Practitioner" || d.resourceType == "Binary"
	return slices.ContainsFunc(authors, may) || doubt && len(d.authors) == 0 && !authorless
}

// timeFits: dates here are days without a zone, so of a period a deny takes the
// day before as well, which may have been its first in Amsterdam.
func (r reference) timeFits(p consent.Period, doubt bool) bool {
	switch {
	case p == (consent.Period{}):
		return true
	case p.End == "?", p.End != "" && p.End < p.Start:
		return doubt
	case len(r.datum.dates) == 0:
		return doubt
	}
	from := p.Start
	if first, err := time.Parse(time.DateOnly, from); err == nil && doubt {
		from = first.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return slices.ContainsFunc(r.datum.dates, func(d [2]string) bool { return (p.End == "" || d[0] <= p.End) && d[1] >= from })
}

func (r reference) dataFits(rule consent.Rule, pcf, doubt bool) bool {
	return len(rule.Data) == 0 || slices.ContainsFunc(rule.Data, func(d consent.Datum) bool { return r.datumFits(d, pcf, doubt) })
}

func (r reference) datumFits(d consent.Datum, pcf, doubt bool) bool {
	if d.Meaning == "authoredby" {
		return r.authoredBy(d.Ref, d.System, d.Value, doubt)
	}
	if d.Ref == "" {
		return doubt
	}
	refersTo := slices.Contains(append(slices.Clone(r.datum.refs), r.datum.authors...), d.Ref)
	referredTo := slices.ContainsFunc(world(), func(o datum) bool {
		return o.ref() == d.Ref && (slices.Contains(o.refs, r.datum.ref()) || slices.Contains(o.authors, r.datum.ref()))
	})
	itself := r.datum.ref() == d.Ref
	switch d.Meaning {
	case "instance":
		return itself
	case "dependents":
		return itself || refersTo || doubt && referredTo
	case "related":
		return itself || (doubt || pcf) && refersTo || (doubt || !pcf) && referredTo
	}
	return doubt
}

func (r reference) heldBy(organization string) bool {
	return organization != "" && (r.datum.custodian == organization || slices.Contains(ancestors[r.datum.custodian], organization))
}

var broader = map[string]string{"ETREAT": "TREAT", "BTG": "ETREAT", "ERTREAT": "ETREAT", "CLINTRCH": "HRESCH", "COVERAGE": "HPAYMT"}

func isA(code, general string) bool {
	for ; code != ""; code = broader[code] {
		if code == general {
			return true
		}
	}
	return false
}

func (r reference) purposeFits(rule consent.Rule, purpose string, pcf, doubt bool) bool {
	if len(rule.Purposes) == 0 {
		return true
	}
	all := slices.Clone(r.req.Purposes)
	if !doubt && purpose == "BTG" && !slices.Contains(rule.Purposes, consent.Code{System: consent.ActReason, Code: "BTG"}) {
		purpose = "TREAT"
		for i := range all {
			if all[i] == "BTG" {
				all[i] = "TREAT"
			}
		}
	}
	some, everyOne := false, true
	for _, p := range rule.Purposes {
		if p.System != consent.ActReason {
			some, everyOne = some || doubt, false
			continue
		}
		some = some || isA(purpose, p.Code)
		everyOne = everyOne && slices.ContainsFunc(all, func(asked string) bool { return isA(asked, p.Code) })
	}
	return some && (doubt || pcf || everyOne)
}

func (r reference) actionFits(rule consent.Rule, action string, doubt bool) bool {
	for _, a := range rule.Actions {
		if a.System != consent.ConsentAction && doubt || a.System == consent.ConsentAction && a.Code == action {
			return true
		}
	}
	return len(rule.Actions) == 0
}

func (r reference) labelFits(rule consent.Rule, pcf, doubt bool) bool {
	const scale = "ULMNRV"
	highest := -1
	for _, l := range r.datum.labels {
		if l.System == consent.Confidentiality {
			highest = max(highest, slices.Index([]byte(scale), l.Code[0]))
		}
	}
	if highest < 0 {
		highest = 3
	}
	for _, l := range rule.Labels {
		carried := slices.Contains(r.datum.labels, query.Coding{System: l.System, Code: l.Code})
		switch {
		case l.System == "" || l.Code == "":
			if doubt {
				return true
			}
		case l.System != consent.Confidentiality:
			if carried || !pcf && l.System == consent.ActCode && r.carriesBelow(l.Code) {
				return true
			}
		default:
			level := slices.Index([]byte(scale), l.Code[0])
			if pcf && (highest == level || doubt && carried) || !pcf && doubt && highest >= level || !pcf && !doubt && highest <= level {
				return true
			}
		}
	}
	return len(rule.Labels) == 0
}

// carriesBelow knows the part of the sensitivity codes that the world uses.
func (r reference) carriesBelow(general string) bool {
	below := map[string][]string{"ETH": {"ETHUD"}, "SUD": {"ETHUD"}, "SPI": {"ETHUD", "PSY", "SUD"}}[general]
	return slices.ContainsFunc(r.datum.labels, func(l query.Coding) bool { return l.System == consent.ActCode && slices.Contains(below, l.Code) })
}

func (r reference) classFits(rule consent.Rule, doubt bool) bool {
	for _, c := range rule.Classes {
		switch {
		case c.System == consent.ResourceTypes:
			if c.Code == r.datum.resourceType {
				return true
			}
		case c.System == consent.ProfileURI && !doubt:
			if c.Code == r.datum.profile {
				return true
			}
		case doubt:
			return true
		}
	}
	return len(rule.Classes) == 0
}

func (r reference) codeFits(rule consent.Rule, doubt bool) bool {
	for _, c := range rule.Codes {
		anySystem := c.System == "" && c.Code != "" && doubt && slices.ContainsFunc(r.datum.codes, func(have query.Coding) bool { return have.Code == c.Code })
		if c.Code == "" && doubt || anySystem || c.System != "" && slices.Contains(r.datum.codes, query.Coding{System: c.System, Code: c.Code}) {
			return true
		}
	}
	return len(rule.Codes) == 0
}

// inPeriod knows days in Amsterdam only, which is all the generator writes.
func inPeriod(p consent.Period, at time.Time) bool {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		panic(err)
	}
	day := at.In(zone).Format(time.DateOnly)
	return (p.Start == "" || p.Start <= day) && (p.End == "" || day <= p.End)
}
