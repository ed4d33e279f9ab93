package terminology

import (
	"fmt"
	"slices"
)

// Membership says how a code stands to a value set. The zero Membership claims
// nothing.
type Membership int

// The outcomes.
const (
	Unjudged  Membership = iota // the value set, or the content of a code system, is not here
	Member                      // it is in the value set
	NotMember                   // it is not
)

func (m Membership) String() string {
	return [...]string{"cannot be judged", "member", "not a member"}[m]
}

// Coding is a code of a system, as data carry it.
type Coding struct{ System, Version, Code, Display string }

// Member tells whether a code may be used where the value set is bound: abstract
// codes may not. A system of "" is that of an element of type code, which the
// binding implies: the code may be of any system in the value set. What cannot be
// judged, for whatever reason, is Unjudged.
func (s *Service) Member(valueSet, system, code string) Membership {
	vs, err := s.set(valueSet)
	if err != nil {
		return Unjudged
	}
	if system != "" {
		return s.usable(vs, Coding{System: system, Code: code})
	}
	systems := map[string]bool{}
	if err := s.systemsOf(vs, systems); err != nil {
		return Unjudged
	}
	out := NotMember
	for system := range systems {
		switch s.usable(vs, Coding{System: system, Code: code}) {
		case Member:
			return Member
		case Unjudged:
			out = Unjudged
		case NotMember:
		}
	}
	return out
}

// ValidateCode is Member in two truths, as validation asks it: known is false for
// what cannot be judged.
func (s *Service) ValidateCode(valueSet, system, code string) (member, known bool) {
	m := s.Member(valueSet, system, code)
	return m == Member, m != Unjudged
}

// usable is whether a code is in the value set and not abstract.
func (s *Service) usable(vs *valueSet, c Coding) Membership {
	v, err := s.contains(vs, c)
	if err != nil {
		return Unjudged
	}
	if v.membership == Member && s.abstract(c) {
		return NotMember
	}
	return v.membership
}

func (s *Service) abstract(c Coding) bool {
	cs, err := s.system(c.System, c.Version)
	if err != nil {
		return false
	}
	i, ok := cs.find(c.Code)
	return ok && cs.concepts[i].abstract
}

// systemsOf collects the code systems that the includes of a value set name,
// over those it imports.
func (s *Service) systemsOf(vs *valueSet, into map[string]bool) error {
	if err := s.enter(vs); err != nil {
		return err
	}
	defer s.leave()
	if err := s.spend(len(vs.include)); err != nil {
		return err
	}
	for _, in := range vs.include {
		if in.system != "" {
			into[in.system] = true
			continue
		}
		next, err := s.set(in.sets[0])
		if err != nil {
			return err
		}
		if err := s.systemsOf(next, into); err != nil {
			return err
		}
	}
	return nil
}

// question is what a verdict answers.
type question struct {
	set    *valueSet
	coding Coding
}

// verdict is whether a coding is in a value set or clause. Why says what is
// missing where it cannot be judged; from is the concept as the value set lists
// it, where it does.
type verdict struct {
	membership Membership
	why        string
	from       *listed
}

// contains judges a coding without listing the value set. Errors are of
// definitions that cannot be used, and of too much work; what is not known is a
// verdict.
func (s *Service) contains(vs *valueSet, c Coding) (verdict, error) {
	c.Display = ""
	q := question{set: vs, coding: c}
	if v, ok := s.verdicts[q]; ok {
		return v, nil
	}
	if err := s.enter(vs); err != nil {
		return verdict{}, err
	}
	defer s.leave()
	v, err := s.judge(vs, c)
	if err == nil {
		s.verdicts[q] = v
	}
	return v, err
}

func (s *Service) judge(vs *valueSet, c Coding) (verdict, error) {
	out := verdict{membership: NotMember}
	for _, in := range vs.include {
		v, err := s.within(in, c)
		switch {
		case err != nil:
			return verdict{}, err
		case v.membership == Member:
			out = v
		case v.membership == Unjudged:
			out = v
			continue
		default:
			continue
		}
		break
	}
	if out.membership == NotMember {
		return out, nil
	}
	for _, ex := range vs.exclude {
		v, err := s.within(ex, c)
		switch {
		case err != nil:
			return verdict{}, err
		case v.membership == Member:
			return verdict{membership: NotMember}, nil
		case v.membership == Unjudged:
			out = v
		}
	}
	if out.membership == Member && vs.activeOnly && s.inactive(c) {
		return verdict{membership: NotMember}, nil
	}
	return out, nil
}

func (s *Service) inactive(c Coding) bool {
	cs, err := s.system(c.System, c.Version)
	if err != nil {
		return false
	}
	i, ok := cs.find(c.Code)
	return ok && cs.concepts[i].inactive
}

// within judges one clause: the part about the system, and every value set.
func (s *Service) within(cl *clause, c Coding) (verdict, error) {
	if err := s.spend(1); err != nil {
		return verdict{}, err
	}
	out := verdict{membership: Member}
	if cl.system != "" {
		v, err := s.ofSystem(cl, c)
		if err != nil || v.membership == NotMember {
			return v, err
		}
		out = v
	}
	for _, canonical := range cl.sets {
		v, err := s.containsNamed(canonical, c)
		switch {
		case err != nil || v.membership == NotMember:
			return v, err
		case v.membership == Unjudged:
			out = v
		case out.membership == Member && out.from == nil:
			out.from = v.from
		}
	}
	return out, nil
}

// containsNamed is contains for a value set that another names.
func (s *Service) containsNamed(canonical string, c Coding) (verdict, error) {
	vs, err := s.set(canonical)
	if isUnknown(err) {
		return verdict{why: err.Error()}, nil
	}
	if err != nil {
		return verdict{}, err
	}
	return s.contains(vs, c)
}

// ofSystem judges the part of a clause that is about a code system.
func (s *Service) ofSystem(cl *clause, c Coding) (verdict, error) {
	if cl.system != c.System {
		return verdict{membership: NotMember}, nil
	}
	version, err := s.chosen(cl.system, cl.version)
	if err != nil {
		return verdict{}, err
	}
	if version != "" && c.Version != "" && version != c.Version {
		return verdict{membership: NotMember}, nil
	}
	if version == "" {
		version = c.Version
	}
	cs, err := s.system(cl.system, version)
	switch {
	case err != nil && !isUnknown(err):
		return verdict{}, err
	case len(cl.concepts) > 0:
		return inList(cl, cs, c.Code), nil
	case err != nil:
		return verdict{why: err.Error()}, nil
	case cs.grammar != nil:
		return ruled(cl, cs.grammar, c.Code)
	}
	return s.inSystem(cl, cs, c.Code)
}

// inList looks among listed concepts. A listed code that a code system which is
// here whole does not have is no code; cs is nil where the system is not here.
func inList(cl *clause, cs *codeSystem, code string) verdict {
	key := func(code string) string { return code }
	if cs != nil {
		key = cs.key
	}
	at := slices.IndexFunc(cl.concepts, func(l listed) bool { return key(l.code) == key(code) })
	if at < 0 || cs != nil && !cs.mayHave(code) {
		return verdict{membership: NotMember}
	}
	return verdict{membership: Member, from: &cl.concepts[at]}
}

// mayHave reports whether a code is in the system, or may be in what is not here
// of it. A code of a system with a rule that a value set lists is taken on its
// word.
func (cs *codeSystem) mayHave(code string) bool {
	if !cs.whole() || cs.grammar != nil {
		return true
	}
	_, ok := cs.find(code)
	return ok
}

// ruled judges by the rule of a code system.
func ruled(cl *clause, g *grammar, code string) (verdict, error) {
	if !g.valid(code) {
		return verdict{membership: NotMember}, nil
	}
	for _, f := range cl.filters {
		passes, known := false, false
		if g.filter != nil {
			passes, known = g.filter(code, f)
		}
		if !known && f.property == "code" && f.op == "regex" {
			whole, err := pattern(f.value)
			if err != nil {
				return verdict{}, err
			}
			passes, known = whole.MatchString(code), true
		}
		if !known {
			return verdict{}, unsupported("the filter %s %s on %s", shown(f.property), f.op, shown(g.title))
		}
		if !passes {
			return verdict{membership: NotMember}, nil
		}
	}
	return verdict{membership: Member}, nil
}

// inSystem judges by the concepts and filters.
func (s *Service) inSystem(cl *clause, cs *codeSystem, code string) (verdict, error) {
	i, ok := cs.find(code)
	switch {
	case !ok && cs.whole():
		return verdict{membership: NotMember}, nil
	case !ok:
		return verdict{why: fmt.Sprintf("only a part of the code system %s is known to this server, and %s is not in it", shown(cs.url), shown(code))}, nil
	}
	tests, err := s.tests(cl, cs)
	if err != nil {
		return verdict{}, err
	}
	for _, t := range tests {
		if !t(i) {
			return verdict{membership: NotMember}, nil
		}
	}
	return verdict{membership: Member}, nil
}
