package consent

import (
	"slices"
	"strings"

	"sluis/fhir"
	"sluis/fhir/query"
)

// question is one purpose and one action of a request: what rules are matched
// against. A request is decided for each, and all must permit.
type question struct {
	*survey
	action  Action
	purpose string
}

// Why a rule reaches nothing, in the words of the trace.
const (
	whyOpaque   = "has a modifier that this server does not understand"
	whyUnread   = "has an element that this server cannot enforce: "
	whyPeriod   = "is not in force at the time of the request"
	whyActor    = "names other recipients than the requester"
	whyPurpose  = "is for other purposes of use"
	whyAction   = "does not name this action: "
	whyNoData   = "speaks of no data that can be told apart"
	whyResearch = "is about research only"
)

// reach is the data that a rule covers in this question, and why it covers
// none. The elements present must all match; what cannot be judged matches in
// a deny and does not in a permit.
func (q question) reach(r Rule, e Effect, p Profile) (region, string) {
	if r.Opaque {
		return inDoubt(e), whyOpaque
	}
	if len(r.Unread) > 0 && e == Permit {
		return nothing, whyUnread + strings.Join(r.Unread, ", ")
	}
	switch {
	case !judge(e)(r.Period.holds(q.req.At, q.zone)):
		return nothing, whyPeriod
	case !q.names(r, e):
		return nothing, whyActor
	case !q.purposes(r, e, p):
		return nothing, whyPurpose
	case !q.actions(r, e):
		return nothing, whyAction + string(q.action)
	}
	data := all(
		q.held(r, e),
		authors(r.Actors, e),
		anyOf(r.Labels, func(c Code) region { return labelled(c, e, p) }),
		anyOf(r.Classes, func(c Code) region { return classed(c, e) }),
		anyOf(r.Codes, func(c Code) region { return coded(c, e) }),
		q.dated(r.DataPeriod, e),
		anyOf(r.Data, func(d Datum) region { return referred(d, e, p) }),
	)
	if data.isNothing() {
		return nothing, whyNoData
	}
	return data, ""
}

// judge turns what may be unknown into what the effect must assume.
func judge(e Effect) func(matches, known bool) bool {
	return func(matches, known bool) bool { return known && matches || !known && e != Permit }
}

// names reports whether the actors of the rule fit the requester: one of its
// recipients must. Roles that are not understood cannot be judged. Holders and
// authors are about the data: see held and authors.
func (q question) names(r Rule, e Effect) bool {
	var recipients, matched, unread bool
	for _, a := range r.Actors {
		switch roleGroup(a.Role) {
		case Holder, Author:
		case Recipient:
			recipients = true
			matched = matched || q.isParty(a)
			unread = unread || q.unread(a)
		default:
			if e == Permit {
				return false
			}
		}
	}
	return !recipients || matched || unread && e != Permit
}

// unread reports whether nobody can tell who the actor is: it names neither
// a resource nor an identifier, or the requester's identifiers are not known.
func (q question) unread(a Actor) bool {
	return a.Ref == "" && (a.System == "" || a.Value == "" || q.req.Identifiers == nil)
}

// isParty reports whether the actor is one of the parties of the request, by
// reference or by business identifier.
func (q question) isParty(a Actor) bool {
	if a.Ref != "" && q.parties[a.Ref] {
		return true
	}
	return a.System != "" && a.Value != "" && slices.Contains(q.req.Identifiers, query.Coding{System: a.System, Code: a.Value})
}

// held is the data of the holders that the rule names (actor role CST). Only an
// Organization by reference can be compared with a custodian.
func (q question) held(r Rule, e Effect) region {
	var organizations []string
	var named, unread bool
	for _, a := range r.Actors {
		if a.Role != Holder {
			continue
		}
		named = true
		if ref, ok := fhir.ParseRef(a.Ref); ok && ref.Type == "Organization" {
			organizations = append(organizations, ref.ID)
		} else {
			unread = true
		}
	}
	switch {
	case !named, unread && e != Permit:
		return everything
	case len(organizations) == 0:
		return nothing
	}
	return q.holders(organizations)
}

// actions reports whether the rule is about the action; naming none is all.
func (q question) actions(r Rule, e Effect) bool {
	return len(r.Actions) == 0 || slices.ContainsFunc(r.Actions, func(c Code) bool {
		known := c.System == ConsentAction && slices.Contains(allActions, Action(c.Code))
		return judge(e)(Action(c.Code) == q.action, known)
	})
}

var allActions = []Action{Access, Collect, Correct, Disclose, Use}

// breakGlass is the purpose that counts only for who holds the right to it.
const breakGlass = "BTG"

// purposes reports whether the rule is for the purpose of the question. Of
// several purposes in a rule a core permit needs all in the request; a deny, and
// a PCF permit, any. A permit that does not name BTG grants under it what it
// grants under TREAT, and never more.
func (q question) purposes(r Rule, e Effect, p Profile) bool {
	if len(r.Purposes) == 0 {
		return true
	}
	asked, purpose := q.req.Purposes, q.purpose
	if e == Permit && purpose == breakGlass && !slices.Contains(r.Purposes, Code{ActReason, breakGlass}) {
		asked, purpose = replaced(asked, breakGlass, "TREAT"), "TREAT"
	}
	covers := func(c Code, asked string) bool {
		return judge(e)(purposes().subsumes(c.Code, asked), c.System == ActReason && c.Code != "")
	}
	if e == Permit && p != PCF {
		for _, c := range r.Purposes {
			if !slices.ContainsFunc(asked, func(s string) bool { return covers(c, s) }) {
				return false
			}
		}
	}
	return slices.ContainsFunc(r.Purposes, func(c Code) bool { return covers(c, purpose) })
}

func replaced(in []string, old, new string) []string {
	out := slices.Clone(in)
	for i, s := range out {
		if s == old {
			out[i] = new
		}
	}
	return out
}
