package terminology

// set is a set of concepts of one code system, by place.
type set map[int32]struct{}

func (s set) has(i int32) bool { _, ok := s[i]; return ok }

// closure is a concept and all that is reached from it by step.
func (cs *codeSystem) closure(from int32, step func(*concept) []int32) set {
	out := set{from: {}}
	for open := []int32{from}; len(open) > 0; {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		for _, next := range step(&cs.concepts[at]) {
			if !out.has(next) {
				out[next] = struct{}{}
				open = append(open, next)
			}
		}
	}
	return out
}

func parents(c *concept) []int32  { return c.parents }
func children(c *concept) []int32 { return c.children }

// below is a concept and all its descendants. Where the hierarchy is not one of
// kinds (CodeSystem.hierarchyMeaning grouped-by, part-of, classified-with), a
// concept has nothing below it.
func (cs *codeSystem) below(i int32) set {
	if !cs.isA {
		return set{i: {}}
	}
	return cs.closure(i, children)
}

// above is a concept and all its ancestors.
func (cs *codeSystem) above(i int32) set {
	if !cs.isA {
		return set{i: {}}
	}
	return cs.closure(i, parents)
}
