package patch

import (
	"slices"

	"sluis/conformance"
)

// path is a FHIRPath that leads to elements of the resource: names, choices by
// their FHIRPath name, [n], first(), last(), single(), where(…), ofType(T),
// as(T), (… as T) and extension('url'). It cannot leave the resource: resolve()
// and everything that makes values is refused.
type path struct {
	source string
	steps  []step
}

// step narrows or continues what the steps before it have found.
type step interface {
	take(t *target, from []*place) ([]*place, error)
}

type (
	// named goes on to the children of a name.
	named struct{ name string }
	// nth keeps one of the elements found; from the end when negative.
	nth struct{ n int }
	// single refuses several.
	single struct{}
	// typed keeps the elements of a type or of what specialises it.
	typed struct{ name string }
	// filter keeps the elements of which the condition holds.
	filter struct{ condition condition }
)

// find evaluates the path, from the resource for a patch and from an element
// within where.
func (p path) find(t *target, from *place) ([]*place, error) {
	found := []*place{from}
	var err error
	for _, s := range p.steps {
		if found, err = s.take(t, found); err != nil || len(found) == 0 {
			return nil, err
		}
	}
	return found, nil
}

func (n named) take(t *target, from []*place) (out []*place, err error) {
	for _, p := range from {
		if out, err = t.below(p, n.name, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (n nth) take(_ *target, from []*place) ([]*place, error) {
	i := n.n
	if i < 0 {
		i += len(from)
	}
	if i < 0 || i >= len(from) {
		return nil, nil
	}
	return from[i : i+1], nil
}

func (single) take(_ *target, from []*place) ([]*place, error) {
	if len(from) > 1 {
		return nil, inapplicable("single() is of several elements")
	}
	return from, nil
}

func (y typed) take(_ *target, from []*place) ([]*place, error) {
	return slices.DeleteFunc(slices.Clone(from), func(p *place) bool {
		return !conformance.IsSubtype(p.typ.Name(), y.name)
	}), nil
}

func (f filter) take(t *target, from []*place) (out []*place, err error) {
	for _, p := range from {
		holds, err := f.condition.holds(t, p)
		if err != nil {
			return nil, err
		}
		if holds == yes {
			out = append(out, p)
		}
	}
	return out, nil
}
