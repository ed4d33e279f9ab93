package consent

import (
	"slices"
	"strconv"
	"strings"
)

// ruling is what rules say in one question: the data they permit and the data
// they deny. Where the two overlap the deny counts; data in neither are not
// spoken of.
type ruling struct{ permits, denies region }

// trace receives reasons; a nil trace drops them.
type trace func(Reason)

func (t trace) add(r Reason) {
	if t != nil {
		t(r)
	}
}

// rule decides one Consent in one question (spec "The decision"): a nested
// deny, else a nested permit, else the root. note receives the trace.
func (q question) rule(c Rules, note trace) ruling {
	profile := c.Profile
	if profile == "" {
		profile = q.facts.Profile
	}
	if c.Base == Unenforceable || !known(c.Base) {
		note.add(Reason{Rule: "Consent", Effect: string(Deny), Text: "cannot be enforced and denies everything: " + strings.Join(c.Doubts, ", "), Alarm: true})
		return ruling{nothing, everything}
	}
	if in, ok := c.Root.Period.holds(q.req.At, q.zone); !ok {
		note.add(Reason{Rule: "provision.period", Effect: string(Deny), Text: "cannot be read: denies everything", Alarm: true})
		return ruling{nothing, everything}
	} else if !in {
		note.add(Reason{Rule: "provision.period", Effect: noGrant, Text: whyPeriod})
		return ruling{nothing, nothing}
	}
	if c.Research && !purposes().subsumes("HRESCH", q.purpose) {
		note.add(Reason{Rule: "scope", Effect: noGrant, Text: whyResearch})
		return ruling{nothing, nothing}
	}
	for _, d := range c.Doubts {
		note.add(Reason{Rule: "Consent", Effect: noGrant, Text: d, Alarm: true})
	}
	out := q.root(c, q.nested(c.Nested, c.Root, profile, "provision", note), profile, note)
	if profile == PCF {
		out.permits = all(out.permits, q.governed(c.Holders, Permit))
		out.denies = all(out.denies, q.governed(c.Holders, Deny))
	}
	return out
}

// governed is the data of the custodians that a PCF consent is kept with: it
// does not apply to others. A holder "" could not be read.
func (q question) governed(holders []string, e Effect) region {
	read := slices.DeleteFunc(slices.Clone(holders), func(h string) bool { return h == "" })
	if e != Permit && (len(read) == 0 || len(read) < len(holders)) {
		return everything
	}
	return q.holders(read)
}

func known(b Base) bool {
	switch b {
	case PermitRoot, DenyRoot, NestedOnly, OptIn, OptOut:
		return true
	}
	return false
}

// nested decides provisions side by side below one: what any of them denies is
// denied, else what any permits.
func (q question) nested(rules []Rule, above Rule, p Profile, path string, note trace) ruling {
	out := ruling{nothing, nothing}
	for i, n := range rules {
		at := ""
		if note != nil {
			at = path + ".provision[" + strconv.Itoa(i) + "]"
		}
		one := q.provision(n, above, p, at, note)
		out.permits, out.denies = some(out.permits, one.permits), some(out.denies, one.denies)
	}
	return out
}

// provision decides a nested provision and those within it, which count first,
// where it matches. Where that is in doubt, they may take away and not give.
func (q question) provision(n, above Rule, p Profile, path string, note trace) ruling {
	rule := n.within(above)
	if n.Effect == Permit {
		out := ruling{q.noted(rule, Permit, p, path, note), nothing}
		if len(n.Nested) > 0 {
			most, _ := q.reach(rule, Deny, p)
			out.denies = all(most, q.nested(n.Nested, rule, p, path, note).denies)
		}
		return out
	}
	out := ruling{nothing, q.noted(rule, Deny, p, path, note)}
	if len(n.Nested) > 0 {
		least, _ := q.reach(rule, Permit, p)
		below := q.nested(n.Nested, n.filled(above), p, path, note)
		out.permits = all(least, below.permits, below.denies.outside(Permit))
		out.denies = all(out.denies, out.permits.outside(Deny))
	}
	return out
}

// root adds the root provision to what its nested ones said: it counts where
// they are silent.
func (q question) root(c Rules, n ruling, p Profile, note trace) ruling {
	const path = "provision"
	root := c.Root
	root.Period = Period{} // the validity of the whole, already judged
	switch c.Base {
	case PermitRoot:
		n.permits = some(n.permits, q.noted(root, Permit, p, path, note))
	case DenyRoot:
		n.denies = some(n.denies, all(q.noted(root, Deny, p, path, note), n.permits.outside(Deny)))
	case OptIn:
		except := q.noted(root, Deny, p, path, note)
		n.denies = some(n.denies, all(except, n.permits.outside(Deny)))
		n.permits = some(n.permits, except.outside(Permit))
		note.add(Reason{Rule: "policyRule", Effect: string(Permit), Text: "OPTIN: permits all but the exception"})
	case OptOut:
		where := q.held(root, Deny)
		if root.Opaque {
			where = everything
		}
		n.denies = some(n.denies, all(where, n.permits.outside(Deny)))
		note.add(Reason{Rule: "policyRule", Effect: string(Deny), Text: "OPTOUT: denies all but nested permits"})
	}
	return n
}

// noted is reach with its trace.
func (q question) noted(r Rule, e Effect, p Profile, path string, note trace) region {
	data, why := q.reach(r, e, p)
	if note == nil {
		return data
	}
	reason := Reason{Rule: path, Effect: string(e), Alarm: r.Opaque || len(r.Unread) > 0}
	switch {
	case data.isNothing():
		reason.Effect, reason.Text = noGrant, why
	case r.Opaque:
		reason.Text = whyOpaque + ": covers everything"
	case len(r.Unread) > 0:
		reason.Text = whyUnread + strings.Join(r.Unread, ", ") + ": counts as if absent"
	case data.isEverything():
		reason.Text = "covers all data"
	default:
		reason.Text = "covers data by " + strings.Join(r.tells(), ", ")
	}
	note.add(reason)
	return data
}

// combine is the strategy deny-overrides for all consents of one person in all
// questions of a request: any deny refuses; else each question needs a permit.
func combine(questions []question, s Shape) (visible, denied region, reasons []Reason) {
	visible, denied = everything, nothing
	for _, q := range questions {
		permits := nothing
		for i, c := range s.Consents {
			r := q.rule(c, func(reason Reason) {
				reason.Consent = i
				if !slices.Contains(reasons, reason) {
					reasons = append(reasons, reason)
				}
			})
			permits, denied = some(permits, r.permits), some(denied, r.denies)
		}
		visible = all(visible, permits)
	}
	return all(visible, denied.outside(Permit)), denied, reasons
}
