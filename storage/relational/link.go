package relational

import "sluis/conformance"

// link is a way in which an entry of reference_entry names a resource.
type link bool

const (
	literal   link = false // by type and id
	canonical link = true  // by its canonical URL
)

// links are those by which a resource of a type can be named; "" is any type.
// Only some types have a canonical URL.
func links(kind string) []link {
	if p, ok := conformance.Lookup(kind, urlCode); kind == "" || ok && p.Type == conformance.URIParam {
		return []link{literal, canonical}
	}
	return []link{literal}
}

// Parameters of resources with a canonical URL (R4 resource.html#canonical).
const (
	urlCode     = "url"
	versionCode = "version"
)

// join joins the target t of the entry f; its type is t.kind, or any.
func (l link) join(r *renderer, f string, t row) (join, condition string) {
	typed := ""
	if t.kind != "" {
		typed = " AND " + t.alias + ".type = " + r.text(t.kind)
	}
	if l == literal {
		condition = f + ".id <> ''" + typed
		if t.kind != "" {
			condition += " AND " + f + ".type = " + r.text(t.kind)
		}
		return "JOIN resource " + t.alias + " ON " + t.alias + ".type = " + f + ".type AND " + t.alias + ".id = " + f + ".id", condition
	}
	u := r.alias("u")
	return "JOIN uri_entry " + u + " ON " + u + ".value = " + f + ".url JOIN resource " + t.alias + " ON " + t.alias + ".rid = " + u + ".rid",
		r.names(f, u, t) + typed
}

// names is the condition that f, joined to the URL u of t, is a canonical of t
// (R4 references.html#canonical). The index holds a canonical with a version in
// two entries, with and without it; f is the latter. So either it has no sibling
// with a version, or one with that of t.
func (r *renderer) names(f, u string, t row) string {
	g, h, w := r.alias("g"), r.alias("h"), r.alias("w")
	sibling := func(a string) string { return a + ".rid = " + f + ".rid AND " + a + ".param = " + f + ".param AND " }
	return f + ".url <> '' AND " + r.keyed(&conformance.Parameter{Code: urlCode}, u, t) +
		" AND (NOT EXISTS (SELECT 1 FROM reference_entry " + g + " WHERE " + sibling(g) + g + ".url > " + f + ".url || '|' AND " + g + ".url < " + f + ".url || '}')" +
		" OR EXISTS (SELECT 1 FROM reference_entry " + h + " JOIN token_entry " + w + " ON " + w + ".rid = " + u + ".rid WHERE " + sibling(h) +
		r.keyed(&conformance.Parameter{Code: versionCode}, w, t) + " AND " + h + ".url = " + f + ".url || '|' || " + w + ".code))"
}
