package relational

import (
	"strings"

	"sluis/conformance"
	"sluis/fhir/query"
)

// isPosition reports whether a parameter's entries are positions.
func isPosition(p *conformance.Parameter) bool {
	return p.Type == conformance.SpecialParam && p.Expression != ""
}

// near is the condition that a position is within the distance of one of the
// points.
func (r *renderer) near(x query.Near, row row) string {
	return r.exists(positionTable.Name, row, func(a string) string { return r.places(x, a, row) })
}

// nearSet selects the rids that near holds for.
func (r *renderer) nearSet(x query.Near, row row) string {
	a := r.alias("x")
	return "SELECT " + a + ".rid FROM " + positionTable.Name + " " + a + " WHERE " + r.places(x, a, row)
}

// places compares chords. A box around the sphere of that radius, which an index
// answers, comes first.
func (r *renderer) places(x query.Near, a string, row row) string {
	out := make([]string, len(x.Points))
	for i, p := range x.Points {
		out[i] = r.within(p, a)
	}
	return r.keyed(x.Param, a, row) + " AND " + balanced(out, " OR ")
}

func (r *renderer) within(p query.Point, a string) string {
	x, y, z, chord := p.Sphere()
	reach := chord + rounding
	axes, terms := []string{a + ".z", a + ".x", a + ".y"}, make([]string, 3)
	var box []string
	for i, v := range []float64{z, x, y} {
		box = append(box, axes[i]+" >= "+r.arg(v-reach)+" AND "+axes[i]+" <= "+r.arg(v+reach))
	}
	for i, v := range []float64{x, y, z} {
		axis, v := a+"."+string("xyz"[i]), r.arg(v)
		terms[i] = "(" + axis + " - " + v + ") * (" + axis + " - " + v + ")"
	}
	return "(" + strings.Join(box, " AND ") + " AND " + strings.Join(terms, " + ") + " <= " + r.arg(chord*chord) + ")"
}

// rounding makes the box too large for any error of arithmetic.
const rounding = 1e-9
