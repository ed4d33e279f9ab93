package relational

import (
	"strings"

	"sluis/fhir/query"
)

// subjects is the condition that a resource has a subject and every subject
// satisfies x.
func (r *renderer) subjects(x query.Expr, row row) string {
	some := r.exists("subject", row, func(string) string { return "TRUE" })
	if _, all := x.(query.All); all {
		return some
	}
	none := r.exists("subject", row, func(a string) string { return "NOT " + r.subject(x, a) })
	return "(" + some + " AND NOT " + none + ")"
}

// subject is a predicate over one row of the table subject.
func (r *renderer) subject(x query.Expr, a string) string {
	switch x := x.(type) {
	case nil, query.None:
		return "FALSE"
	case query.All:
		return "TRUE"
	case query.Conj:
		return r.joinSubject(x.Parts, " AND ", a)
	case query.Disj:
		return r.joinSubject(x.Parts, " OR ", a)
	case query.Neg:
		if query.Empty(x.X) {
			return r.refuse("the negation of an empty predicate")
		}
		return "NOT " + r.subject(x.X, a)
	case query.Person:
		return r.person(x, a)
	case query.Shape:
		return r.shape(x, a)
	case query.Related:
		return r.related(x, a)
	}
	return r.refuse("%T cannot stand below Subjects", x)
}

func (r *renderer) joinSubject(parts []query.Expr, operator, a string) string {
	if len(parts) == 0 {
		return r.refuse("a composite without parts")
	}
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = r.subject(p, a)
	}
	return "(" + strings.Join(out, operator) + ")"
}

func (r *renderer) person(x query.Person, a string) string {
	var ids []string
	for _, ref := range x.Patients {
		if ref.Type == patientType {
			ids = append(ids, ref.ID)
		}
	}
	if len(ids) == 0 {
		return "FALSE"
	}
	p := r.alias("p")
	return a + ".person IN (SELECT " + p + ".person FROM patient " + p + " WHERE " + r.in(p+".id", ids) + ")"
}

func (r *renderer) shape(x query.Shape, a string) string {
	if len(x.IDs) == 0 {
		return "FALSE"
	}
	p := r.alias("p")
	return "EXISTS (SELECT 1 FROM person " + p + " WHERE " + p + ".person = " + a + ".person AND " + r.inInts(p+".shape", x.IDs) + ")"
}

func (r *renderer) related(x query.Related, a string) string {
	if x.Custodian == "" || x.At.IsZero() {
		return "FALSE"
	}
	t, at := r.alias("t"), r.arg(x.At.UnixMicro())
	cond := t + ".person = " + a + ".person AND " + t + ".custodian = " + r.text(x.Custodian) +
		" AND " + t + ".starts <= " + at + " AND " + t + ".ends >= " + at
	if len(x.Parties) > 0 {
		cond += " AND " + r.parties(x, t)
	}
	return "EXISTS (SELECT 1 FROM relation " + t + " WHERE " + cond + ")"
}

// parties groups the parties by type: a handful of types, each with its ids.
func (r *renderer) parties(x query.Related, t string) string {
	byType := map[string][]string{}
	var types []string
	for _, p := range x.Parties {
		if byType[p.Type] == nil {
			types = append(types, p.Type)
		}
		byType[p.Type] = append(byType[p.Type], p.ID)
	}
	out := make([]string, len(types))
	for i, name := range types {
		out[i] = "(" + t + ".party_type = " + r.text(name) + " AND " + r.in(t+".party_id", byType[name]) + ")"
	}
	return "(" + strings.Join(out, " OR ") + ")"
}
