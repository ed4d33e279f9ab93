package index_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"sluis/fhir/index"
	"sluis/internal/shared"
)

// TestUnitsOfUCUM lists the units of UCUM that have no base units here, in the
// golden file; all others have.
func TestUnitsOfUCUM(t *testing.T) {
	essence, err := os.ReadFile(shared.Path(t, "ucum/ucum-essence.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	n := 0
	for _, m := range regexp.MustCompile(`<(?:base-)?unit[^>]* Code="([^"]+)"`).FindAllStringSubmatch(string(essence), -1) {
		if _, ok := index.UnitOf(m[1]); !ok {
			fmt.Fprintln(&out, m[1])
		}
		n++
	}
	fmt.Fprintf(&out, "of %d\n", n)
	golden(t, "testdata/ucum.golden", out.String())
}

func TestEqualAmounts(t *testing.T) {
	for _, pair := range [][4]string{
		{"1", "g", "1000", "mg"}, {"0.3", "g", "300", "mg"}, {"7.1", "mmol/L", "7100", "umol/L"}, {"1", "[lb_av]", "453.59237", "g"},
		{"37", "Cel", "310.15", "K"}, {"98.6", "[degF]", "37", "Cel"}, {"60", "/min", "1", "Hz"}, {"72", "{beats}/min", "72", "/min"},
		{"1", "L", "1", "dm3"}, {"5", "10*9/L", "5000", "10*6/L"}, {"120", "mm[Hg]", "0.12", "m[Hg]"}, {"1", "kg.m/s2", "1", "N"},
		{"50", "%", "0.5", "1"}, {"2", "k[IU]/L", "2", "[iU]/mL"}, {"1", "m/s/s", "1", "m.s-2"}, {"1", "a", "365.25", "d"}, {"3", "{score}", "3", "1"},
		{"1", "mg/(kg.h)", "24", "mg/kg/d"}, {"8", "kat", "8", "mol/s"},
	} {
		a, okA := index.UnitOf(pair[1])
		b, okB := index.UnitOf(pair[3])
		if !okA || !okB {
			t.Errorf("%v: %v %v", pair, okA, okB)
			continue
		}
		_, _, x, _ := a.Range(pair[0])
		_, _, y, _ := b.Range(pair[2])
		if a.Code != b.Code || x != y {
			t.Errorf("%v: %v %s and %v %s", pair, x, a.Code, y, b.Code)
		}
	}
}

func TestNoUnits(t *testing.T) {
	for _, code := range []string{
		"", "mg L", "milligram", "{", "}", "a{", "m{a}}", "(m", "m)", "m..s", "m//s", "m.", "YB", "1e999B", "B[W]", "[pH]", "mCel", "Cel/s", "Cel2", "m99", "m-99", "(((((m)))))",
		"0", "m/0", "Ym16.Ym16", strings.Repeat("m.", 100) + "m", "mg\x00",
	} {
		if u, ok := index.UnitOf(code); ok {
			t.Errorf("%q is %s", code, u.Code)
		}
	}
	g, _ := index.UnitOf("[lb_av]")
	if _, _, _, ok := g.Range("1e999999999"); ok {
		t.Error("a number beyond all computing is read")
	}
}

func FuzzUnitOf(f *testing.F) {
	for _, s := range []string{"mg/dL", "10*3/uL", "{beats}/min", "k[IU]/L", "Cel", "B[10.nV]", "m[H2O]", "mg/(kg.h)", "m2.s-3", "YB", "/", "((", "%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, code string) {
		u, ok := index.UnitOf(code)
		if !ok {
			return
		}
		base, ok := index.UnitOf(u.Code)
		if !ok || base.Code != u.Code {
			t.Fatalf("%q is in %q, which is none", code, u.Code)
		}
		if low, high, value, ok := u.Range("7.10"); !ok || low > value || value > high {
			t.Fatalf("7.10 %q is %v [%v, %v)", code, value, low, high)
		}
	})
}

func ExampleUnitOf() {
	u, _ := index.UnitOf("mg/dL")
	low, high, value, _ := u.Range("5.4")
	fmt.Println(value, low, high, u.Code)
	// Output: 54 53.5 54.5 g.m-3
}
