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

// chainSet selects the rids that a chain holds for.
func (r *renderer) chainSet(x query.Chain, row row) string {
	h := r.hop(x, row)
	return "SELECT " + h.from + ".rid FROM " + h.tables + " WHERE " + h.condition
}

// hop is one step of a chain: the tables, the alias of the entry that refers,
// and the condition on both.
type hop struct{ tables, from, condition string }

// hop does not say which row refers; its target may be driven by an index of
// its own.
func (r *renderer) hop(x query.Chain, source row) hop {
	f, t := r.alias("f"), row{r.alias("r"), x.Target}
	join, cond := literal.join(r, f, t)
	return hop{
		tables: "reference_entry " + f + " " + join,
		from:   f,
		condition: r.keyed(x.Param, f, source) + " AND " + cond + " AND " + r.present(t.alias) + " AND " +
			r.matches(x.X, t) + " AND " + r.permitted(t),
	}
}

// has is the chain the other way: a resource of type Source that satisfies X and
// the access refers to the row.
func (r *renderer) has(x query.Has, row row) string {
	if r.inAccess {
		return r.refuse("an access cannot hold a reverse chain")
	}
	h := r.backHop(x)
	return "EXISTS (SELECT 1 FROM " + h.tables + " WHERE " + h.from + ".id = " + row.alias + ".id AND " + h.from + ".type = " + row.alias + ".type AND " + h.condition + ")"
}

// hasSet selects the rids that a reverse chain holds for.
func (r *renderer) hasSet(x query.Has) string {
	t, h := r.alias("t"), r.backHop(x)
	return "SELECT " + t + ".rid FROM " + h.tables + " JOIN resource " + t + " ON " + t + ".id = " + h.from + ".id AND " + t + ".type = " + h.from + ".type" +
		" WHERE " + h.condition
}

// backHop does not say which row is referred to.
func (r *renderer) backHop(x query.Has) hop {
	f, s := r.alias("f"), row{r.alias("s"), x.Source}
	return hop{
		tables: "reference_entry " + f + " JOIN resource " + s.alias + " ON " + s.alias + ".rid = " + f + ".rid",
		from:   f,
		condition: r.keyed(x.Param, f, s) + " AND " + f + ".id <> '' AND " + s.alias + ".type = " + r.text(x.Source) + " AND " +
			r.present(s.alias) + " AND " + r.matches(x.X, s) + " AND " + r.permitted(s),
	}
}
