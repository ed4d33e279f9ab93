package fhirpath

// function is one function of the language.
type function struct {
	least, most int  // arguments
	ofType      bool // the argument is a type
	pattern     bool // the first argument is a regular expression
	run         func(*machine, invoked) (Collection, error)
}

// functions holds N1's functions, and those that R4 adds (fhirpath.html).
var functions map[string]function

func init() { // in init, because functions evaluate expressions that call functions
	functions = map[string]function{}
	for _, group := range []map[string]function{existence, filtering, subsetting, conversion, texts, numbers, boundaries, fhirFunctions} {
		for name, f := range group {
			functions[name] = f
		}
	}
}

var existence = map[string]function{
	"empty":      {0, 0, false, false, func(_ *machine, i invoked) (Collection, error) { return boolean(len(i.input) == 0), nil }},
	"count":      {0, 0, false, false, func(_ *machine, i invoked) (Collection, error) { return integer(len(i.input)), nil }},
	"exists":     {0, 1, false, false, exists},
	"all":        {1, 1, false, false, all},
	"not":        {0, 0, false, false, not},
	"allTrue":    {0, 0, false, false, quantified(true, true)},
	"allFalse":   {0, 0, false, false, quantified(false, true)},
	"anyTrue":    {0, 0, false, false, quantified(true, false)},
	"anyFalse":   {0, 0, false, false, quantified(false, false)},
	"subsetOf":   {1, 1, false, false, subsetOf},
	"supersetOf": {1, 1, false, false, supersetOf},
	"distinct":   {0, 0, false, false, func(m *machine, i invoked) (Collection, error) { return m.union(i.input, nil) }},
	"isDistinct": {0, 0, false, false, isDistinct},
	"iif":        {2, 3, false, false, iif},
}

func exists(m *machine, i invoked) (Collection, error) {
	if len(i.args) == 0 {
		return boolean(len(i.input) > 0), nil
	}
	kept, err := where(m, i)
	return boolean(len(kept) > 0), err
}

func all(m *machine, i invoked) (Collection, error) {
	for at, item := range i.input {
		c, err := i.each(m, 0, item, at)
		if err != nil {
			return nil, err
		}
		holds, err := criterion(c)
		if err != nil || !holds {
			return boolean(false), err
		}
	}
	return boolean(true), nil
}

func not(_ *machine, i invoked) (Collection, error) {
	is, told, err := truth(i.input)
	if err != nil || !told {
		return nil, err
	}
	return boolean(!is), nil
}

// quantified makes allTrue, anyTrue and their likes: whether all, or any, of the
// items are a certain Boolean.
func quantified(want, all bool) func(*machine, invoked) (Collection, error) {
	return func(_ *machine, i invoked) (Collection, error) {
		for _, item := range i.input {
			b, ok := item.scalar().(bool)
			if !ok {
				return nil, errKind(i, "Booleans are expected")
			}
			if (b == want) != all {
				return boolean(!all), nil
			}
		}
		return boolean(all), nil
	}
}

func subsetOf(m *machine, i invoked) (Collection, error) {
	other, err := i.arg(m, 0)
	if err != nil {
		return nil, err
	}
	return m.within(i.input, other)
}

func supersetOf(m *machine, i invoked) (Collection, error) {
	other, err := i.arg(m, 0)
	if err != nil {
		return nil, err
	}
	return m.within(other, i.input)
}

func (m *machine) within(part, whole Collection) (Collection, error) {
	for _, item := range part {
		at, err := m.find(whole, item)
		if err != nil || at < 0 {
			return boolean(false), err
		}
	}
	return boolean(true), nil
}

func isDistinct(m *machine, i invoked) (Collection, error) {
	distinct, err := m.union(i.input, nil)
	return boolean(len(distinct) == len(i.input)), err
}

// iif evaluates one branch only.
func iif(m *machine, i invoked) (Collection, error) {
	if i.of != nil && len(i.input) > 1 {
		return nil, errKind(i, "one item is expected")
	}
	f := i.frame
	if i.of != nil {
		f = frame{this: i.input, index: f.index, total: f.total}
	}
	c, err := i.args[0].eval(m, f)
	if err != nil {
		return nil, err
	}
	v, err := single(c)
	if err != nil {
		return nil, err
	}
	is, ok := v.(bool)
	switch {
	case len(c) > 0 && !ok:
		return nil, errKind(i, "the criterion is a Boolean")
	case is:
		return i.args[1].eval(m, f)
	case len(i.args) == 3:
		return i.args[2].eval(m, f)
	}
	return nil, nil
}

var filtering = map[string]function{
	"where":     {1, 1, false, false, where},
	"select":    {1, 1, false, false, project},
	"repeat":    {1, 1, false, false, repeat},
	"ofType":    {1, 1, true, false, filterType},
	"as":        {1, 1, true, false, filterType},
	"is":        {1, 1, true, false, isType},
	"aggregate": {1, 2, false, false, aggregate},
	"sort":      {0, 8, false, false, sorted},
	"union":     {1, 1, false, false, unionOf},
	"combine":   {1, 1, false, false, combine},
	"intersect": {1, 1, false, false, intersect},
	"exclude":   {1, 1, false, false, exclude},
	"trace":     {1, 2, false, false, func(_ *machine, i invoked) (Collection, error) { return i.input, nil }},
	"type":      {0, 0, false, false, typesOf},
}

func where(m *machine, i invoked) (Collection, error) {
	var out Collection
	for at, item := range i.input {
		c, err := i.each(m, 0, item, at)
		if err != nil {
			return nil, err
		}
		holds, err := criterion(c)
		if err != nil {
			return nil, err
		}
		if holds {
			out = append(out, item)
		}
	}
	return out, nil
}

func project(m *machine, i invoked) (Collection, error) {
	var out Collection
	for at, item := range i.input {
		c, err := i.each(m, 0, item, at)
		if err != nil {
			return nil, err
		}
		if err := m.step(len(c)); err != nil {
			return nil, err
		}
		out = append(out, c...)
	}
	return out, nil
}

// repeat projects until nothing new comes; what equals an item already found is
// not new, so that it ends. Elements are new by their place in the document.
func repeat(m *machine, i invoked) (Collection, error) {
	var out Collection
	places := map[[2]int]bool{}
	for queue := i.input; len(queue) > 0; {
		next, err := project(m, invoked{i.call, queue, i.frame})
		if err != nil {
			return nil, err
		}
		queue = nil
		for _, item := range next {
			known, err := m.known(item, out, places)
			if err != nil {
				return nil, err
			}
			if !known {
				queue = append(queue, item)
				out = append(out, item)
			}
		}
	}
	return out, nil
}

func (m *machine) known(item Item, out Collection, places map[[2]int]bool) (bool, error) {
	if item.isElement() {
		start, end := item.Element.Place().Span()
		place := [2]int{start, end}
		known := places[place]
		places[place] = true
		return known, nil
	}
	at, err := m.find(out, item)
	return at >= 0, err
}

func filterType(m *machine, i invoked) (Collection, error) {
	return ofType(m, i.input, typeSpec(i.args[0].(typeNode)))
}

func isType(_ *machine, i invoked) (Collection, error) {
	switch len(i.input) {
	case 0:
		return nil, nil
	case 1:
		return boolean(typeSpec(i.args[0].(typeNode)).is(i.input[0])), nil
	}
	return nil, errKind(i, "one item is expected")
}

func aggregate(m *machine, i invoked) (Collection, error) {
	var total Collection
	if len(i.args) == 2 {
		var err error
		if total, err = i.arg(m, 1); err != nil {
			return nil, err
		}
	}
	for at, item := range i.input {
		f := i.frame.each(item, at)
		f.total = total
		var err error
		if total, err = i.args[0].eval(m, f); err != nil {
			return nil, err
		}
	}
	return total, nil
}

func unionOf(m *machine, i invoked) (Collection, error) {
	other, err := i.arg(m, 0)
	if err != nil {
		return nil, err
	}
	return m.union(i.input, other)
}

func combine(m *machine, i invoked) (Collection, error) {
	other, err := i.arg(m, 0)
	if err != nil {
		return nil, err
	}
	return append(append(Collection(nil), i.input...), other...), nil
}

func intersect(m *machine, i invoked) (Collection, error) {
	other, err := i.arg(m, 0)
	if err != nil {
		return nil, err
	}
	var both Collection
	for _, item := range i.input {
		at, err := m.find(other, item)
		if err != nil {
			return nil, err
		}
		if at >= 0 {
			both = append(both, item)
		}
	}
	return m.union(both, nil)
}

func exclude(m *machine, i invoked) (Collection, error) {
	other, err := i.arg(m, 0)
	if err != nil {
		return nil, err
	}
	var out Collection
	for _, item := range i.input {
		at, err := m.find(other, item)
		if err != nil {
			return nil, err
		}
		if at < 0 {
			out = append(out, item)
		}
	}
	return out, nil
}

func typesOf(_ *machine, i invoked) (Collection, error) {
	var out Collection
	for _, item := range i.input {
		out = append(out, Item{value: item.typeOf()})
	}
	return out, nil
}

var subsetting = map[string]function{
	"single": {0, 0, false, false, func(_ *machine, i invoked) (Collection, error) {
		if len(i.input) > 1 {
			return nil, errKind(i, "one item is expected")
		}
		return i.input, nil
	}},
	"first": {0, 0, false, false, func(_ *machine, i invoked) (Collection, error) { return i.input[:min(1, len(i.input))], nil }},
	"last":  {0, 0, false, false, func(_ *machine, i invoked) (Collection, error) { return i.input[max(0, len(i.input)-1):], nil }},
	"tail":  {0, 0, false, false, func(_ *machine, i invoked) (Collection, error) { return i.input[min(1, len(i.input)):], nil }},
	"skip":  {1, 1, false, false, func(m *machine, i invoked) (Collection, error) { return i.slice(m, true) }},
	"take":  {1, 1, false, false, func(m *machine, i invoked) (Collection, error) { return i.slice(m, false) }},
}

func (i invoked) slice(m *machine, skip bool) (Collection, error) {
	n, ok, err := i.integer(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	at := max(0, min(n, int64(len(i.input))))
	if skip {
		return i.input[at:], nil
	}
	return i.input[:at], nil
}
