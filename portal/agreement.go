package portal

import (
	"slices"

	"sluis/fhir"
	"sluis/storage"
)

// agreement is one consent in words.
type agreement struct {
	ID      string
	Version int64 // that the page shows
	Given   string
	Period  string
	Status  string
	InForce bool // active and not past its period: only then it can be withdrawn
	Permit  bool
	Who     []string // ids of organisations; nobody: everyone
	Names   []string // of Who
	Except  []string // labels that stay closed
	More    bool     // it says more than these words
	form    string   // by which it was given here
}

// agreement reads a Consent (R4 consent.html). It claims nothing that it does
// not understand whole: More says that there is more to it, and then the page
// does not tell what is permitted.
func (v *visit) agreement(e storage.Entry, n fhir.Node) agreement {
	provision := n.Get("provision")
	a := agreement{
		ID: e.Resource.ID, Version: e.Resource.Version, Given: v.date(n.Get("dateTime").Text()),
		Period: v.period(provision.Get("period")), Permit: provision.Get("type").Text() == "permit",
		Status: v.words["consent."+n.Get("status").Text()], InForce: n.Get("status").Text() == "active",
	}
	if a.InForce && v.over(provision.At("period", "end").Text()) {
		a.Status, a.InForce = v.words["consent.over"], false
	}
	for id := range n.Get("identifier").All() {
		if id.Get("system").Text() == formSystem {
			a.form = id.Get("value").Text()
		}
	}
	a.More = !only(provision, "type", "period", "purpose", "actor", "provision") || provision.Get("type").IsZero() ||
		!n.Get("organization").IsZero() || !n.Get("modifierExtension").IsZero() || !n.Get("implicitRules").IsZero()
	v.actors(&a, provision.Get("actor"))
	v.purposes(&a, provision.Get("purpose"))
	for nested := range provision.Get("provision").All() {
		v.exception(&a, provision, nested)
	}
	return a
}

// actors reads the organisations that may receive.
func (v *visit) actors(a *agreement, actors fhir.Node) {
	for actor := range actors.All() {
		ref, ok := fhir.ParseRef(actor.At("reference", "reference").Text())
		role := ""
		for c := range actor.At("role", "coding").All() {
			role += c.Get("code").Text()
		}
		if !ok || ref.Type != "Organization" || role != "IRCP" && role != "PRCP" || !only(actor, "role", "reference") {
			a.More = true
			continue
		}
		a.Who, a.Names = append(a.Who, ref.ID), append(a.Names, v.holder(ref.ID))
	}
}

// purposes expects treatment and nothing else.
func (v *visit) purposes(a *agreement, purposes fhir.Node) {
	count := 0
	for p := range purposes.All() {
		count++
		a.More = a.More || p.Get("code").Text() != "TREAT"
	}
	a.More = a.More || count == 0
}

// exception expects a nested denial of labels for the same actors.
func (v *visit) exception(a *agreement, root, nested fhir.Node) {
	same := nested.Get("actor").IsZero() || slices.Equal(nested.Get("actor").Raw(), root.Get("actor").Raw())
	if !a.Permit || !same || nested.Get("type").Text() != "deny" || !only(nested, "type", "actor", "securityLabel") || nested.Get("securityLabel").IsZero() {
		a.More = true
		return
	}
	for label := range nested.Get("securityLabel").All() {
		code := label.Get("code").Text()
		if word, known := v.words["label."+code]; known {
			code = word
		}
		a.Except = append(a.Except, code)
	}
}

// only reports whether an object has no members but these.
func only(n fhir.Node, names ...string) bool {
	for member := range n.All() {
		if !slices.Contains(names, member.Key()) {
			return false
		}
	}
	return true
}
