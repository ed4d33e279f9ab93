package query

import (
	"slices"
	"time"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
)

// Resource is what Match needs to know of one resource: the same that a store
// holds in its rows.
type Resource struct {
	Type, ID  string
	Custodian string // id of the Organization
	Updated   time.Time
	Entries   index.Entries
	Labels    []Coding  // security labels added beside the body; received ones are entries
	Subjects  []Subject // one for each person; of a Patient it is that person

	// Resolve reads the target of a reference, when it is there and the caller
	// may see it. Without it no chain holds.
	Resolve func(fhir.Ref) (Resource, bool)

	// Referrers lists the resources of a type that the caller may see and that
	// refer to a resource. Without it no reverse chain holds.
	Referrers func(to fhir.Ref, source string) []Resource

	// Referring lists every resource that is there and refers to this one,
	// whoever may see it: what an access turns on is not itself under an access.
	// Without it nothing refers.
	Referring func() []Resource

	// Linked lists every Patient of the same person as a Patient that the
	// caller may see, itself included. Without it, or without an answer, a
	// reference denotes what it names alone.
	Linked func(fhir.Ref) []fhir.Ref
}

// Subject is a person whom a resource is about.
type Subject struct {
	Patients  []fhir.Ref // every linked Patient of the person
	Shape     int64      // of the person's consents; 0: none in force
	Relations []Relation // treatment relations that name the person
}

// Relation says that Custodian recorded that Party treats the person within a
// period, inclusive; a zero time is open.
type Relation struct {
	Custodian  string
	Party      fhir.Ref
	Start, End time.Time
}

// Match reports whether x holds for one resource. It is the oracle for
// storage/relational and serves where one resource is at hand; what it does not
// know it does not match. A parameter is that of one type: a resource of
// another type has no entries of it, so Missing holds for that as well, and a
// negation; put TypeIs beside them where that matters.
func Match(x Expr, r Resource) bool {
	switch x := x.(type) {
	case All:
		return true
	case Conj:
		return len(x.Parts) > 0 && !slices.ContainsFunc(x.Parts, func(p Expr) bool { return !Match(p, r) })
	case Disj:
		return slices.ContainsFunc(x.Parts, func(p Expr) bool { return Match(p, r) })
	case Neg:
		return !Empty(x.X) && !Match(x.X, r)
	case TypeIs:
		return slices.Contains(x.Types, r.Type)
	case IDIs:
		return slices.Contains(x.IDs, r.ID)
	case Compare:
		return x.matches(r)
	case Missing:
		return x.Param != nil && !r.has(x.Param)
	case Chain:
		return x.matches(r)
	case Has:
		return x.matches(r)
	case Composite:
		return x.matches(r)
	case Words:
		return x.matches(r)
	case Near:
		return x.Param != nil && slices.ContainsFunc(r.Entries.Positions, func(e index.Position) bool {
			return e.Param == x.Param.Key && slices.ContainsFunc(x.Points, func(p Point) bool { return p.covers(e) })
		})
	case Custodian:
		return x.ID != "" && r.Custodian == x.ID
	case Coded:
		return carries(r.tokens(conformance.ParameterKey(r.Type, conformance.CodedCode)), x.Codings)
	case Labelled:
		return carries(r.labels(), x.Labels)
	case PointsAt:
		return x.matches(r)
	case PointedAtBy:
		return x.matches(r)
	case Authored:
		return x.matches(r)
	case Subjects:
		return len(r.Subjects) > 0 && !slices.ContainsFunc(r.Subjects, func(s Subject) bool { return !matchSubject(x.X, s) })
	}
	return false
}

// matchSubject is Match for one person; only the predicates about persons hold.
func matchSubject(x Expr, s Subject) bool {
	switch x := x.(type) {
	case All:
		return true
	case Conj:
		return len(x.Parts) > 0 && !slices.ContainsFunc(x.Parts, func(p Expr) bool { return !matchSubject(p, s) })
	case Disj:
		return slices.ContainsFunc(x.Parts, func(p Expr) bool { return matchSubject(p, s) })
	case Neg:
		return !Empty(x.X) && !matchSubject(x.X, s)
	case Person:
		return slices.ContainsFunc(x.Patients, func(p fhir.Ref) bool { return slices.Contains(s.Patients, p.Latest()) })
	case Shape:
		return slices.Contains(x.IDs, s.Shape)
	case Related:
		return slices.ContainsFunc(s.Relations, x.holds)
	}
	return false
}

func (x Related) holds(r Relation) bool {
	switch {
	case x.Custodian == "" || r.Custodian != x.Custodian:
		return false
	case len(x.Parties) > 0 && !slices.Contains(x.Parties, r.Party.Latest()):
		return false
	case !r.Start.IsZero() && x.At.Before(r.Start):
		return false
	}
	return r.End.IsZero() || !x.At.After(r.End)
}

// tokens are the codings that a resource has under one key.
func (r Resource) tokens(key int32) []Coding {
	var out []Coding
	for _, t := range r.Entries.Tokens {
		if t.Param == key {
			out = append(out, Coding{t.System, t.Code})
		}
	}
	return out
}

// labels are the effective labels: received and added.
func (r Resource) labels() []Coding {
	return append(r.tokens(conformance.ParameterKey(r.Type, "_security")), r.Labels...)
}

// carries reports whether one of the wanted codings is among those there; a
// wanted one without a system may have any.
func carries(have, wanted []Coding) bool {
	return slices.ContainsFunc(wanted, func(w Coding) bool {
		return w.Code != "" && slices.ContainsFunc(have, func(h Coding) bool {
			return h.Code == w.Code && (w.System == "" || h.System == w.System)
		})
	})
}

// has reports whether a resource has an entry of a parameter.
func (r Resource) has(p *conformance.Parameter) bool {
	e, key := r.Entries, keyIn(p, r.Type)
	return index.IsColumn(p.Code) ||
		p.Code == "_security" && len(r.Labels) > 0 ||
		slices.ContainsFunc(e.Tokens, func(x index.Token) bool { return x.Param == key }) ||
		slices.ContainsFunc(e.Strings, func(x index.String) bool { return x.Param == key }) ||
		slices.ContainsFunc(e.Dates, func(x index.Date) bool { return x.Param == key }) ||
		slices.ContainsFunc(e.Numbers, func(x index.Number) bool { return x.Param == key }) ||
		slices.ContainsFunc(e.Quantities, func(x index.Quantity) bool { return x.Param == key }) ||
		slices.ContainsFunc(e.References, func(x index.Reference) bool { return x.Param == key }) ||
		slices.ContainsFunc(e.URIs, func(x index.URI) bool { return x.Param == key })
}

// matches of a Chain follows literal references to the target type.
func (x Chain) matches(r Resource) bool {
	if x.Param == nil || r.Resolve == nil {
		return false
	}
	return slices.ContainsFunc(r.Entries.References, func(e index.Reference) bool {
		if e.Param != x.Param.Key || e.Type != x.Target {
			return false
		}
		target, ok := r.Resolve(fhir.Ref{Type: e.Type, ID: e.ID})
		return ok && Match(x.X, target)
	})
}

// matches of a Has looks at what refers to the resource.
func (x Has) matches(r Resource) bool {
	if x.Param == nil || r.Referrers == nil {
		return false
	}
	return slices.ContainsFunc(r.Referrers(fhir.Ref{Type: r.Type, ID: r.ID}, x.Source), func(s Resource) bool {
		return s.Type == x.Source && Match(x.X, s) && slices.ContainsFunc(s.Entries.References, func(e index.Reference) bool {
			return e.Param == x.Param.Key && e.Type == r.Type && e.ID == r.ID
		})
	})
}

// matches of Words asks for all words of one of the alternatives; one without
// words asks for nothing and so finds nothing.
func (x Words) matches(r Resource) bool {
	have := r.Entries.Narrative
	if x.Content {
		have = r.Entries.Content
	}
	return slices.ContainsFunc(x.Any, func(all []string) bool {
		return len(all) > 0 && !slices.ContainsFunc(all, func(w string) bool { return !slices.Contains(have, w) })
	})
}

// matches of a Composite looks for one element of which each component has its
// value.
func (x Composite) matches(r Resource) bool {
	if x.Param == nil {
		return false
	}
	return slices.ContainsFunc(x.Values, func(vs []Value) bool {
		if len(vs) == 0 || len(vs) != len(x.Param.Parts) {
			return false
		}
		return slices.ContainsFunc(r.elements(x.Param.Parts[0]), func(n index.Element) bool {
			for i, part := range x.Param.Parts {
				if !(Compare{Param: part, Values: vs[i : i+1]}).matchesIn(r, n) {
					return false
				}
			}
			return true
		})
	})
}

func (x Compare) matches(r Resource) bool { return x.matchesIn(r, 0) }

// matchesIn looks at the entries of one element of a composite, or, with 0, at
// those of a parameter of its own.
func (x Compare) matchesIn(r Resource, element index.Element) bool {
	return x.Param != nil && slices.ContainsFunc(x.Values, func(v Value) bool { return x.matchesValue(v, r, element) })
}

// matchesValue finds an entry of the parameter's type for one value.
func (x Compare) matchesValue(v Value, r Resource, element index.Element) bool {
	key := keyIn(x.Param, r.Type)
	switch x.Param.Type {
	case conformance.TokenParam:
		return x.matchesToken(v, r, element)
	case conformance.StringParam:
		return slices.ContainsFunc(r.Entries.Strings, func(e index.String) bool {
			return e.Param == key && e.Element == element && stringMatches(x.Modifier, v, e)
		})
	case conformance.URIParam:
		return slices.ContainsFunc(r.Entries.URIs, func(e index.URI) bool {
			return e.Param == key && e.Element == element && uriMatches(x.Modifier, v, e)
		})
	case conformance.DateParam:
		tests := DateTests(v)
		if x.Param.Code == "_lastUpdated" {
			at := r.Updated.UnixMicro()
			return tests.Hold(at, at, 0)
		}
		return slices.ContainsFunc(r.Entries.Dates, func(e index.Date) bool {
			return e.Param == key && e.Element == element && tests.Hold(e.Low, e.High, 0)
		})
	case conformance.NumberParam:
		tests := NumberTests(v)
		return slices.ContainsFunc(r.Entries.Numbers, func(e index.Number) bool {
			return e.Param == key && e.Element == element && tests.Hold(e.Low, e.High, e.Value)
		})
	case conformance.QuantityParam:
		return slices.ContainsFunc(r.Entries.Quantities, func(e index.Quantity) bool {
			return e.Param == key && e.Element == element && quantityMatches(v, e)
		})
	case conformance.ReferenceParam:
		return x.matchesReference(v, r, element)
	}
	return false
}

// matchesToken compares tokens; those of _security are the effective labels.
func (x Compare) matchesToken(v Value, r Resource, element index.Element) bool {
	switch x.Modifier {
	case In, Above, Below:
		return false // the gate puts the codes in their place
	case Text:
		return slices.ContainsFunc(r.Entries.Strings, func(e index.String) bool {
			return e.Param == x.Param.TextKey() && stringMatches(NoModifier, v, e)
		})
	case OfType:
		return slices.ContainsFunc(r.Entries.Tokens, func(e index.Token) bool {
			return e.Param == x.Param.OfTypeKey() && e.System == v.System && e.Code == index.TypedIdentifier(v.Code, v.Text)
		})
	}
	var have []Coding
	key := keyIn(x.Param, r.Type)
	for _, t := range r.Entries.Tokens {
		if t.Param == key && t.Element == element {
			have = append(have, Coding{t.System, t.Code})
		}
	}
	if x.Param.Code == "_security" {
		have = append(have, r.Labels...)
	}
	return slices.ContainsFunc(have, func(c Coding) bool {
		return codeMatches(v, c.System, c.Code) != (x.Modifier == Differs)
	})
}

func (x Compare) matchesReference(v Value, r Resource, element index.Element) bool {
	targets := []fhir.Ref{v.Ref}
	if patient, ok := x.Person(v); ok && r.Linked != nil {
		targets = append(targets, r.Linked(patient)...)
	}
	return slices.ContainsFunc(r.Entries.References, func(e index.Reference) bool {
		switch {
		case e.Param != keyIn(x.Param, r.Type) || e.Element != element:
			return false
		case x.Modifier == IdentifierOf:
			return codeMatches(v, e.System, e.Identifier)
		}
		return slices.ContainsFunc(targets, func(t fhir.Ref) bool { return referenceMatches(v, t, e) })
	})
}

// Person is the Patient whose person a value of a reference parameter denotes:
// a Patient named without a version, by type and id or by an id alone, where
// the parameter makes it the subject. Elsewhere (Observation.focus) a reference
// is the Patient it names: that a resource points at a hidden Patient must not
// tell whose it is.
func (x Compare) Person(v Value) (fhir.Ref, bool) {
	named := v.Ref.Type == "Patient" || v.Ref.Type == "" && slices.Contains(x.Param.Targets, "Patient")
	if x.Param.Type != conformance.ReferenceParam || x.Modifier == IdentifierOf || v.Ref.ID == "" || v.Ref.Version > 0 || !named || !x.Param.MakesSubject() {
		return fhir.Ref{}, false
	}
	return fhir.Ref{Type: "Patient", ID: v.Ref.ID}, true
}

// elements are those of a composite of which a component has entries.
func (r Resource) elements(part *conformance.Parameter) []index.Element {
	var out []index.Element
	add := func(param int32, n index.Element) {
		if param == part.Key && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	e := r.Entries
	for _, x := range e.Tokens {
		add(x.Param, x.Element)
	}
	for _, x := range e.Strings {
		add(x.Param, x.Element)
	}
	for _, x := range e.Dates {
		add(x.Param, x.Element)
	}
	for _, x := range e.Numbers {
		add(x.Param, x.Element)
	}
	for _, x := range e.Quantities {
		add(x.Param, x.Element)
	}
	for _, x := range e.References {
		add(x.Param, x.Element)
	}
	for _, x := range e.URIs {
		add(x.Param, x.Element)
	}
	return out
}
