package consent

import (
	"slices"

	"sluis/fhir/query"
)

// groups are shapes by the region that was decided for them.
type groups struct {
	order []string // keys of by, as they came
	by    map[string]*group
}

type group struct {
	region region
	shapes []int64
}

func (g *groups) add(r region, shape int64) {
	if g.by == nil {
		g.by = map[string]*group{}
	}
	key := r.key()
	if g.by[key] == nil {
		g.by[key] = &group{region: r}
		g.order = append(g.order, key)
	}
	g.by[key].shapes = append(g.by[key].shapes, shape)
}

// shapes lists all shapes, sorted.
func (g *groups) shapes() []int64 {
	var out []int64
	for _, one := range g.by {
		out = append(out, one.shapes...)
	}
	slices.Sort(out)
	return out
}

// limit keeps every subject of a resource within its group's region: for each
// group, the resource lies in the region or none of its subjects is of the
// group. So two subjects with different consents both count, while predicates
// about persons and about the resource stay apart, as query.Subjects demands.
//
// It speaks only of the shapes in the groups, which keeps it small: of those who
// deny, few. A person whose shape is newer than the facts cannot slip by,
// because the store refuses an Access of an older policy version.
func (g *groups) limit() query.Expr {
	parts := []query.Expr{}
	for _, key := range g.order {
		one := g.by[key]
		others, err := query.Not(query.Shape{IDs: slices.Sorted(slices.Values(one.shapes))})
		if err != nil {
			others = query.None{}
		}
		parts = append(parts, query.Or(one.region.expr, subjects(others)))
	}
	return query.And(parts...)
}

func subjects(x query.Expr) query.Expr {
	if query.Empty(x) {
		return query.None{}
	}
	return query.Subjects{X: x}
}
