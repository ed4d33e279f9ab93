package path

// maxWeighed is where Weight stops counting.
const maxWeighed = 1 << 30

// Weight bounds how often Run may look at one element of a document: 1 for a
// plain path, the sum of the parts of a union, and the product of what stands
// before and within a where, which is run for each item. It tells a definition
// from an attack before it is run.
func (p *Program) Weight() int { return weigh(p.body) }

func weigh(x expr) int {
	switch x := x.(type) {
	case union:
		sum := 0
		for _, part := range x.parts {
			sum = min(sum+weigh(part), maxWeighed)
		}
		return sum
	case member:
		return weigh(x.of)
	case at:
		return weigh(x.of)
	case exists:
		return weigh(x.of)
	case resolve:
		return weigh(x.of)
	case is:
		return weigh(x.of)
	case equal:
		return weigh(x.left)
	case and:
		return min(weigh(x.left)+weigh(x.right), maxWeighed)
	case where:
		return min(weigh(x.of)*(1+weigh(x.condition)), maxWeighed)
	}
	return 1 // focus, foreign, literal
}
