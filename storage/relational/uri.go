package relational

import (
	"strings"

	"sluis/fhir"
	"sluis/fhir/query"
)

// uriValue renders the table of uri values.
func (r *renderer) uriValue(m query.Modifier, v query.Value, a string) string {
	if v.Text == "" {
		return "FALSE"
	}
	column := a + ".value"
	switch m {
	case query.NoModifier:
		return column + " = " + r.arg(linkKey(v.Text))
	case query.Differs:
		return column + " <> " + r.arg(linkKey(v.Text))
	case query.Above:
		above := query.Ancestors(v.Text)
		for i, url := range above {
			above[i] = linkKey(url)
		}
		return r.in(column, above)
	case query.Below:
		return r.below(strings.TrimSuffix(clean(v.Text), "/"), column)
	}
	return r.refuse("modifier %s of a uri", m)
}

// below is a range of the index: from the slash behind the branch to the next
// character.
func (r *renderer) below(branch, column string) string {
	start := branch + "/"
	if len(start) > linkStart {
		r.err = fhir.NewError(fhir.Invalid, "too-long", "the URI is too long for :below")
	}
	end, _ := after(start) // a slash has a successor
	return "(" + column + " = " + r.arg(linkKey(branch)) + " OR " + column + " >= " + r.arg(start) + " AND " + column + " < " + r.arg(end) + ")"
}
