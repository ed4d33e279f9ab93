package plantest

import (
	"context"
	"fmt"
	"testing"

	"sluis/conformance"
	"sluis/storage/relational"
)

// The population: rids from each start on.
const (
	patients, firstPatient         = 2_000, 1
	organizations, firstOrg        = 20, 5_001
	encounters, firstEncounter     = 10_000, 10_001
	observations, firstObservation = 100_000, 100_001
)

// series counts n from 1 to a number.
func series(n int) string {
	return fmt.Sprintf("WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d) ", n)
}

func key(base, code string) int32 { return conformance.ParameterKey(base, code) }

// fill writes the rows of a population straight into the tables, in one
// transaction: 112,020 resources.
func fill(t testing.TB, conn relational.Conn) {
	t.Helper()
	statements := []string{resources("Patient", "p", patients, firstPatient), resources("Organization", "g", organizations, firstOrg),
		resources("Encounter", "e", encounters, firstEncounter), resources("Observation", "o", observations, firstObservation)}
	statements = append(statements, people()...)
	statements = append(statements, links()...)
	statements = append(statements, values()...)
	statements = append(statements, words(conn.Dialect().Name() == "postgres"))
	if conn.Dialect().Name() == "postgres" {
		statements = append(statements, "ANALYZE")
	}
	err := conn.Write(context.Background(), func(tx relational.Tx) error {
		for _, sql := range statements {
			if _, err := tx.Exec(context.Background(), sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func resources(kind, prefix string, n, first int) string {
	insert := "INSERT INTO resource (rid, type, id, version, updated, method, deleted, custodian, judged, inputs, body) "
	return insert + series(n) + fmt.Sprintf("SELECT %d + n, '%s', '%s' || n, 1, 1700000000000000 + n, 'POST', FALSE, 'org', 0, 0, '{}' FROM s", first-1, kind, prefix)
}

// people: every patient is a person, every tenth of the others about one.
func people() []string {
	about := func(n, first int) string {
		return "INSERT INTO subject (rid, patient, person) " + series(n) + fmt.Sprintf("SELECT %d + n, 1 + n %% %d, 1 + n %% %d FROM s", first-1, patients, patients)
	}
	return []string{
		"INSERT INTO patient (rid, id, custodian, person) " + series(patients) + "SELECT n, 'p' || n, 'org', n FROM s",
		"INSERT INTO person (person, shape, card) " + series(patients) + "SELECT n, 0, '{}' FROM s",
		"INSERT INTO subject (rid, patient, person) " + series(patients) + "SELECT n, n, n FROM s",
		about(encounters, firstEncounter), about(observations, firstObservation),
	}
}

// links are the references.
func links() []string {
	refer := func(base, code, kind, prefix string, n, first, among int) string {
		return "INSERT INTO reference_entry (rid, param, type, id, version, url, system, identifier, element) " + series(n) +
			fmt.Sprintf("SELECT %d + n, %d, '%s', '%s' || (1 + n %% %d), 0, '', '', '', 0 FROM s", first-1, key(base, code), kind, prefix, among)
	}
	return []string{
		refer("Observation", "subject", "Patient", "p", observations, firstObservation, patients),
		refer("Observation", "patient", "Patient", "p", observations, firstObservation, patients),
		refer("Observation", "encounter", "Encounter", "e", observations, firstObservation, encounters),
		refer("Encounter", "subject", "Patient", "p", encounters, firstEncounter, patients),
		refer("Encounter", "service-provider", "Organization", "g", encounters, firstEncounter, organizations),
	}
}

// values are the entries of the other types; method is sparse, one in a
// thousand, and final is all.
func values() []string {
	token := func(base, code string, n, first int, value string) string {
		return "INSERT INTO token_entry (rid, param, system, code, element) " + series(n) +
			fmt.Sprintf("SELECT %d + n, %d, 'http://loinc.org', %s, 0 FROM s", first-1, key(base, code), value)
	}
	pair, _ := conformance.Lookup("Observation", "code-value-quantity")
	return []string{
		token("Observation", "code", observations, firstObservation, "'c' || (n % 50)"),
		token("Observation", "status", observations, firstObservation, "'final'"),
		token("Observation", "method", observations, firstObservation, "'m' || n") + " WHERE n % 1000 = 0",
		token("Encounter", "class", encounters, firstEncounter, "CASE WHEN n % 500 = 0 THEN 'IMP' ELSE 'AMB' END"),
		"INSERT INTO date_entry (rid, param, low, high, element) " + series(observations) +
			fmt.Sprintf("SELECT %d + n, %d, 1000 + n * 7919 %% 100000, 2000 + n * 7919 %% 100000, 0 FROM s WHERE n %% 10 <> 0", firstObservation-1, key("Observation", "date")),
		"INSERT INTO uri_entry (rid, param, value, element) " + series(observations) +
			fmt.Sprintf("SELECT %d + n, %d, 'http://example.org/profile' || (n %% 5), 0 FROM s", firstObservation-1, key("Observation", "_profile")),
		"INSERT INTO string_entry (rid, param, folded, exact, element) " + series(patients) +
			fmt.Sprintf("SELECT n, %d, 'family' || (n %% 500), 'Family' || (n %% 500), 0 FROM s", key("Patient", "family")),
		"INSERT INTO string_entry (rid, param, folded, exact, element) " + series(organizations) +
			fmt.Sprintf("SELECT %d + n, %d, 'ward' || n, 'Ward' || n, 0 FROM s", firstOrg-1, key("Organization", "name")),
		"INSERT INTO token_entry (rid, param, system, code, element) " + series(observations) +
			fmt.Sprintf("SELECT %d + n, %d, 'http://loinc.org', 'c' || (n %% 50), 1 FROM s", firstObservation-1, pair.Parts[0].Key),
		"INSERT INTO quantity_entry (rid, param, low, high, value, system, code, unit, element) " + series(observations) +
			fmt.Sprintf("SELECT %d + n, %d, n %% 1000 - 0.5, n %% 1000 + 0.5, n %% 1000, '', 'mg', 'mg', 1 FROM s", firstObservation-1, pair.Parts[1].Key),
	}
}

// words gives every observation two, one of them its own.
func words(arrays bool) string {
	list := "'all rare' || n, 'all rare' || n"
	if arrays {
		list = "ARRAY['all', 'rare' || n], ARRAY['all', 'rare' || n]"
	}
	return "INSERT INTO words (rowid, narrative, content) " + series(observations) + fmt.Sprintf("SELECT %d + n, ", firstObservation-1) + list + " FROM s"
}
