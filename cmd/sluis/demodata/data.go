package demodata

import (
	"iter"
	"math/rand/v2"
	"time"
	_ "time/tzdata" // see zone
)

// Data is a seeded world: two custodians, their practitioners and Count
// patients, who are made when they are asked for.
type Data struct {
	Seed          uint64
	Count         int
	Hospital      Custodian
	Practice      Custodian
	Practitioners []Practitioner
}

// Custodian is an organisation that keeps records.
type Custodian struct {
	ID   string // logical id of its Organization on the server
	Name string
	URA  string
	// MRN and Records are the systems of its patient numbers and of the
	// identifiers of its other records.
	MRN, Records string
	// Authority is how its HL7 v2 messages name MRN (CX.4).
	Authority string
	// Application and Facility are MSH-3 and MSH-4 of its messages.
	Application, Facility string
}

// Practitioner works for one custodian.
type Practitioner struct {
	Name
	UZI       string // number of the national register, UZISystem
	Role      Role
	Custodian string // id
}

// Role is a kind of practitioner, by its code in the UZI register.
type Role struct{ Code, Display string }

// The roles that occur.
var (
	GeneralPractitioner = Role{"01.015", "Huisarts"}
	Internist           = Role{"01.016", "Internist"}
	Psychiatrist        = Role{"01.035", "Psychiater"}
)

// Identifier systems of the Netherlands.
const (
	BSNSystem = "http://fhir.nl/fhir/NamingSystem/bsn"
	UZISystem = "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers"
)

// Until is when the records end. Treatment relations have no end.
var Until = time.Date(2025, 11, 30, 0, 0, 0, 0, zone)

// zone comes from the binary itself, so that the data do not depend on the
// machine.
var zone = func() *time.Location {
	amsterdam, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		panic(err)
	}
	return amsterdam
}()

// perCustodian is how many practitioners of each role a custodian has.
const perCustodian = 3

// Make makes a world. It panics when n lies outside 0 to MaxPatients.
func Make(seed uint64, n int) Data {
	if n < 0 || n > MaxPatients {
		panic("demodata: number of patients out of range")
	}
	d := Data{
		Seed:  seed,
		Count: n,
		Hospital: Custodian{
			ID: "hospital", Name: "Ziekenhuis aan de Sluis", URA: "90000001", MRN: "https://ziekenhuis.example/mrn",
			Records: "https://ziekenhuis.example/record", Authority: "ZHS", Application: "EPD", Facility: "ZIEKENHUIS",
		},
		Practice: Custodian{
			ID: "practice", Name: "Huisartsenpraktijk De Kade", URA: "90000002", MRN: "https://dekade.example/mrn",
			Records: "https://dekade.example/record", Authority: "KADE", Application: "HIS", Facility: "DEKADE",
		},
	}
	rng := rand.New(rand.NewPCG(seed, 1<<63))
	staff := func(c Custodian, role Role) {
		for range perCustodian {
			d.Practitioners = append(d.Practitioners, Practitioner{
				Name: name(rng, rng.IntN(2) == 0), UZI: uzi(len(d.Practitioners)), Role: role, Custodian: c.ID,
			})
		}
	}
	staff(d.Practice, GeneralPractitioner)
	staff(d.Hospital, Internist)
	staff(d.Hospital, Psychiatrist)
	return d
}

// Patients yields all patients in order.
func (d Data) Patients() iter.Seq[Patient] {
	return func(yield func(Patient) bool) {
		for i := range d.Count {
			if !yield(d.Patient(i)) {
				return
			}
		}
	}
}

// Staff returns the practitioners of a role; patient i is treated by number
// i modulo their number.
func (d Data) Staff(role Role) []Practitioner {
	var out []Practitioner
	for _, p := range d.Practitioners {
		if p.Role == role {
			out = append(out, p)
		}
	}
	return out
}

// Stranger is a general practitioner of the patient's own practice who has no
// treatment relation with the patient.
func (d Data) Stranger(p Patient) Practitioner {
	staff := d.Staff(GeneralPractitioner)
	return staff[(p.Index+1)%len(staff)]
}
