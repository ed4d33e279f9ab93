package storagetest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// Bench measures a store: reads by id, the search everyone makes (patient, code,
// date), and ingest in transactions of different sizes. The access is that of a
// practitioner with a treatment relation, so that the gates are part of what is
// measured.
func Bench(b *testing.B, open func(testing.TB) storage.Store) {
	f := newFixture(b, open(b))
	dr := fhir.Ref{Type: "Practitioner", ID: "dr"}
	var patients, all []fhir.Ref
	for range 100 {
		p := f.create("Patient", patientBody)
		f.create("CareTeam", careTeam(p), related(storage.Relation{Party: dr}))
		patients = append(patients, p)
	}
	for _, p := range patients {
		all = append(all, f.ingest(p, 200)...)
	}
	access := query.And(query.Custodian{ID: here}, query.Subjects{X: query.And(
		query.Related{Custodian: here, Parties: []fhir.Ref{dr}, At: now}, query.Shape{IDs: []int64{0}})})
	a := f.permit(access)
	var n atomic.Int64
	b.Run("Read", func(b *testing.B) {
		f.parallel(b, func() error {
			_, err := f.Read(f.ctx, a, all[n.Add(7919)%int64(len(all))])
			return err
		})
	})
	b.Run("Search", func(b *testing.B) {
		queries := make([]query.Query, len(patients))
		for i, p := range patients {
			queries[i] = f.parse("Observation", "patient", p.String(), "code", loinc+"|8867-4", "date", "ge2024-01-15", "_count", "20")
		}
		f.parallel(b, func() error {
			page, err := f.Search(f.ctx, a, queries[n.Add(1)%int64(len(queries))])
			if err == nil && len(page.Entries) != 20 {
				err = fmt.Errorf("%d entries", len(page.Entries))
			}
			return err
		})
	})
	for _, size := range []int{1, 50, 1000} {
		b.Run(fmt.Sprintf("Ingest%d", size), func(b *testing.B) {
			f.parallel(b, func() error {
				f.ingest(patients[n.Add(1)%int64(len(patients))], size)
				return nil
			})
			b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "resources/s")
		})
	}
}

// parallel runs from eight goroutines and reports a rate.
func (f *fixture) parallel(b *testing.B, do func() error) {
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := do(); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// ingest writes observations of about 2 kB in one transaction.
func (f *fixture) ingest(patient fhir.Ref, n int) []fhir.Ref {
	f.Helper()
	changes, made := make([]storage.Change, n), make([]fhir.Ref, n)
	note := `"note":[{"text":"` + strings.Repeat("measured at rest ", 100) + `"}]`
	template := f.change("Observation", observation(patient, note, `"effectiveDateTime":"2024-01-31T10:00:00Z"`,
		`"valueQuantity":{"value":72,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}`,
		`"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}]`))
	for i := range changes {
		changes[i] = template
		changes[i].ID = newID()
		made[i] = fhir.Ref{Type: "Observation", ID: changes[i].ID}
	}
	if err := f.tryApply(changes...); err != nil {
		f.Error(err)
	}
	return made
}
