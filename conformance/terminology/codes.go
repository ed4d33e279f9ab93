package terminology

import "sluis/fhir"

// Codes lists what a value set holds, for a search (:in, :not-in): abstract codes
// too. The error is an *fhir.Error: NotFound where the value set is not here,
// Unprocessable where it cannot be listed as a whole or has more than MaxCodes.
func (s *Service) Codes(valueSet string) ([]Coding, error) {
	vs, err := s.set(valueSet)
	if err != nil {
		return nil, answer(err)
	}
	return s.codesOf(vs)
}

// CodesOf is Codes for a ValueSet resource.
func (s *Service) CodesOf(valueSet *fhir.Document) ([]Coding, error) {
	vs, err := readValueSet(valueSet)
	if err != nil {
		return nil, err
	}
	return s.codesOf(vs)
}

func (s *Service) codesOf(vs *valueSet) ([]Coding, error) {
	x, err := s.enumerate(vs)
	switch {
	case isUnknown(err):
		return nil, fhir.NewError(fhir.Unprocessable, "not-found", "the value set "+shown(vs.url)+" cannot be expanded: "+err.Error())
	case err != nil:
		return nil, err
	case x.unclosed:
		return nil, fhir.NewError(fhir.Unprocessable, "not-found", "the value set "+shown(vs.url)+" cannot be expanded: only a part of a code system in it is known to this server")
	case len(x.entries) > MaxCodes:
		return nil, costly("the value set %s has %d codes, and %d is the most that a search takes", shown(vs.url), len(x.entries), MaxCodes)
	}
	out := make([]Coding, len(x.entries))
	for i := range x.entries {
		out[i] = Coding{System: x.entries[i].system, Code: x.entries[i].code}
	}
	return out, nil
}
