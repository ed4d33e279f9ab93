package demodata

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Patient is one person and what each custodian keeps of him or her.
type Patient struct {
	Name
	Index       int
	BSN         string
	Female      bool
	Born        time.Time
	Home        Address
	Former      Address // where the hospital still thinks some live; HL7 v2 messages correct it
	Psychiatric bool    // treated by a psychiatrist of the hospital

	GP         Practitioner
	Specialist Practitioner

	Hospital Chart
	Practice Chart
}

// Chart is the record of a patient at one custodian.
type Chart struct {
	Custodian   Custodian
	MRN         string
	Home        Address // as the custodian knows it
	Since       time.Time
	Team        []Practitioner // those with a treatment relation since Since
	Visits      []Visit
	Medications []Medication
}

// Visit is one contact with the results that came of it.
type Visit struct {
	At           time.Time
	Practitioner Practitioner
	Results      []Result
}

// Result is one measurement: Value in Measure.Unit, or Values of its
// Components.
type Result struct {
	Measure *Measure
	Value   float64
	Values  []float64
}

// Medication is a drug that was or is taken.
type Medication struct {
	Drug *Drug
	By   Practitioner
	From time.Time
	To   time.Time // zero: still taken
}

// Observations counts the results of all visits.
func (c Chart) Observations() int {
	n := 0
	for _, v := range c.Visits {
		n += len(v.Results)
	}
	return n
}

// Psychiatric counts the results and the medications that a table of
// sensitivity labels calls psychiatry.
func (c Chart) Psychiatric() (observations, medications int) {
	for _, v := range c.Visits {
		for _, r := range v.Results {
			if r.Measure.Psychiatric {
				observations++
			}
		}
	}
	for _, m := range c.Medications {
		if m.Drug.Psychiatric {
			medications++
		}
	}
	return observations, medications
}

// years is how long the records of a patient go back.
const years = 3

// Patient makes patient i, who is the same whatever Count is.
func (d Data) Patient(i int) Patient {
	rng := rand.New(rand.NewPCG(d.Seed, uint64(i)))
	female := rng.IntN(2) == 0
	gps, internists, psychiatrists := d.Staff(GeneralPractitioner), d.Staff(Internist), d.Staff(Psychiatrist)
	p := Patient{
		Name:        name(rng, female),
		Index:       i,
		BSN:         bsn(d.Seed, i),
		Female:      female,
		Born:        born(rng),
		Home:        address(rng),
		Former:      address(rng),
		Psychiatric: i%2 == 0,
		GP:          gps[i%len(gps)],
		Specialist:  internists[i%len(internists)],
	}
	since := Until.AddDate(-years, 0, -rng.IntN(200))
	p.Practice = Chart{Custodian: d.Practice, MRN: fmt.Sprintf("K%07d", i+1), Home: p.Home, Since: since, Team: []Practitioner{p.GP}}
	p.Hospital = Chart{Custodian: d.Hospital, MRN: fmt.Sprintf("Z%07d", 4*i+1), Home: p.Former, Since: since, Team: []Practitioner{p.Specialist}}
	baseline := persona(rng)
	p.Practice.follow(rng, p.GP, practiceRound, 4, baseline)
	p.Practice.prescribe(rng, p.GP, practiceDrugs, 2)
	p.Hospital.follow(rng, p.Specialist, hospitalRound, 2, baseline)
	p.Hospital.prescribe(rng, p.Specialist, hospitalDrugs, 2)
	if p.Psychiatric {
		psychiatrist := psychiatrists[i%len(psychiatrists)]
		p.Hospital.Team = append(p.Hospital.Team, psychiatrist)
		p.Hospital.follow(rng, psychiatrist, psychiatryRound, 2, baseline)
		p.Hospital.prescribe(rng, psychiatrist, psychiatryDrugs, 1)
	}
	slices.SortStableFunc(p.Hospital.Visits, func(a, b Visit) int { return a.At.Compare(b.At) })
	return p
}

// persona places someone within the span of each measure, from 0 to 1.
func persona(rng *rand.Rand) map[*Measure]float64 {
	baseline := map[*Measure]float64{}
	for _, round := range [][]*Measure{practiceRound, hospitalRound, psychiatryRound} {
		for _, m := range round {
			if _, known := baseline[m]; !known {
				baseline[m] = rng.Float64()
			}
		}
	}
	return baseline
}

// follow adds visits at which each measure of the round is taken.
func (c *Chart) follow(rng *rand.Rand, by Practitioner, round []*Measure, perYear int, baseline map[*Measure]float64) {
	days := 365 / perYear
	for n := range years * perYear {
		at := c.Since.AddDate(0, 0, n*days+rng.IntN(days/2)).Add(time.Duration(8*60+rng.IntN(9*60)) * time.Minute)
		visit := Visit{At: at, Practitioner: by}
		for _, m := range round {
			visit.Results = append(visit.Results, m.take(rng, baseline[m]))
		}
		c.Visits = append(c.Visits, visit)
	}
}

// prescribe adds n different drugs; the first is still taken.
func (c *Chart) prescribe(rng *rand.Rand, by Practitioner, drugs []*Drug, n int) {
	for k, at := range rng.Perm(len(drugs))[:n] {
		m := Medication{Drug: drugs[at], By: by, From: c.Since.AddDate(0, rng.IntN(12), rng.IntN(28))}
		if k > 0 {
			m.To = m.From.AddDate(0, 3+rng.IntN(12), 0)
		}
		c.Medications = append(c.Medications, m)
	}
}
