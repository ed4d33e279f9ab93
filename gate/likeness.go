package gate

import (
	"math"

	"sluis/fhir/query"
)

// Grade is how sure a match is (R4 value set match-grade).
type Grade string

// The grades.
const (
	Certain      Grade = "certain"
	Probable     Grade = "probable"
	Possible     Grade = "possible"
	CertainlyNot Grade = "certainly-not"
)

// Likeness is how likely two descriptions are of one person: Score is a
// probability.
type Likeness struct {
	Score float64
	Grade Grade
}

// The grades begin at these scores.
const (
	certainFrom  = 0.9999
	probableFrom = 0.9
	possibleFrom = 0.5
)

// evidence says what a feature is worth, after Fellegi and Sunter (1969): how
// often it agrees in two descriptions of one person, and of two persons.
type evidence struct {
	feature   string
	one, two  float64
	bySystem  bool // compared within one system only
	agreement func(a, b query.Value) bool
}

// The probabilities are round figures for a Dutch population: about 25,000 days
// of birth, a thousand usual surnames, a hundred usual first names, 4,000 areas
// of four digits. An identifier or telecom agrees by accident once in a million.
var evidences = []evidence{
	{"identifier", 0.999, 1e-6, true, sameCode},
	{"telecom", 0.60, 1e-6, true, sameCode},
	{"birthdate", 0.97, 4e-5, false, sameDate},
	{"family", 0.93, 1e-3, false, sameText},
	{"given", 0.90, 1e-2, false, sameText},
	{"gender", 0.98, 0.5, true, sameCode},
	{"address-postalcode", 0.80, 2.5e-4, false, sameText},
}

// strangers is how unlikely it is, before anything is known, that two
// descriptions are of one person.
const strangers = 1e-5

// like weighs what two descriptions agree and disagree in. What one of them
// does not say counts for nothing; certain needs that they disagree in nothing.
func (f features) like(other features) Likeness {
	bits := math.Log2(strangers)
	disagree := false
	for _, e := range evidences {
		switch comparable, same := e.compare(f[e.feature], other[e.feature]); {
		case comparable && same:
			bits += math.Log2(e.one / e.two)
		case comparable:
			bits += math.Log2((1 - e.one) / (1 - e.two))
			disagree = true
		}
	}
	like := Likeness{Score: 1 / (1 + math.Exp2(-bits)), Grade: CertainlyNot}
	switch {
	case like.Score >= certainFrom && !disagree:
		like.Grade = Certain
	case like.Score >= probableFrom:
		like.Grade = Probable
	case like.Score >= possibleFrom:
		like.Grade = Possible
	}
	return like
}

// compare reports whether the feature can be compared, and whether some of its
// values agree.
func (e evidence) compare(a, b []query.Value) (comparable, same bool) {
	for _, x := range a {
		for _, y := range b {
			if e.bySystem && x.System != y.System {
				continue
			}
			comparable = true
			if e.agreement(x, y) {
				return true, true
			}
		}
	}
	return comparable, false
}

func sameCode(a, b query.Value) bool { return a.Code == b.Code }
func sameText(a, b query.Value) bool { return a.Folded == b.Folded }
func sameDate(a, b query.Value) bool { return a.DateLow <= b.DateHigh && b.DateLow <= a.DateHigh }
