package differential

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
)

// makers make one resource of each type that random data have, in the order in
// which they refer to each other.
var makers = []struct {
	kind  string
	count int
	make  func(*maker) m
}{
	{"CodeSystem", 0, nil}, {"ValueSet", 0, nil}, // see terminology
	{"Organization", 3, (*maker).organization},
	{"Practitioner", 2, (*maker).practitioner},
	{"Location", 4, (*maker).location},
	{"Patient", 4, (*maker).patient},
	{"Encounter", 4, (*maker).encounter},
	{"Condition", 5, (*maker).condition},
	{"Observation", 12, (*maker).observation},
	{"Medication", 2, (*maker).medication},
	{"MedicationRequest", 4, (*maker).medicationRequest},
	{"MedicationStatement", 4, (*maker).medicationStatement},
	{"RiskAssessment", 4, (*maker).riskAssessment},
	{"ChargeItem", 4, (*maker).chargeItem},
	{"DocumentReference", 3, (*maker).documentReference},
	{"Questionnaire", 4, (*maker).questionnaire},
	{"MolecularSequence", 3, (*maker).sequence},
	{"List", 3, (*maker).list},
}

// made is a set of random data.
func made(rng *rand.Rand) *maker {
	k := &maker{Rand: rng, ids: map[string][]string{}}
	k.terminology()
	for _, t := range makers {
		for i := range t.count {
			k.add(t.kind, "x"+strconv.Itoa(i+1), t.make(k))
		}
	}
	return k
}

// terminology is a code system with a hierarchy and value sets over it; both
// are the same in every run, so that :in and :below have something to say.
func (k *maker) terminology() {
	concept := func(code string, below ...any) m {
		c := m{"code": code, "display": "The " + code}
		if below != nil {
			c["concept"] = below
		}
		return c
	}
	k.add("CodeSystem", "x1", m{
		"url": systemA, "status": "active", "content": "complete", "hierarchyMeaning": "is-a", "caseSensitive": true,
		"concept": []any{concept("A", concept("B", concept("C"))), concept("D")},
	})
	k.add("ValueSet", "x1", m{"url": "http://s.test/few", "status": "active", "compose": m{"include": []any{
		m{"system": systemA, "concept": []any{m{"code": "B"}, m{"code": "D"}}}, m{"system": systemB, "concept": []any{m{"code": "A"}}},
	}}})
	k.add("ValueSet", "x2", m{"url": "http://s.test/most", "status": "active", "compose": m{
		"include": []any{m{"system": systemA}},
		"exclude": []any{m{"system": systemA, "concept": []any{m{"code": "C"}}}},
	}})
}

func (k *maker) organization() m {
	r := m{"name": one(k.Rand, families)}
	k.some(70, r, "identifier", k.listOf(k.identifier))
	k.some(60, r, "partOf", k.to("Organization"))
	k.some(50, r, "type", k.listOf(k.concept))
	k.some(60, r, "active", func() any { return k.chance(50) })
	k.some(60, r, "address", k.address)
	return r
}

func (k *maker) practitioner() m {
	r := m{"active": k.chance(70)}
	k.some(70, r, "identifier", k.listOf(k.identifier))
	k.some(80, r, "name", k.name)
	k.some(50, r, "telecom", k.telecom)
	return r
}

func (k *maker) location() m {
	r := m{"name": one(k.Rand, cities)}
	k.some(80, r, "position", func() any {
		at := one(k.Rand, [][2]string{{"52.0", "4.3"}, {"52.01", "4.31"}, {"51.05", "3.72"}, {"-33.9", "151.2"}, {"0", "179.99"}, {"0", "-179.99"}})
		return m{"latitude": json.Number(at[0]), "longitude": json.Number(at[1])}
	})
	k.some(60, r, "partOf", k.to("Location"))
	k.some(60, r, "managingOrganization", k.to("Organization"))
	k.some(50, r, "status", func() any { return one(k.Rand, []string{"active", "suspended"}) })
	k.some(50, r, "address", func() any { return k.address().([]any)[0] })
	return r
}

func (k *maker) patient() m {
	r := m{}
	k.some(80, r, "identifier", k.listOf(k.identifier))
	k.some(90, r, "name", k.name)
	k.some(80, r, "gender", func() any { return one(k.Rand, []string{"female", "male", "other"}) })
	k.some(80, r, "birthDate", k.day)
	k.some(60, r, "active", func() any { return k.chance(50) })
	k.some(40, r, "address", k.address)
	k.some(40, r, "telecom", k.telecom)
	k.some(60, r, "generalPractitioner", k.listOf(k.to("Practitioner", "Organization")))
	k.some(60, r, "managingOrganization", k.to("Organization"))
	k.choose(50, r, "deceased", map[string]func() any{
		"Boolean": func() any { return k.chance(50) }, "DateTime": k.moment,
	}, "Boolean", "DateTime")
	return r
}

func (k *maker) encounter() m {
	r := m{"status": one(k.Rand, []string{"planned", "finished"}), "class": k.coding(), "subject": k.about()}
	k.some(80, r, "period", k.period)
	k.some(60, r, "type", k.listOf(k.concept))
	k.some(60, r, "participant", func() any {
		if who := k.to("Practitioner")(); who != nil {
			return []any{m{"individual": who}}
		}
		return nil
	})
	k.some(50, r, "serviceProvider", k.to("Organization"))
	k.some(50, r, "partOf", k.to("Encounter"))
	k.some(50, r, "length", func() any {
		return m{"value": k.whole(), "system": ucum, "code": one(k.Rand, []string{"min", "h"})}
	})
	k.some(50, r, "location", func() any {
		if where := k.to("Location")(); where != nil {
			return []any{m{"location": where}}
		}
		return nil
	})
	return r
}

func (k *maker) condition() m {
	r := m{"subject": k.about()}
	k.some(80, r, "code", k.concept)
	k.some(50, r, "category", k.listOf(k.concept))
	k.some(50, r, "encounter", k.to("Encounter"))
	k.some(50, r, "recordedDate", k.moment)
	k.some(40, r, "asserter", k.to("Practitioner"))
	age := func() any { return m{"value": k.whole(), "system": ucum, "code": one(k.Rand, []string{"a", "mo"})} }
	k.choose(80, r, "onset", map[string]func() any{
		"DateTime": k.moment, "Period": k.period, "Age": age, "Range": k.between, "String": func() any { return one(k.Rand, prose) },
	}, "DateTime", "Period", "Age", "Range", "String")
	return r
}

func (k *maker) observed() map[string]func() any {
	return map[string]func() any{
		"Quantity": k.quantity, "CodeableConcept": k.concept, "String": func() any { return one(k.Rand, prose) }, "Boolean": func() any { return true },
		"DateTime": k.moment, "Period": k.period, "Range": k.between, "SampledData": k.sampled, "Integer": k.whole,
	}
}

func (k *maker) observation() m {
	r := m{"status": one(k.Rand, []string{"final", "amended"}), "code": k.concept(), "subject": k.about()}
	k.some(60, r, "category", k.listOf(k.concept))
	k.choose(90, r, "effective", map[string]func() any{
		"DateTime": k.moment, "Period": k.period, "Instant": k.instant, "Timing": k.timing,
	}, "DateTime", "DateTime", "Period", "Instant", "Timing")
	k.choose(90, r, "value", k.observed(), "Quantity", "Quantity", "Quantity", "CodeableConcept", "String", "DateTime", "Period", "Range", "SampledData", "Integer")
	k.some(40, r, "component", k.listOf(func() any {
		c := m{"code": k.concept()}
		k.choose(90, c, "value", k.observed(), "Quantity", "CodeableConcept", "String")
		return c
	}))
	k.some(50, r, "performer", k.listOf(k.to("Practitioner", "Organization")))
	k.some(50, r, "encounter", k.to("Encounter"))
	k.some(40, r, "hasMember", k.listOf(k.to("Observation")))
	k.some(30, r, "derivedFrom", k.listOf(k.to("Observation")))
	k.some(30, r, "focus", k.listOf(k.to("Condition", "Encounter", "Location")))
	k.some(50, r, "identifier", k.listOf(k.identifier))
	return r
}

func (k *maker) medication() m { return m{"code": k.concept(), "status": "active"} }

func (k *maker) medicine(r m) {
	forms := map[string]func() any{"CodeableConcept": k.concept, "Reference": k.to("Medication")}
	k.choose(100, r, "medication", forms, "CodeableConcept", "Reference")
	if r["medicationReference"] == nil && r["medicationCodeableConcept"] == nil {
		r["medicationCodeableConcept"] = k.concept()
	}
}

func (k *maker) medicationRequest() m {
	r := m{"status": one(k.Rand, []string{"active", "stopped"}), "intent": one(k.Rand, []string{"order", "plan"}), "subject": k.about()}
	k.medicine(r)
	k.some(70, r, "authoredOn", k.moment)
	k.some(60, r, "requester", k.to("Practitioner", "Organization"))
	k.some(50, r, "encounter", k.to("Encounter"))
	k.some(50, r, "dosageInstruction", func() any { return []any{m{"timing": k.timing()}} })
	return r
}

func (k *maker) medicationStatement() m {
	r := m{"status": one(k.Rand, []string{"active", "stopped"}), "subject": k.about()}
	k.medicine(r)
	k.choose(80, r, "effective", map[string]func() any{"DateTime": k.moment, "Period": k.period}, "DateTime", "Period")
	k.some(50, r, "context", k.to("Encounter"))
	k.some(50, r, "derivedFrom", k.listOf(k.to("MedicationRequest", "Observation")))
	k.some(50, r, "partOf", k.listOf(k.to("MedicationStatement")))
	return r
}

func (k *maker) riskAssessment() m {
	r := m{"status": "final", "subject": k.about(), "prediction": []any{m{"probabilityDecimal": k.decimal()}}}
	k.some(40, r, "condition", k.to("Condition"))
	k.some(40, r, "method", k.concept)
	if k.chance(30) {
		r["prediction"] = []any{m{"probabilityRange": m{"low": m{"value": json.Number("5.5")}, "high": m{"value": json.Number("7.1")}}}}
	}
	return r
}

func (k *maker) chargeItem() m {
	r := m{"status": "billable", "code": k.concept(), "subject": k.about()}
	k.some(70, r, "factorOverride", k.decimal)
	k.some(70, r, "priceOverride", func() any { return m{"value": k.decimal(), "currency": one(k.Rand, []string{"EUR", "USD"})} })
	k.some(50, r, "quantity", k.quantity)
	k.choose(60, r, "occurrence", map[string]func() any{"DateTime": k.moment, "Period": k.period, "Timing": k.timing}, "DateTime", "Period", "Timing")
	return r
}

func (k *maker) documentReference() m {
	r := m{"status": "current", "subject": k.about(), "content": []any{m{"attachment": m{"title": one(k.Rand, prose), "url": one(k.Rand, urls)}}}}
	k.some(60, r, "date", k.instant)
	k.some(60, r, "category", k.listOf(k.concept))
	k.some(60, r, "relatesTo", k.listOf(func() any {
		if to := k.to("DocumentReference")(); to != nil {
			return m{"code": one(k.Rand, []string{"replaces", "appends"}), "target": to}
		}
		return nil
	}))
	return r
}

func (k *maker) questionnaire() m {
	r := m{"status": one(k.Rand, []string{"draft", "active"}), "url": one(k.Rand, urls)}
	k.some(60, r, "title", func() any { return one(k.Rand, prose) })
	k.some(60, r, "date", k.moment)
	k.some(50, r, "derivedFrom", k.listOf(func() any { return one(k.Rand, urls) }))
	k.some(70, r, "useContext", k.listOf(func() any {
		u := m{"code": k.coding()}
		forms := map[string]func() any{"Quantity": k.quantity, "CodeableConcept": k.concept, "Range": k.between}
		k.choose(100, u, "value", forms, "Quantity", "CodeableConcept", "Range")
		return u
	}))
	return r
}

func (k *maker) sequence() m {
	r := m{"coordinateSystem": json.Number("0"), "patient": k.about()}
	k.some(70, r, "variant", k.listOf(func() any { return m{"start": k.whole(), "end": k.whole()} }))
	k.some(70, r, "referenceSeq", func() any {
		return m{"chromosome": k.concept(), "referenceSeqId": k.concept(), "windowStart": k.whole(), "windowEnd": k.whole()}
	})
	return r
}

func (k *maker) list() m {
	r := m{"status": one(k.Rand, []string{"current", "retired"}), "mode": "working"}
	k.some(70, r, "subject", k.about)
	k.some(60, r, "code", k.concept)
	k.some(60, r, "date", k.moment)
	k.some(90, r, "entry", k.listOf(func() any {
		if item := k.to("Observation", "Patient", "Condition")(); item != nil {
			return m{"item": item}
		}
		return nil
	}))
	return r
}
