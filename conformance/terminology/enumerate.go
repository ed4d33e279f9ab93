package terminology

// expansion is the codes of a value set, in the order of its definition.
type expansion struct {
	entries  []entry
	places   map[entryKey]int
	unclosed bool // a code system of which only a part is here has more
}

// entry is one code of an expansion. The code system may not be here: then cs is
// nil, and what is known is what the value set lists.
type entry struct {
	system, version, code, display string
	designations                   []designation
	abstract, inactive             bool
	cs                             *codeSystem
	at                             int32
}

// entryKey is what makes two entries the same.
type entryKey struct{ system, version, code string }

func (e *entry) key() entryKey {
	k := entryKey{e.system, e.version, e.code}
	if e.cs != nil {
		k.code = e.cs.key(e.code)
	}
	return k
}

func (e *entry) coding() Coding { return Coding{System: e.system, Version: e.version, Code: e.code} }

// add puts an entry in unless it is there.
func (x *expansion) add(e entry) {
	k := e.key()
	if _, ok := x.places[k]; ok {
		return
	}
	x.places[k] = len(x.entries)
	x.entries = append(x.entries, e)
}

// enumerate lists a value set. The error is an unknownError where something that
// it depends on is not here, an *fhir.Error where it is too costly or cannot be
// used.
func (s *Service) enumerate(vs *valueSet) (*expansion, error) {
	if x, ok := s.expanded[vs]; ok {
		return x, nil
	}
	if err := s.enter(vs); err != nil {
		return nil, err
	}
	defer s.leave()
	all := &expansion{places: map[entryKey]int{}}
	for _, in := range vs.include {
		if err := s.include(all, in); err != nil {
			return nil, err
		}
	}
	out := &expansion{places: map[entryKey]int{}, unclosed: all.unclosed}
	for _, e := range all.entries {
		keep, err := s.keeps(vs, e)
		if err != nil {
			return nil, err
		}
		if keep {
			out.add(e)
		}
	}
	s.expanded[vs] = out
	return out, nil
}

// keeps reports that no exclude takes an entry out.
func (s *Service) keeps(vs *valueSet, e entry) (bool, error) {
	if vs.activeOnly && e.inactive {
		return false, nil
	}
	for _, ex := range vs.exclude {
		v, err := s.within(ex, e.coding())
		switch {
		case err != nil:
			return false, err
		case v.membership == Member:
			return false, nil
		case v.membership == Unjudged:
			return false, unknown("%s", v.why)
		}
	}
	return true, nil
}

// include adds what a clause takes in.
func (s *Service) include(out *expansion, cl *clause) error {
	switch {
	case len(cl.sets) > 0:
		return s.includeSets(out, cl)
	case len(cl.concepts) > 0:
		return s.includeListed(out, cl)
	}
	return s.includeSystem(out, cl)
}

// includeSets adds what is in every value set named and passes the part about
// the system: the first is listed, the rest judged.
func (s *Service) includeSets(out *expansion, cl *clause) error {
	first, err := s.set(cl.sets[0])
	if err != nil {
		return err
	}
	x, err := s.enumerate(first)
	if err != nil {
		return err
	}
	out.unclosed = out.unclosed || x.unclosed
	rest := *cl
	rest.sets = cl.sets[1:]
	if err := s.usableFilters(&rest); err != nil {
		return err
	}
	for _, e := range x.entries {
		v, err := s.within(&rest, e.coding())
		switch {
		case err != nil:
			return err
		case v.membership == Unjudged:
			return unknown("%s", v.why)
		case v.membership == Member:
			out.add(e)
		}
	}
	return nil
}

// usableFilters refuses filters that cannot be used, whether or not a code comes
// before them.
func (s *Service) usableFilters(cl *clause) error {
	if len(cl.filters) == 0 {
		return nil
	}
	version, err := s.chosen(cl.system, cl.version)
	if err != nil {
		return err
	}
	cs, err := s.system(cl.system, version)
	if isUnknown(err) || err == nil && cs.grammar != nil {
		return nil
	}
	if err == nil {
		_, err = s.tests(cl, cs)
	}
	return err
}

// includeListed adds the concepts that a clause lists, whether their code system
// is here or not.
func (s *Service) includeListed(out *expansion, cl *clause) error {
	if err := s.spend(len(cl.concepts)); err != nil {
		return err
	}
	version, err := s.chosen(cl.system, cl.version)
	if err != nil {
		return err
	}
	cs, err := s.system(cl.system, version)
	if err != nil && !isUnknown(err) {
		return err
	}
	if cs != nil {
		s.used[cs.canonical()] = true
	}
	for _, l := range cl.concepts {
		e := entry{system: cl.system, version: version, code: l.code, display: l.display, designations: l.designations}
		if cs != nil {
			if !cs.mayHave(l.code) {
				continue
			}
			e.describe(cs)
		}
		out.add(e)
	}
	return nil
}

// describe adds what the code system says of the entry.
func (e *entry) describe(cs *codeSystem) {
	i, ok := cs.find(e.code)
	if !ok {
		return
	}
	c := &cs.concepts[i]
	e.cs, e.at, e.abstract, e.inactive, e.code = cs, i, c.abstract, c.inactive, c.code
	if e.display == "" {
		e.display = c.display
	}
	e.designations = append(e.designations[:len(e.designations):len(e.designations)], c.designations...)
}

// includeSystem adds the concepts of a code system that pass the filters.
func (s *Service) includeSystem(out *expansion, cl *clause) error {
	version, err := s.chosen(cl.system, cl.version)
	if err != nil {
		return err
	}
	cs, err := s.system(cl.system, version)
	if err != nil {
		return err
	}
	if cs.grammar != nil {
		return costly("the codes of %s (%s) follow a rule and cannot be listed", cs.grammar.title, cl.system)
	}
	s.used[cs.canonical()] = true
	out.unclosed = out.unclosed || !cs.whole()
	if err := s.spend(len(cs.concepts) * (1 + len(cl.filters))); err != nil {
		return err
	}
	tests, err := s.tests(cl, cs)
	if err != nil {
		return err
	}
	for i := range cs.concepts {
		if passes(tests, int32(i)) {
			e := entry{system: cl.system, version: version, code: cs.concepts[i].code}
			e.describe(cs)
			out.add(e)
		}
	}
	return nil
}

func passes(tests []test, i int32) bool {
	for _, t := range tests {
		if !t(i) {
			return false
		}
	}
	return true
}
