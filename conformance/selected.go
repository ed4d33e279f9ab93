package conformance

import (
	"maps"
	"slices"
	"strings"
)

// selected is an element that an expression comes to.
type selected struct {
	Type
	valueSet string // that binds a code, by its short name
}

// Selects reports whether a search parameter can come to elements of a type of
// R4. Of an expression that is more than paths, casts and where it is always
// true: what is not known is not excluded.
func (p *Parameter) Selects(typeName string) bool {
	elements, whole := p.selected()
	return !whole || slices.ContainsFunc(elements, func(e selected) bool { return e.Name() == typeName })
}

// Implied lists the codes that system|code, or with code "" system|, asks for
// where a parameter comes to elements that say no system: their value set implies
// it (R4 search.html#token). alone reports that it comes to nothing else, so that
// system|code itself finds nothing; listed is false when all codes of the system
// are asked for and R4 does not list them.
func (p *Parameter) Implied(system, code string) (codes []string, alone, listed bool) {
	elements, alone := p.selected()
	listed = true
	for _, e := range elements {
		all, bare := e.codes()
		if alone = alone && bare; !bare {
			continue
		}
		_, unlisted := all[system][open]
		switch _, has := all[system][code]; {
		case code == "" && unlisted:
			listed = false
		case code == "":
			codes = slices.AppendSeq(codes, maps.Keys(all[system]))
		case has || unlisted:
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes), alone, listed
}

// truths are the values of a boolean as codes (R4 search.html#token).
var truths = concepts{"http://terminology.hl7.org/CodeSystem/special-values": {"true": {}, "false": {}}}

// codes is what an element can have that says a code and no system.
func (e selected) codes() (_ concepts, bare bool) {
	switch e.Name() {
	case "code":
		return loadCodes()[e.valueSet], true
	case "boolean":
		return truths, true
	}
	return nil, false
}

// Codes reports whether a parameter comes to elements of type code.
func (p *Parameter) Codes() bool {
	elements, _ := p.selected()
	return slices.ContainsFunc(elements, func(e selected) bool { return e.Name() == "code" })
}

// selected finds the elements that an expression comes to by the tables alone;
// whole is false when it is more than this understands.
func (p *Parameter) selected() (out []selected, whole bool) {
	if p.Expression == "" {
		return nil, false
	}
	whole = true
	for _, part := range strings.Split(p.Expression, " | ") {
		var from []selected
		known := true
		if first, _, _ := strings.Cut(strings.TrimLeft(part, "("), "."); first != p.Base { // a component
			from, known = (&Parameter{Base: p.Base, Expression: p.of}).selected()
		}
		if known {
			var found []selected
			found, known = selectedBy(part, from)
			out = append(out, found...)
		}
		whole = whole && known
	}
	return out, whole
}

// selectedBy walks one path, from the elements that a component begins at or, if
// there are none, from the type that it names.
func selectedBy(part string, from []selected) (out []selected, known bool) {
	if strings.Contains(part, " and ") || strings.Contains(part, "=") && !strings.Contains(part, "(") {
		return nil, false
	}
	var cast string
	if inner, ok := strings.CutPrefix(part, "("); ok {
		inner, ok = strings.CutSuffix(inner, ")")
		part = inner
		if !ok {
			return nil, false
		}
	}
	if before, after, ok := strings.Cut(part, " as "); ok {
		part, cast = before, after
	}
	steps := pathSteps(part)
	if len(from) == 0 {
		t, ok := TypeNamed(steps[0])
		if !ok {
			return nil, false
		}
		from, steps = []selected{{Type: t}}, steps[1:]
	}
	for _, step := range steps {
		if from, known = stepped(from, step); !known {
			return nil, false
		}
	}
	return ofType(from, cast), true
}

// pathSteps splits a path at the dots that stand in no parentheses.
func pathSteps(path string) (out []string) {
	depth, start := 0, 0
	for i, c := range path {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '.' && depth == 0:
			out, start = append(out, path[start:i]), i+1
		}
	}
	return append(out, path[start:])
}

// stepped is what one step of a path comes to.
func stepped(from []selected, step string) ([]selected, bool) {
	name, argument, call := strings.Cut(step, "(")
	argument = strings.TrimSuffix(argument, ")")
	switch {
	case call && name == "where":
		return from, true
	case call && (name == "as" || name == "ofType"):
		return ofType(from, argument), true
	case call || strings.ContainsAny(name, "[] )"):
		return nil, false
	}
	var out []selected
	for _, e := range from {
		out = append(out, e.children(name)...)
	}
	return out, len(out) > 0
}

// children are the elements of a name, one for each type of a choice.
func (t Type) children(name string) (out []selected) {
	if t.structure == nil {
		return nil
	}
	if f := t.structure.fields[name]; f != nil && !f.choice && !f.anyResource() {
		return []selected{f.selected()}
	}
	for _, f := range t.structure.fields {
		if f.choice && f.name == name && !f.anyResource() {
			out = append(out, f.selected())
		}
	}
	return out
}

func (f *field) selected() selected {
	return selected{Type{structure: f.to, name: f.typeName}, f.valueSet}
}

func ofType(from []selected, name string) []selected {
	if name == "" {
		return from
	}
	return slices.DeleteFunc(slices.Clone(from), func(e selected) bool { return e.Name() != name })
}
