package terminology

import "sluis/fhir"

// subsumesParameters are those of R4 codesystem-operation-subsumes.html.
var subsumesParameters = []parameter{
	{name: "codeA"}, {name: "codeB"}, {name: "system"}, {name: "version"}, {name: "codingA", kind: codingKind}, {name: "codingB", kind: codingKind},
}

// The outcomes of $subsumes (R4 concept-subsumption-outcome).
const (
	equivalent  = "equivalent"
	subsumes    = "subsumes"
	subsumedBy  = "subsumed-by"
	notSubsumed = "not-subsumed"
)

// runSubsumes answers $subsumes. Codes of two code systems are not compared.
func (s *Service) runSubsumes(c Call, a *arguments) ([]byte, error) {
	one, err := s.side(c, a, "codeA", "codingA")
	if err != nil {
		return nil, err
	}
	two, err := s.side(c, a, "codeB", "codingB")
	if err != nil {
		return nil, err
	}
	if one.System != two.System || one.Version != "" && two.Version != "" && one.Version != two.Version {
		return nil, unsupported("the codes are of different code systems")
	}
	if one.Version == "" {
		one.Version = two.Version
	}
	two.Version = one.Version
	outcome, err := s.compare(one, two)
	if err != nil {
		return nil, err
	}
	return parametersOf([]writtenParameter{{name: "outcome", key: "valueCode", value: outcome}}), nil
}

// side is one of the codes. On an instance its system is the instance's, which is
// then the one that is read.
func (s *Service) side(c Call, a *arguments, code, coding string) (Coding, error) {
	if a.has(code) == a.has(coding) {
		return Coding{}, fhir.NewError(fhir.Invalid, "required", "one of "+code+" and "+coding+" is needed, and only one", code)
	}
	out := Coding{System: a.text("system"), Version: a.text("version"), Code: a.text(code)}
	if a.has(coding) {
		out = codingOf(a.node(coding))
	}
	if c.Instance != nil {
		cs, err := s.systemOf(c.Instance.Root(), "")
		if err != nil {
			return Coding{}, err
		}
		if out.System != "" && out.System != cs.url || out.Version != "" && out.Version != cs.version {
			return Coding{}, fhir.NewError(fhir.Invalid, "invalid", code+" is not of the code system on which the operation is called", code)
		}
		out.System, out.Version = cs.url, cs.version
		s.systems[cs.url+"|"+cs.version] = cs
	}
	if out.System == "" || out.Code == "" {
		return Coding{}, fhir.NewError(fhir.Invalid, "required", "a code and its system are needed", code)
	}
	return out, nil
}

// compare tells how two codes of one system stand to each other.
func (s *Service) compare(one, two Coding) (string, error) {
	cs, a, err := s.concept(one)
	if err != nil {
		return "", err
	}
	_, b, err := s.concept(two)
	if err != nil {
		return "", err
	}
	switch {
	case a == b && (a >= 0 || one.Code == two.Code):
		return equivalent, nil
	case a < 0 || b < 0:
		return notSubsumed, nil
	case cs.above(b).has(a):
		return subsumes, nil
	case cs.above(a).has(b):
		return subsumedBy, nil
	}
	return notSubsumed, nil
}

// Below is a code and all codes below it, in the order of the code system; the
// error is an *fhir.Error of kind NotFound where the system or the code is not
// here, and Unprocessable where there are more than MaxCodes.
func (s *Service) Below(system, code string) ([]Coding, error) {
	return s.related(Coding{System: system, Code: code}, (*codeSystem).below)
}

// Above is a code and all codes above it.
func (s *Service) Above(system, code string) ([]Coding, error) {
	return s.related(Coding{System: system, Code: code}, (*codeSystem).above)
}

func (s *Service) related(c Coding, in func(*codeSystem, int32) set) ([]Coding, error) {
	cs, i, err := s.concept(c)
	if err != nil {
		return nil, answer(err)
	}
	if i < 0 {
		return []Coding{c}, nil
	}
	places := in(cs, i)
	if len(places) > MaxCodes {
		return nil, costly("%s is related to %d codes, and %d is the most", shown(c.Code), len(places), MaxCodes)
	}
	list := make([]int32, 0, len(places))
	for p := range places {
		list = append(list, p)
	}
	var out []Coding
	for _, code := range cs.codes(list) {
		out = append(out, Coding{System: c.System, Code: code})
	}
	return out, nil
}
