package gate

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/smart"
	"sluis/storage"
)

// Conditional references of a transaction (R4 http.html#trules): a search in
// the place of a reference. Each stands for one resource that the caller may
// see, as the data are once the transaction is carried out: R4 resolves them
// last of all, so what the transaction itself writes counts, and what it
// deletes does not.

// referral is one conditional reference: the id that stands for what is not
// known yet, and the search that tells.
type referral struct {
	stands fhir.Ref // a new id: it stands in the bodies until the commit
	text   string   // as written
	at     string   // the first entry that has it
	where  query.Expr
}

// referrals are those of one transaction, each expression once.
type referrals struct {
	gate   *Gate
	caller Caller
	known  map[string]*referral
	order  []*referral
	alone  int    // how many need a search each
	at     string // the entry that is read
	err    error  // of that entry
}

func (g *Gate) newReferrals(c Caller) *referrals {
	return &referrals{gate: g, caller: c, known: map[string]*referral{}}
}

// or takes what other links do not know, where it is a conditional reference.
func (r *referrals) or(other Links) Links {
	return func(text string, reference bool) (string, bool) {
		if to, ok := other(text, reference); ok || !reference {
			return to, ok
		}
		kind, search, conditional := strings.Cut(text, "?")
		if !conditional || !conformance.IsType(kind) {
			return "", false
		}
		if seen := r.known[text]; seen != nil {
			return seen.stands.String(), true
		}
		where, err := r.condition(kind, search)
		if err != nil {
			r.err = err
			return "", false
		}
		fresh := &referral{fhir.Ref{Type: kind, ID: newID()}, text, r.at, where}
		r.known[text], r.order = fresh, append(r.order, fresh)
		return fresh.stands.String(), true
	}
}

// taken is what was wrong with those of the entry that was read.
func (r *referrals) taken() error {
	err := r.err
	r.err = nil
	return err
}

// maxReferrals bounds the different conditional references of a transaction;
// maxAlone those of them that need a search each: see together.
const (
	maxReferrals = 2000
	maxAlone     = 200
)

func (r *referrals) condition(kind, search string) (query.Expr, error) {
	if !r.caller.Grant.Allows(smart.SearchPermission, kind) {
		return nil, forbidden("a conditional reference is a search, which the token's scopes do not allow")
	}
	params, err := fhir.ParseParams(search)
	if err != nil {
		return nil, err
	}
	where, err := r.gate.filters(kind, params)
	if err != nil {
		return nil, err
	}
	if !tokensOnly(where) {
		r.alone++
	}
	if len(r.order) == maxReferrals || r.alone > maxAlone {
		return nil, fhir.NewError(fhir.Invalid, "too-costly", fmt.Sprintf("a transaction has at most %d different conditional references, and %d that are not by identifier or code alone", maxReferrals, maxAlone))
	}
	return where, nil
}

// resolve finds what each stands for, under the caller's own access to search,
// or says of all that stand for nothing or for several.
func (a *attempt) resolve(ctx context.Context, r *referrals) (map[fhir.Ref]fhir.Ref, error) {
	if r == nil || len(r.order) == 0 {
		return nil, nil
	}
	way, err := a.way(ctx, smart.SearchPermission, consent.Access)
	if err != nil {
		return nil, err
	}
	found := map[*referral][]fhir.Ref{}
	for _, batch := range together(r.order) {
		if err := a.lookUp(ctx, way, batch, found); err != nil {
			return nil, err
		}
	}
	out := map[fhir.Ref]fhir.Ref{}
	bad := &fhir.Error{Kind: fhir.Precondition}
	for _, x := range r.order {
		refs := append(found[x], a.written(x)...)
		if len(refs) == 1 {
			out[x.stands] = refs[0]
			continue
		}
		issue := fhir.Issue{Code: "not-found", Details: "nothing matches the conditional reference " + x.text, Expression: []string{x.at}}
		if len(refs) > 1 {
			issue.Code, issue.Details = "multiple-matches", "several resources match the conditional reference "+x.text
		}
		bad.Issues = append(bad.Issues, issue)
	}
	if len(bad.Issues) > 0 {
		return nil, bad
	}
	return out, nil
}

// spelt are the rules of a consent with what its conditional references stand
// for: rules hold their actors and data as text, which no rename of references
// reaches. What a conditional write turns out to be is known to the store alone,
// too late for a rule, and a rule about nobody would deny nobody: it is refused.
func (a *attempt) spelt(rules []byte, stand map[fhir.Ref]fhir.Ref) ([]byte, error) {
	if len(rules) == 0 {
		return rules, nil
	}
	var pairs []string
	for from, to := range stand {
		pairs = append(pairs, strconv.Quote(from.String()), strconv.Quote(to.String()))
	}
	if len(pairs) > 0 {
		rules = consent.Encode(consent.Decode([]byte(strings.NewReplacer(pairs...).Replace(string(rules)))))
	}
	for i := range a.writes {
		w := &a.writes[i]
		if w.match != nil && bytes.Contains(rules, []byte(strconv.Quote(fhir.Ref{Type: w.ix.Type, ID: w.id}.String()))) {
			return nil, fhir.NewError(fhir.Invalid, "not-supported", "a consent cannot name what a conditional entry of the same transaction turns out to be", "Consent.provision")
		}
	}
	return rules, nil
}

// lookUp adds what the store has for some conditional references of one type,
// in one search, save what the transaction itself changes.
func (a *attempt) lookUp(ctx context.Context, way pass, batch []*referral, found map[*referral][]fhir.Ref) error {
	wanted := make([]query.Expr, len(batch))
	for i, x := range batch {
		wanted[i] = x.where
	}
	page, err := a.gate.Store.Search(ctx, way.access, query.Query{Type: batch[0].stands.Type, Where: query.Or(wanted...), Count: query.MaxCount})
	if err != nil {
		return err
	}
	if page.Next != nil && len(batch) > 1 { // one of them matches a great many
		for i := range batch {
			if err := a.lookUp(ctx, way, batch[i:i+1], found); err != nil {
				return err
			}
		}
		return nil
	}
	decoded := len(batch) > 1 || a.conditionsOn(batch[0].stands.Type)
	for _, e := range page.Entries {
		row, err := a.row(e, decoded)
		if err != nil {
			return err
		}
		if a.changes(row) {
			continue
		}
		for _, x := range batch {
			if len(batch) == 1 || query.Match(x.where, row) {
				found[x] = append(found[x], e.Resource.Ref().Latest())
			}
		}
	}
	return nil
}

// row is a resource as a search sees it.
func (a *attempt) row(e storage.Entry, decoded bool) (row query.Resource, err error) {
	row = query.Resource{Type: e.Resource.Type, ID: e.Resource.ID, Custodian: e.Custodian, Updated: e.Resource.Updated}
	if !decoded {
		return row, nil
	}
	doc, err := fhir.ParseDocument(e.Resource.Body)
	if err != nil {
		return row, err
	}
	row.Entries, err = a.set.index.Extract(doc)
	return row, err
}

// conditionsOn reports whether writes of the type are conditional.
func (a *attempt) conditionsOn(t string) bool {
	return slices.ContainsFunc(a.writes, func(w write) bool { return w.ix.Type == t && w.match != nil })
}

// changes reports whether the transaction updates or deletes a resource as it
// is in the store, and notes which conditional creates stand for it.
func (a *attempt) changes(row query.Resource) (changed bool) {
	for i := range a.writes {
		w := &a.writes[i]
		switch {
		case w.ix.Type != row.Type:
		case w.match == nil:
			changed = changed || w.op != storage.Create && w.id == row.ID
		case !query.Match(w.match, row):
		case w.op == storage.Create:
			a.stands[i] = true
		default:
			changed = true
		}
	}
	return changed
}

// written are the resources that the transaction writes and that match, save
// creates that stand for what is there, which lookUp has found.
func (a *attempt) written(x *referral) (out []fhir.Ref) {
	for i := range a.writes {
		w := &a.writes[i]
		if w.op == storage.Delete || w.ix.Type != x.stands.Type || a.stands[i] {
			continue
		}
		row := query.Resource{Type: w.ix.Type, ID: w.id, Custodian: a.gate.custodianFor(a.caller), Updated: a.gate.at(), Entries: w.prepared.entries}
		if query.Match(x.where, row) {
			out = append(out, fhir.Ref{Type: w.ix.Type, ID: w.id})
		}
	}
	return out
}

// maxTogether bounds the conditions of one search.
const maxTogether = 100

// together groups the references by type, as many to a search as it bears,
// where one resource tells by itself which of them it matches. Those that it
// cannot tell are searched for alone.
func together(all []*referral) [][]*referral {
	var out [][]*referral
	open := map[string]int{} // the group of a type that has room
	for _, x := range all {
		if !tokensOnly(x.where) {
			out = append(out, []*referral{x})
			continue
		}
		i, ok := open[x.stands.Type]
		if !ok || len(out[i]) == maxTogether {
			i = len(out)
			open[x.stands.Type], out = i, append(out, nil)
		}
		out[i] = append(out[i], x)
	}
	return out
}

// tokensOnly reports whether an expression compares tokens with plain values
// and nothing else, as identifiers are.
func tokensOnly(x query.Expr) bool {
	switch x := x.(type) {
	case query.Conj:
		for _, part := range x.Parts {
			if !tokensOnly(part) {
				return false
			}
		}
		return len(x.Parts) > 0
	case query.Compare:
		// _id is a column, and labels stand beside the body.
		return x.Param.Type == conformance.TokenParam && x.Modifier == query.NoModifier && x.Param.Code[0] != '_'
	}
	return false
}
