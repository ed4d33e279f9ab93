package path

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"sluis/conformance"
)

// schema is R4's structures as conformance keeps them: type → element → types;
// the name of a choice ends in [x].
type schema map[string]map[string][]string

func readSchema(t *testing.T) schema {
	t.Helper()
	raw, err := os.ReadFile("../../conformance/data/structures.txt")
	if err != nil {
		t.Fatal(err)
	}
	s, parents, name := schema{}, map[string]string{}, ""
	for line := range strings.Lines(string(raw)) {
		f := strings.Fields(line)
		switch {
		case line[0] == '#' || len(f) == 0:
		case line[0] != ' ':
			name, parents[f[0]] = f[0], f[2]
			s[name] = map[string][]string{}
		default:
			s[name][f[0]] = f[3:]
		}
	}
	for name := range s {
		for p := parents[name]; p != "-" && p != ""; p = parents[p] {
			for e, types := range s[p] {
				s[name][e] = types
			}
		}
	}
	return s
}

// elements are the types of a member, with suffix types for a choice.
func (s schema) elements(of, name string) []string {
	if of == "Resource" {
		return []string{"Resource"} // a contained resource of whatever type
	}
	var out []string
	for _, t := range append(s[of][name], s[of][name+"[x]"]...) {
		t, _, _ = strings.Cut(t, "(")
		t, _, _ = strings.Cut(t, ":")
		t, _, _ = strings.Cut(t, "=") // Quantity=SimpleQuantity
		out = append(out, t)
	}
	return out
}

// types is what an expression selects, seen from values of some types; it fails
// for a step that no R4 resource can take.
func (s schema) types(e expr, in []string) ([]string, error) {
	switch e := e.(type) {
	case focus:
		return in, nil
	case union:
		var out []string
		for _, p := range e.parts {
			ts, err := s.types(p, in)
			if err != nil {
				return nil, err
			}
			out = append(out, ts...)
		}
		return out, nil
	case member:
		ts, err := s.types(e.of, in)
		if err != nil {
			return nil, err
		}
		return s.step(e, ts)
	case where:
		ts, err := s.types(e.of, in)
		if err == nil {
			_, err = s.types(e.condition, ts)
		}
		return ts, err
	case at:
		return s.types(e.of, in)
	case resolve:
		return s.types(e.of, in)
	case is:
		_, err := s.types(e.of, in)
		return []string{"boolean"}, err
	case exists:
		_, err := s.types(e.of, in)
		return []string{"boolean"}, err
	case equal:
		_, err := s.types(e.left, in)
		return []string{"boolean"}, err
	case and:
		_, err := s.types(e.left, in)
		if err == nil {
			_, err = s.types(e.right, in)
		}
		return []string{"boolean"}, err
	}
	return nil, fmt.Errorf("unknown %T", e)
}

// mistakable tells whether a step takes one element for the choice of another.
func (s schema) mistakable(of string, m member) error {
	for e := range s[of] {
		suffix, ok := strings.CutPrefix(e, m.name)
		if ok && m.choice && choiceType(suffix) != "" {
			return fmt.Errorf("%s.%s reads as a choice of %s", of, e, m.name)
		}
	}
	return nil
}

// step is what a member selects from values of some types.
func (s schema) step(m member, from []string) ([]string, error) {
	var out []string
	for _, t := range from {
		if err := s.mistakable(t, m); err != nil {
			return nil, err
		}
		if m.as == "" {
			out = append(out, s.elements(t, m.name)...)
			continue
		}
		name := strings.TrimSuffix(m.name, choiceSuffix(m.as))
		if !slices.ContainsFunc(s[t][name+"[x]"], func(have string) bool {
			return have == m.as || strings.HasPrefix(have, m.as+"(") || strings.HasPrefix(have, m.as+"=")
		}) {
			return nil, fmt.Errorf("%s.%s as %s", t, name, m.as)
		}
		out = append(out, m.as)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no element %s in %v", m.name, from)
	}
	return out, nil
}

// TestEveryStepExists proves that no expression of R4 selects nothing for want
// of an element, and that every cast is of a choice that has that type.
func TestEveryStepExists(t *testing.T) {
	s := readSchema(t)
	for _, name := range conformance.Types() {
		for _, p := range append(conformance.Parameters(name), conformance.Pseudo(name)...) {
			if p.Expression == "" {
				continue
			}
			prog, err := Compile(p.Expression, name)
			if err != nil {
				t.Fatal(err)
			}
			elements, err := s.types(prog.body, []string{name})
			if err != nil {
				t.Errorf("%s.%s, %s: %v", name, p.Code, p.Expression, err)
			}
			for _, part := range p.Parts {
				s.component(t, part, elements)
			}
		}
	}
}

// component checks the expression of a component, seen from what its composite
// selects or, when it begins with the base, from the resource.
func (s schema) component(t *testing.T, part *conformance.Parameter, from []string) {
	t.Helper()
	if strings.HasPrefix(part.Expression, part.Base+".") {
		from = []string{part.Base}
	}
	prog, err := Compile(part.Expression, part.Base)
	if err == nil {
		_, err = s.types(prog.body, from)
	}
	if err != nil {
		t.Errorf("%s.%s, %s of %v: %v", part.Base, part.Code, part.Expression, from, err)
	}
}

// TestChoicesOfR4 holds the table of choices, and the types they may have,
// against the structures.
func TestChoicesOfR4(t *testing.T) {
	s, seen := readSchema(t), map[string]bool{}
	for typ, elements := range s {
		for e := range elements {
			name, isChoice := strings.CutSuffix(e, "[x]")
			if !isChoice {
				continue
			}
			seen[name] = true
			for _, have := range s.elements(typ, name) {
				suffix := strings.ToUpper(have[:1]) + have[1:]
				if choiceType(suffix) != have {
					t.Errorf("%s.%s may be %s, which is not known", typ, e, have)
				}
			}
		}
	}
	for name := range choices {
		if !seen[name] {
			t.Errorf("R4 has no choice element %s[x]", name)
		}
	}
	for name := range seen {
		if !choices[name] {
			t.Errorf("%s[x] is a choice in R4 and not in the table", name)
		}
	}
}
