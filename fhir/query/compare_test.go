package query

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"sluis/conformance"
	"sluis/fhir/index"
)

func dateHolds(t testing.TB, search string, low, high int64) bool {
	t.Helper()
	v, bad := dateValue(search)
	if bad != nil {
		t.Fatal(bad)
	}
	return DateTests(v).Hold(low, high, 0)
}

// TestDatePrefixesOfR4 are the examples of R4 search.html#prefix for dates. A
// start or end "…" is open.
func TestDatePrefixesOfR4(t *testing.T) {
	for _, c := range []struct {
		search, start, end string
		want               bool
	}{
		{"eq2013-01-14", "2013-01-14T00:00", "2013-01-14T00:00", true},
		{"eq2013-01-14", "2013-01-14T10:00", "2013-01-14T10:00", true},
		{"eq2013-01-14", "2013-01-15T00:00", "2013-01-15T00:00", false},
		{"ne2013-01-14", "2013-01-15T00:00", "2013-01-15T00:00", true},
		{"ne2013-01-14", "2013-01-14T00:00", "2013-01-14T00:00", false},
		{"ne2013-01-14", "2013-01-14T10:00", "2013-01-14T10:00", false},
		{"lt2013-01-14T10:00", "2013-01-14", "2013-01-14", true},
		{"gt2013-01-14T10:00", "2013-01-14", "2013-01-14", true},
		{"ge2013-03-14", "2013-01-21", "…", true},
		{"le2013-03-14", "2013-01-21", "…", true},
		{"sa2013-03-14", "2013-03-15", "…", true},
		{"sa2013-03-14", "2013-01-21", "…", false},
		{"eb2013-03-14", "…", "2013-01-21", true},
		{"eb2013-03-14", "2013-01-21", "…", false},
		{"ap2013-03-14", "2013-03-14", "2013-03-14", true},
		{"ap2013-03-14", "2013-03-15", "2013-03-15", true},
		{"ap2013-03-14", "2013-01-21", "…", true},
		{"ap2013-03-14", "2013-06-15", "…", false},
		// Ours, beyond R4's: an admission overnight is found by the day it ended.
		{"ge2013-01-14", "2013-01-13T22:00", "2013-01-14T10:00", true},
	} {
		low, high := int64(index.BeforeAll), int64(index.AfterAll)
		if c.start != "…" {
			low, _, _ = index.DateRange(c.start)
		}
		if c.end != "…" {
			_, high, _ = index.DateRange(c.end)
		}
		if got := dateHolds(t, c.search, low, high); got != c.want {
			t.Errorf("%s on %s to %s: %v", c.search, c.start, c.end, got)
		}
	}
}

// TestDateLaws ties the prefixes together on random intervals.
func TestDateLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (int64, int64) {
			low := rapid.Int64Range(-9, 9).Draw(t, name)
			return low * dayMicros, (low + rapid.Int64Range(1, 6).Draw(t, name)) * dayMicros
		}
		low, high := draw("entry")
		sLow, sHigh := draw("value")
		hold := func(p Prefix) bool {
			return DateTests(Value{Prefix: p, DateLow: sLow, DateHigh: sHigh}).Hold(low, high, 0)
		}
		overlap := low <= sHigh && high >= sLow
		for name, law := range map[string]bool{
			"ne is not eq":               hold(Ne) == !hold(Eq),
			"gt and eq are ge":           !hold(Gt) && !hold(Eq) || hold(Ge),
			"lt and eq are le":           !hold(Lt) && !hold(Eq) || hold(Le),
			"sa is gt":                   !hold(Sa) || hold(Gt),
			"eb is lt":                   !hold(Eb) || hold(Lt),
			"before, after or overlap":   hold(Sa) != (hold(Eb) || overlap) && !(hold(Eb) && overlap),
			"what overlaps is about it":  !overlap || hold(Ap),
			"ge is not eb, le is not sa": hold(Ge) == !hold(Eb) && hold(Le) == !hold(Sa),
			"an unknown prefix":          !hold("zz"),
		} {
			if !law {
				t.Fatalf("%s fails for [%d, %d] and [%d, %d]", name, low, high, sLow, sHigh)
			}
		}
	})
}

func TestNumberPrefixes(t *testing.T) {
	for _, c := range []struct {
		search, entry string
		want          bool
	}{
		{"7.1", "7.10", true}, {"7.10", "7.1", false}, {"100", "100.2", true}, {"100", "101", false}, {"100.00", "100.001", true},
		{"ne7.1", "7.10", false}, {"ne7.10", "7.1", true},
		{"gt7.1", "7.1", false}, {"gt7.10", "7.1001", true}, {"ge7.1", "7.1", true}, {"lt7.1", "7.1", false}, {"le7.1", "7.1", true}, {"lt7.1", "7", true},
		{"sa100", "101", true}, {"sa100", "100", false}, {"eb100", "99", true}, {"eb100", "100", false},
		{"ap100", "109", true}, {"ap100", "91", true}, {"ap100", "115", false}, {"ap-100", "-109", true}, {"ap0", "0", true}, {"ap0", "2", false},
		{"eq1e999", "1", false},
	} {
		v, bad := numberValue(c.search)
		if bad != nil {
			t.Fatal(bad)
		}
		low, high, value, _ := index.NumberRange(c.entry)
		if got := NumberTests(v).Hold(low, high, value); got != c.want {
			t.Errorf("%s on %s: %v", c.search, c.entry, got)
		}
	}
}

// A Range from 5 to 10 is found wherever R4's overlap says so.
func TestNumberPrefixesOnARange(t *testing.T) {
	low, high := 4.5, 10.5
	for search, want := range map[string]bool{
		"gt7": true, "gt10": false, "ge10": true, "lt7": true, "lt5": false, "le5": true, "sa4": true, "sa5": false, "eb11": true, "eb10": false,
		"7": false, "1e1": false, "ne7": true, "ap12": false, "ap11": true,
	} {
		v, bad := numberValue(search)
		if bad != nil {
			t.Fatal(bad)
		}
		tests := NumberTests(v)
		if got := tests.Hold(low, high, 5) || tests.Hold(low, high, 10); got != want {
			t.Errorf("%s: %v", search, got)
		}
	}
}

// Every prefix that can be parsed has its tests, on finite constants.
func TestEveryPrefixIsDefined(t *testing.T) {
	for _, p := range prefixes {
		v := Value{Prefix: p, DateLow: 1, DateHigh: 2, Low: 1, High: 2, Number: 1.5}
		if len(DateTests(v)) == 0 || len(NumberTests(v)) == 0 {
			t.Errorf("%s has no tests", p)
		}
		for _, conj := range NumberTests(Value{Prefix: p, Low: math.MaxFloat64, High: math.MaxFloat64, Number: math.MaxFloat64}) {
			for _, test := range conj {
				if math.IsInf(test.Than, 0) || math.IsNaN(test.Than) {
					t.Errorf("%s compares with %v", p, test.Than)
				}
			}
		}
	}
}

func TestEveryParameterTypeIsParsed(t *testing.T) {
	for _, name := range conformance.Types() {
		for _, p := range conformance.Searchable(name) {
			if p.Type == conformance.CompositeParam || p.Type == conformance.SpecialParam {
				continue // of several values, or none: see modify
			}
			if _, bad := (Language{}).value(p, NoModifier, "", "\\x"); bad == nil || bad.code == "not-supported" {
				t.Errorf("%s.%s of type %s: %v", name, p.Code, p.Type, bad)
			}
		}
	}
}
