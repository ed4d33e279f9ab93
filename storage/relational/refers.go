package relational

import (
	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
)

// This file renders what an access asks about other resources: who refers to
// what. Nobody's access is asked for again on the way.

func (r *renderer) pointsAt(x query.PointsAt, row row) string {
	return r.exists(referenceTable.Name, row, func(a string) string { return a + ".id <> '' AND " + r.oneOf(x.Refs, a) })
}

func (r *renderer) pointedAtBy(x query.PointedAtBy, row row) string {
	s, f := r.alias("s"), r.alias("f")
	return "EXISTS (SELECT 1 FROM resource " + s + " JOIN " + referenceTable.Name + " " + f + " ON " + f + ".rid = " + s + ".rid" +
		" WHERE " + r.oneOf(x.Refs, s) + " AND " + r.present(s) + " AND " + names(f, row) + ")"
}

// oneOf is the condition that type and id are those of one of the references.
func (r *renderer) oneOf(refs []fhir.Ref, alias string) string {
	out := make([]string, len(refs))
	for i, ref := range refs {
		out[i] = "(" + alias + ".id = " + r.text(ref.ID) + " AND " + alias + ".type = " + r.text(ref.Type) + ")"
	}
	return balanced(out, " OR ")
}

// names is the condition that an entry refers to the row.
func names(entry string, row row) string {
	return entry + ".id <> '' AND " + entry + ".id = " + row.alias + ".id AND " + entry + ".type = " + row.alias + ".type"
}

var authorOf = &conformance.Parameter{Code: conformance.AuthorCode, Type: conformance.ReferenceParam}

// authored follows query.Authored case by case.
func (r *renderer) authored(x query.Authored, row row) string {
	own := r.exists(referenceTable.Name, row, func(a string) string { return r.keyed(authorOf, a, row) + " AND " + r.isAuthor(x, a) })
	if !x.Doubt {
		return own
	}
	out := []string{own, r.attested(x, row)}
	if row.kind == "" || query.HasAuthors(row.kind) {
		out = append(out, r.unauthored(row))
	}
	return balanced(out, " OR ")
}

// unauthored is the condition that a resource names no author, of a type that
// has some.
func (r *renderer) unauthored(row row) string {
	none := "NOT " + r.exists(referenceTable.Name, row, func(a string) string { return r.keyed(authorOf, a, row) })
	if row.kind != "" {
		return none
	}
	var types []string
	for _, t := range conformance.Types() {
		if query.HasAuthors(t) {
			types = append(types, t)
		}
	}
	return "(" + r.in(row.alias+".type", types) + " AND " + none + ")"
}

// attested is the condition that a Provenance of the row names the author.
func (r *renderer) attested(x query.Authored, of row) string {
	f, s, g := r.alias("f"), row{r.alias("s"), "Provenance"}, r.alias("g")
	return "EXISTS (SELECT 1 FROM " + referenceTable.Name + " " + f + " JOIN resource " + s.alias + " ON " + s.alias + ".rid = " + f + ".rid" +
		" JOIN " + referenceTable.Name + " " + g + " ON " + g + ".rid = " + f + ".rid" +
		" WHERE " + names(f, of) + " AND " + s.alias + ".type = " + r.text(s.kind) + " AND " + r.present(s.alias) +
		" AND " + r.keyed(authorOf, g, s) + " AND " + r.isAuthor(x, g) + ")"
}

// isAuthor is query.Authored.Covers.
func (r *renderer) isAuthor(x query.Authored, a string) string {
	var is []string
	if x.Who.ID != "" {
		is = append(is, r.oneOf([]fhir.Ref{x.Who}, a))
	}
	if x.Number.Code != "" {
		is = append(is, "("+a+".identifier = "+r.arg(key(x.Number.Code))+" AND "+a+".system = "+r.arg(key(x.Number.System))+")")
	}
	if !x.Doubt {
		return balanced(is, " OR ")
	}
	return "(" + balanced(is, " OR ") + " OR NOT " + r.isAnother(x, a) + ")"
}

// isAnother is the condition that an author is for certain not the one sought,
// unless it is the one.
func (r *renderer) isAnother(x query.Authored, a string) string {
	out := []string{"FALSE"}
	if x.Who.ID != "" {
		literal := a + ".id <> ''"
		if blurred := x.Blurred(); len(blurred) > 0 {
			literal = "(" + literal + " AND NOT " + r.in(a+".type", blurred) + ")"
		}
		out = append(out, literal)
	}
	if x.Number.Code != "" {
		out = append(out, "("+a+".identifier <> '' AND "+a+".system = "+r.arg(key(x.Number.System))+")")
	}
	return balanced(out, " OR ")
}
