package relational

import "sluis/fhir/query"

// chain follows a reference to a resource that must satisfy X and the access.
func (r *renderer) chain(x query.Chain, row row) string {
	if r.inAccess {
		return r.refuse("an access cannot hold a chain")
	}
	h := r.hop(x, row)
	return "EXISTS (SELECT 1 FROM " + h.tables + " WHERE " + h.from + ".rid = " + row.alias + ".rid AND " + h.condition + ")"
}

// hop is one step of a chain: the tables, the alias of the entry that refers,
// and the condition on both.
type hop struct{ tables, from, condition string }

// hop does not say which row refers; its target may be driven by an index of
// its own.
func (r *renderer) hop(x query.Chain, source row) hop {
	f, t := r.alias("f"), row{r.alias("r"), x.Target}
	return hop{
		tables: "reference_entry " + f + " JOIN resource " + t.alias + " ON " +
			t.alias + ".type = " + f + ".type AND " + t.alias + ".id = " + f + ".id",
		from: f,
		condition: r.keyed(x.Param, f, source) + " AND " + f + ".id <> '' AND " + f + ".type = " + r.text(x.Target) +
			" AND " + t.alias + ".type = " + r.text(x.Target) + " AND NOT " + t.alias + ".deleted AND " +
			r.matches(x.X, t) + " AND " + r.permitted(t),
	}
}
