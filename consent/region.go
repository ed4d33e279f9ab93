package consent

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/fhir/query"
)

// A region is the part of one person's data that a rule speaks of, as a
// predicate over the resource alone. Unlike a query.Expr that failed to be
// made, an empty region is a fact and may be complemented.
type region struct{ expr query.Expr }

var (
	nothing    = region{query.None{}}
	everything = region{query.All{}}
)

// inDoubt is what a rule that cannot be judged covers: a deny everything, a
// permit nothing.
func inDoubt(e Effect) region {
	if e == Permit {
		return nothing
	}
	return everything
}

func (r region) isNothing() bool    { return query.Empty(r.expr) }
func (r region) isEverything() bool { _, all := r.expr.(query.All); return all }

// all is what lies in every region.
func all(parts ...region) region {
	rest := make([]region, 0, len(parts))
	for _, p := range parts {
		if p.isNothing() {
			return nothing
		}
		if !p.isEverything() {
			rest = append(rest, p)
		}
	}
	if len(rest) < 2 {
		return append(rest, everything)[0]
	}
	return region{query.And(distinct(rest)...)}
}

// some is what lies in one of the regions.
func some(parts ...region) region {
	rest := make([]region, 0, len(parts))
	for _, p := range parts {
		if p.isEverything() {
			return everything
		}
		if !p.isNothing() {
			rest = append(rest, p)
		}
	}
	if len(rest) < 2 {
		return append(rest, nothing)[0]
	}
	return region{query.Or(distinct(rest)...)}
}

// distinct drops repetitions: consents of one person often say the same.
func distinct(parts []region) []query.Expr {
	seen := map[string]bool{}
	var out []query.Expr
	for _, p := range parts {
		if k := p.key(); !seen[k] {
			seen[k] = true
			out = append(out, p.expr)
		}
	}
	return out
}

// outside is the complement. Should it fail to be made, it is what the effect
// it serves must assume.
func (r region) outside(serves Effect) region {
	if r.isNothing() {
		return everything
	}
	x, err := query.Not(r.expr)
	if err != nil {
		return inDoubt(serves)
	}
	return region{x}
}

// key tells regions apart: shapes with the same key are decided as one.
func (r region) key() string {
	var b strings.Builder
	writeKey(&b, r.expr)
	return b.String()
}

func writeKey(b *strings.Builder, x query.Expr) {
	switch x := x.(type) {
	case query.Conj:
		writeKeys(b, "and", x.Parts)
	case query.Disj:
		writeKeys(b, "or", x.Parts)
	case query.Neg:
		writeKeys(b, "not", []query.Expr{x.X})
	case query.Labelled:
		b.WriteString("label")
		writeCodings(b, x.Labels)
	case query.Coded:
		b.WriteString("code")
		writeCodings(b, x.Codings)
	case query.Custodian:
		b.WriteString("custodian" + strconv.Quote(x.ID))
	case query.Missing:
		b.WriteString("missing" + strconv.Itoa(int(x.Param.Key)))
	case query.Compare:
		fmt.Fprintf(b, "compare %d %q %+v", x.Param.Key, x.Modifier, x.Values)
	default:
		fmt.Fprintf(b, "%T%q", x, x)
	}
}

func writeKeys(b *strings.Builder, op string, parts []query.Expr) {
	b.WriteString(op + "(")
	for _, p := range parts {
		writeKey(b, p)
		b.WriteByte(',')
	}
	b.WriteByte(')')
}

func writeCodings(b *strings.Builder, codings []query.Coding) {
	for _, c := range codings {
		b.WriteString(strconv.Quote(c.System) + strconv.Quote(c.Code))
	}
}

// holders is the data whose custodian is one of the Organizations or a part of
// one (Organization.partOf).
func (q question) holders(organizations []string) region {
	var parts []region
	for _, custodian := range q.custodians {
		within := q.facts.Ancestors[custodian]
		if slices.ContainsFunc(organizations, func(o string) bool { return slices.Contains(within, o) }) {
			parts = append(parts, region{query.Custodian{ID: custodian}})
		}
	}
	for _, o := range organizations {
		parts = append(parts, region{query.Custodian{ID: o}})
	}
	return some(parts...)
}

// labelled is the data that one security label of a rule speaks of. In the core
// reading a confidentiality code is a mark on a scale: a permit of R covers R
// and lower (R4 Consent.provision.securityLabel). A deny of R covers R and
// higher, where R4 read literally would hide what is lower and leave V visible:
// our deviation. Sensitivity codes hold with all they subsume. PCF knows
// membership only.
func labelled(c Code, e Effect, p Profile) region {
	switch {
	case c.Code == "" || c.System == "":
		return inDoubt(e)
	case c.System == Confidentiality:
		return confidential(c.Code, e, p)
	case c.System == ActCode && p != PCF:
		return carries(c.System, sensitivity().below(c.Code)...)
	}
	return carries(c.System, c.Code)
}

func confidential(code string, e Effect, p Profile) region {
	level := slices.Index(levels, code)
	switch {
	case level < 0:
		return inDoubt(e)
	case p == PCF && e == Permit:
		return all(atMost(level, e), atMost(level-1, Deny).outside(e))
	case p == PCF:
		return some(carries(Confidentiality, code), all(atMost(level, e), atMost(level-1, Permit).outside(e)))
	case e == Permit:
		return atMost(level, e)
	}
	return atMost(level-1, Permit).outside(e)
}

// atMost is the data whose confidentiality, the highest of its labels, is not
// above a level. What has no such label counts as normal, so it is below a
// lower level only when it says so itself.
func atMost(level int, serves Effect) region {
	if level < 0 {
		return nothing
	}
	notAbove := carries(Confidentiality, levels[level+1:]...).outside(serves)
	if level >= slices.Index(levels, unlabelled) {
		return notAbove
	}
	return all(carries(Confidentiality, levels[:level+1]...), notAbove)
}

func carries(system string, codes ...string) region {
	if len(codes) == 0 {
		return nothing
	}
	x := query.Labelled{}
	for _, c := range codes {
		x.Labels = append(x.Labels, query.Coding{System: system, Code: c})
	}
	return region{x}
}

// classed is the data of one Consent.provision.class: a resource type, or a
// profile. A profile in meta is only what the sender claims, perhaps with a
// version after a bar: good enough to be permitted by, but not to escape a deny.
func classed(c Code, e Effect) region {
	switch {
	case c.System == ResourceTypes && conformance.IsType(c.Code):
		return region{query.TypeIs{Types: []string{c.Code}}}
	case c.System == ProfileURI && c.Code != "" && e == Permit:
		return claims(c.Code)
	}
	return inDoubt(e)
}

func claims(profile string) region {
	var parts []region
	for _, t := range conformance.Types() {
		if p, ok := conformance.Lookup(t, "_profile"); ok && conformance.Class(t) == conformance.SubjectClass {
			v := query.Value{Raw: profile, Text: profile}
			parts = append(parts, region{query.Compare{Param: p, Values: []query.Value{v}}})
		}
	}
	return some(parts...)
}

// coded is the data that carries one code, never its display. A code without a
// system denies in any system and permits in none.
func coded(c Code, e Effect) region {
	if c.Code == "" || c.System == "" && e == Permit {
		return inDoubt(e)
	}
	return region{query.Coded{Codings: []query.Coding{{System: c.System, Code: c.Code}}}}
}

// anyOf is one element of a rule: its repetitions are alternatives, and none
// at all does not constrain.
func anyOf[T any](codes []T, each func(T) region) region {
	if len(codes) == 0 {
		return everything
	}
	parts := make([]region, len(codes))
	for i, c := range codes {
		parts[i] = each(c)
	}
	return some(parts...)
}
