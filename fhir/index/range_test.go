package index_test

import (
	"math"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluis/fhir/index"
)

func TestDateRange(t *testing.T) {
	const layout = "2006-01-02T15:04:05.000000"
	for s, want := range map[string][2]string{
		"2020":                          {"2020-01-01T00:00:00.000000", "2020-12-31T23:59:59.999999"},
		"2020-02":                       {"2020-02-01T00:00:00.000000", "2020-02-29T23:59:59.999999"},
		"2020-12-31":                    {"2020-12-31T00:00:00.000000", "2020-12-31T23:59:59.999999"},
		"2020-01-01T10:30":              {"2020-01-01T10:30:00.000000", "2020-01-01T10:30:59.999999"},
		"2020-01-01T10:30Z":             {"2020-01-01T10:30:00.000000", "2020-01-01T10:30:59.999999"},
		"2020-01-01T10:30:15+01:00":     {"2020-01-01T09:30:15.000000", "2020-01-01T09:30:15.999999"},
		"2020-01-01T00:30:15.25-05:30":  {"2020-01-01T06:00:15.250000", "2020-01-01T06:00:15.259999"},
		"2020-01-01T10:30:15.123456789": {"2020-01-01T10:30:15.123456", "2020-01-01T10:30:15.123456"},
		"2016-12-31T23:59:60Z":          {"2017-01-01T00:00:00.000000", "2017-01-01T00:00:00.999999"},
		"0001":                          {"0001-01-01T00:00:00.000000", "0001-12-31T23:59:59.999999"},
		"9999-12":                       {"9999-12-01T00:00:00.000000", "9999-12-31T23:59:59.999999"},
	} {
		low, high, ok := index.DateRange(s)
		got := [2]string{time.UnixMicro(low).UTC().Format(layout), time.UnixMicro(high).UTC().Format(layout)}
		if !ok || got != want {
			t.Errorf("%s: got %v %v, want %v", s, got, ok, want)
		}
	}
}

func TestDateRangeRefuses(t *testing.T) {
	for _, s := range []string{
		"", "20", "2020-", "2020-1", "2020-13", "2020-00", "2020-02-30", "2021-02-29", "2020-2-03", "2020/02/03", "0000",
		"2020-01-01T", "2020-01-01T10", "2020-01-01T24:00", "2020-01-01T10:60", "2020-01-01T10:30:61Z", "2020-01T10:30Z",
		"2020-01-01T10:30:15.", "2020-01-01T10:30:15.x", "2020-01-01T10:30:15+15:00", "2020-01-01T10:30:15+0100",
		"2020-01-01T10:30:15 01:00", "2020-01-01 10:30", "+020", "2020-01-01T-1:30", "2020-01-01T10:30:5", "2020-01-01T10:30ZZ",
	} {
		if _, _, ok := index.DateRange(s); ok {
			t.Errorf("%q was read as a date", s)
		}
	}
}

// A moment lies in what its date, month and year cover, and a longer writing
// covers a part of a shorter one.
func TestDateRangeNests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(-62135596800000000, 253402300799999999).Draw(t, "at")).UTC()
		low, high := int64(math.MinInt64), int64(math.MaxInt64)
		for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02T15:04:05.000", "2006-01-02T15:04:05.000000Z"} {
			l, h, ok := index.DateRange(at.Format(layout))
			if !ok || l < low || h > high || l > at.UnixMicro() || h < at.UnixMicro() {
				t.Fatalf("%s: [%d, %d] %v within [%d, %d], at %d", at.Format(layout), l, h, ok, low, high, at.UnixMicro())
			}
			low, high = l, h
		}
		if low != high {
			t.Fatalf("a microsecond is one: [%d, %d]", low, high)
		}
	})
}

func TestNumberRange(t *testing.T) {
	for s, want := range map[string][3]float64{
		"7.10":   {7.095, 7.105, 7.1},
		"7.1":    {7.05, 7.15, 7.1},
		"100":    {99.5, 100.5, 100},
		"100.00": {99.995, 100.005, 100},
		"1e2":    {95, 105, 100},
		"12e2":   {1150, 1250, 1200},
		"5E-1":   {0.495, 0.505, 0.5},
		"1.0E2":  {95, 105, 100},
		"1.00e2": {99.5, 100.5, 100},
		"-7.10":  {-7.105, -7.095, -7.1},
		"0":      {-0.5, 0.5, 0},
		"0.1e-2": {0.0005, 0.0015, 0.001},
		"1e999":  {math.MaxFloat64, math.MaxFloat64, math.MaxFloat64},
		"-1e999": {-math.MaxFloat64, -math.MaxFloat64, -math.MaxFloat64},
		"12345678901234567890.12345678901234567890": {12345678901234567890.12345678901234567890, 12345678901234567890.12345678901234567890, 12345678901234567890.12345678901234567890},
	} {
		low, high, value, ok := index.NumberRange(s)
		if got := [3]float64{low, high, value}; !ok || got != want {
			t.Errorf("%s: got %v %v, want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "-", "+1", "01", ".5", "5.", "1e", "NaN", "Inf", "0x10", "1 ", "1,5", "1e9999999999"} {
		if _, _, _, ok := index.NumberRange(s); ok {
			t.Errorf("%q was read as a decimal", s)
		}
	}
}

// A number lies in its interval, and one more digit covers a part of it: so 7.1
// finds 7.10 for eq.
func TestNumberRangeNests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})`).Draw(t, "number")
		low, high, value, ok := index.NumberRange(s)
		f, err := strconv.ParseFloat(s, 64)
		if !ok || err != nil || value != f || low >= value || high <= value {
			t.Fatalf("%s: [%v, %v) %v %v", s, low, high, value, ok)
		}
		digit := rapid.StringMatching(`[0-4]`).Draw(t, "digit")
		if l, h, _, _ := index.NumberRange(s + digit); l < low || h > high {
			t.Fatalf("%s within %s: [%v, %v) in [%v, %v)", s+digit, s, l, h, low, high)
		}
	})
}

func TestFold(t *testing.T) {
	for s, want := range map[string]string{
		"Müller":             "muller",
		"  van   der\tBerg ": "van der berg",
		"ÉCOLE é\u0301":      "ecole e",
		"İstanbul":           "istanbul",
		"Ångström":           "angstrom",
		"日本":                 "日本",
		"a\x00b":             "ab",
		"\u0301":             "",
	} {
		if got := index.Fold(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

func TestFoldTwiceIsFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := index.Fold(rapid.String().Draw(t, "s"))
		if again := index.Fold(s); again != s {
			t.Fatalf("%q folds to %q", s, again)
		}
	})
}
