package fhirpath

import (
	"fmt"
	"slices"

	"sluis/conformance"
)

// fhirFunctions walk elements, and are those that R4 adds (fhirpath.html#functions).
var fhirFunctions = map[string]function{
	"children":          {0, 0, false, false, func(m *machine, i invoked) (Collection, error) { return children(m, i.input) }},
	"descendants":       {0, 0, false, false, descendants},
	"hasValue":          {0, 0, false, false, hasValue},
	"getValue":          {0, 0, false, false, getValue},
	"extension":         {1, 1, false, false, extension},
	"resolve":           {0, 0, false, false, resolve},
	"conformsTo":        {1, 1, false, false, conformsTo},
	"memberOf":          {1, 1, false, false, memberOf},
	"htmlChecks":        {0, 0, false, false, htmlChecks},
	"elementDefinition": {0, 0, false, false, unsupported},
	"slice":             {2, 2, false, false, unsupported},
	"checkModifiers":    {0, 8, false, false, unsupported},
	"subsumes":          {1, 1, false, false, unsupported},
	"subsumedBy":        {1, 1, false, false, unsupported},
}

func unsupported(_ *machine, i invoked) (Collection, error) { return nil, errKind(i, "not supported") }

func children(m *machine, input Collection) (Collection, error) {
	var out Collection
	for _, item := range input {
		for _, child := range item.Element.Children() {
			if err := m.step(0); err != nil {
				return nil, err
			}
			out = append(out, Of(child))
		}
	}
	return out, nil
}

func descendants(m *machine, i invoked) (Collection, error) {
	var out Collection
	for level := i.input; len(level) > 0; {
		var err error
		if level, err = children(m, level); err != nil {
			return nil, err
		}
		out = append(out, level...)
	}
	return out, nil
}

func hasValue(_ *machine, i invoked) (Collection, error) {
	return boolean(len(i.input) == 1 && i.input[0].isPrimitive() && i.input[0].scalar() != nil), nil
}

func getValue(_ *machine, i invoked) (Collection, error) {
	if len(i.input) != 1 || !i.input[0].isPrimitive() {
		return nil, nil
	}
	if v := i.input[0].scalar(); v != nil {
		return valueOf(v), nil
	}
	return nil, nil
}

func extension(m *machine, i invoked) (Collection, error) {
	url, ok, err := i.text(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	var out Collection
	for _, item := range i.input {
		for name, child := range item.Element.Children() {
			if err := m.step(0); err != nil {
				return nil, err
			}
			if name == "extension" && child.Node.Get("url").Text() == url {
				out = append(out, Of(child))
			}
		}
	}
	return out, nil
}

// resolve finds what references point at. What is contained is found here, the
// rest by the Scope; what cannot be found is left out.
func resolve(m *machine, i invoked) (Collection, error) {
	var out Collection
	for _, item := range i.input {
		reference := item.Text()
		if isObject(item) {
			reference = item.node().Get("reference").Text()
		}
		if len(reference) > 0 && reference[0] == '#' {
			found, err := m.contained(reference[1:])
			if err != nil {
				return nil, err
			}
			out = append(out, found...)
			continue
		}
		if m.scope.Resolve == nil {
			return nil, fmt.Errorf("resolve: references are %w", ErrUnknown)
		}
		if target, ok := m.scope.Resolve(item); ok {
			out = append(out, target)
		}
	}
	return out, nil
}

func (m *machine) contained(id string) (Collection, error) {
	if id == "" {
		return Collection{m.scope.Root}, nil
	}
	for name, child := range m.scope.Root.Element.Children() {
		if err := m.step(0); err != nil {
			return nil, err
		}
		if name == "contained" && child.Node.Get("id").Text() == id {
			return Collection{Of(child)}, nil
		}
	}
	return nil, nil
}

func conformsTo(m *machine, i invoked) (Collection, error) {
	profile, ok, err := i.text(m, 0)
	if err != nil || !ok || len(i.input) != 1 {
		return nil, err
	}
	if m.scope.ConformsTo == nil {
		return nil, fmt.Errorf("conformsTo: profiles are %w", ErrUnknown)
	}
	conforms, known := m.scope.ConformsTo(i.input[0], profile)
	if !known {
		return nil, fmt.Errorf("conformsTo: the profile %s is %w", profile, ErrUnknown)
	}
	return boolean(conforms), nil
}

func memberOf(m *machine, i invoked) (Collection, error) {
	valueSet, ok, err := i.text(m, 0)
	if err != nil || !ok || len(i.input) != 1 {
		return nil, err
	}
	if m.scope.MemberOf == nil {
		return nil, fmt.Errorf("memberOf: value sets are %w", ErrUnknown)
	}
	member, known := m.scope.MemberOf(i.input[0], valueSet)
	if !known {
		return nil, fmt.Errorf("memberOf: the value set %s is %w", valueSet, ErrUnknown)
	}
	return boolean(member), nil
}

// htmlChecks holds narratives to R4's rules, as the reading of a document does.
func htmlChecks(m *machine, i invoked) (Collection, error) {
	for _, item := range i.input {
		s := item.Text()
		if err := m.step(len(s)); err != nil {
			return nil, err
		}
		if conformance.NarrativeProblem([]byte(s)) != "" {
			return boolean(false), nil
		}
	}
	return boolean(true), nil
}

// ordering is an argument of sort with its direction.
type ordering struct {
	node
	descending bool
}

// keyOf reads an argument of sort: a minus before it asks for the reverse, also
// of what is no number.
func keyOf(n node) (key node, sign int) {
	switch n := n.(type) {
	case *ordering:
		if n.descending {
			return n.node, -1
		}
		return n.node, 1
	case *negation:
		return n.of, -1
	}
	return n, 1
}

// sorted sorts by the arguments, or by the items themselves; empty comes first.
func sorted(m *machine, i invoked) (Collection, error) {
	keys, signs := []node{thisNode{}}, []int{1}
	if len(i.args) > 0 {
		keys, signs = nil, nil
	}
	for _, arg := range i.args {
		key, sign := keyOf(arg)
		keys, signs = append(keys, key), append(signs, sign)
	}
	rows := make([][]any, len(i.input))
	order := make([]int, len(rows))
	for at, item := range i.input {
		order[at] = at
		for _, key := range keys {
			c, err := key.eval(m, i.frame.each(item, at))
			if err != nil {
				return nil, err
			}
			v, err := single(c)
			if err != nil {
				return nil, err
			}
			rows[at] = append(rows[at], v)
		}
	}
	if err := m.step(len(rows) * len(keys) * 16); err != nil {
		return nil, err
	}
	slices.SortStableFunc(order, func(a, b int) int { return compareRows(rows[a], rows[b], signs) })
	out := make(Collection, len(order))
	for to, from := range order {
		out[to] = i.input[from]
	}
	return out, nil
}

func compareRows(a, b []any, signs []int) int {
	for n := range a {
		if a[n] == nil || b[n] == nil {
			if c := boolOrder(a[n] != nil, b[n] != nil); c != 0 {
				return c // empty first, in either direction
			}
			continue
		}
		if c, _, _ := compare(a[n], b[n]); c != 0 {
			return signs[n] * c
		}
	}
	return 0
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
