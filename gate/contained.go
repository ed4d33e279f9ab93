package gate

import (
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
)

// addContained judges contained resources with their container: the patients
// they are about are its subjects, and their codes and labels are its own (R4
// references.html#contained: they have no existence apart from it).
func (g *Gate) addContained(x *index.Extractor, container fhir.Node, entries *index.Entries) error {
	for n := range container.Get("contained").All() {
		doc, err := fhir.ParseDocument(n.Raw())
		if err != nil {
			return err
		}
		inner, err := x.Extract(doc)
		if err == nil {
			err = g.addContained(x, doc.Root(), &inner)
		}
		if err != nil {
			return err
		}
		for _, s := range inner.Subjects {
			if !slices.Contains(entries.Subjects, s) {
				entries.Subjects = append(entries.Subjects, s)
			}
		}
		for _, code := range []string{conformance.CodedCode, "_security"} {
			addCodings(entries, inner, code)
		}
		inner.Subjects = entries.Subjects
		if err := g.nobodyUnknown(inner); err != nil {
			return err
		}
	}
	return nil
}

// addCodings adds the tokens of one parameter, where the container has it.
func addCodings(entries *index.Entries, inner index.Entries, code string) {
	from, to := conformance.ParameterKey(inner.Type, code), conformance.ParameterKey(entries.Type, code)
	for _, t := range inner.Tokens {
		if t.Param != from {
			continue
		}
		if t.Param = to; !slices.Contains(entries.Tokens, t) {
			entries.Tokens = append(entries.Tokens, t)
		}
	}
}

// nobodyUnknown refuses a resource of several subjects of which one is not named
// as Patient/id: such a one cannot be looked up, and what is written about him
// would be shown to the others as if he were not in it. A resource that names
// nobody else has no subject then, and is its custodian's alone.
func (g *Gate) nobodyUnknown(entries index.Entries) error {
	if len(entries.Subjects) == 0 {
		return nil
	}
	for _, p := range conformance.Subjects(entries.Type) {
		for _, r := range entries.References {
			if r.Param == p.Key && r.Type == "" && g.mayBePatient(r) {
				return fhir.NewError(fhir.Unprocessable, "business-rule",
					"each patient that a resource is about is named as Patient/id", p.Expression)
			}
		}
	}
	return nil
}

// mayBePatient reports whether a reference that names no resource here may mean
// a patient: a URL of one, a name inside some message, or a number of a trusted
// assigner.
func (g *Gate) mayBePatient(r index.Reference) bool {
	url := strings.ToLower(r.URL)
	return strings.Contains(url, "patient/") || strings.HasPrefix(url, "urn:") ||
		r.URL == "" && slices.Contains(g.Trusted, r.System)
}
