package storagetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluis/audit"
	"sluis/fhir"
)

// Event is the n-th record about a patient.
func Event(person string, n int) audit.Record { return logEvent(person, n) }

// FillLog appends and seals n records as they are in practice: random ids, half
// of them reads of one resource under a consent, half searches; many patients,
// few clients and organisations.
func FillLog(t testing.TB, s LogStores, n int) {
	t.Helper()
	const group = 500
	for at := 0; at < n; at += group {
		records := make([]audit.Record, min(group, n-at))
		for i := range records {
			records[i] = typical(at + i)
		}
		noError(t, s.Log.Append(context.Background(), records))
		sealLog(t, s)
	}
}

func randomID() string { return strings.ToLower(rand.Text()) }

func typical(n int) audit.Record {
	r := audit.Record{
		ID: randomID(), Recorded: logTime.Add(time.Duration(n) * 7 * time.Millisecond), Action: "R", Subtype: "read",
		Patient: logPatient(randomID()), Data: []fhir.Ref{{Type: "Observation", ID: randomID(), Version: 2}}, Custodian: []string{randomID()},
		Client: "practice-portal", JTI: randomID(), User: fhir.Ref{Type: "Practitioner", ID: randomID()}, Organization: randomID(), Role: "01.015",
		Purpose: []string{"TREAT"}, Network: fmt.Sprintf("192.0.2.%d", n%256), Request: randomID(), Policy: []string{"Consent/" + randomID() + "/_history/1"},
		Authorised: true, Relation: true, Consent: true,
	}
	if n%2 == 0 {
		r.Action, r.Subtype, r.Data = "E", "search", []fhir.Ref{{Type: "Observation"}, {Type: "Patient"}}
		r.Query = "GET /fhir/Observation?patient=" + r.Patient.ID + "&code=http://loinc.org|8867-4&date=ge2025-01-01&_sort=-date&_count=50"
	}
	return r
}

// BenchmarkAppend appends one record at a time from 16 callers for each core:
// what concurrent reads do.
func BenchmarkAppend(b *testing.B, s LogStores) {
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := s.Log.Append(context.Background(), []audit.Record{typical(int(n.Add(1)))}); err != nil {
				b.Error(err)
			}
		}
	})
}
