package demodata_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"sluis/cmd/sluis/demodata"
)

func TestMake_SameSeedSameData(t *testing.T) {
	few, many := demodata.Make(7, 3), demodata.Make(7, 64_000)
	if !reflect.DeepEqual(few.Patient(2), many.Patient(2)) {
		t.Error("patient 2 depends on how many there are")
	}
	p := few.Patient(2)
	if !bytes.Equal(few.HospitalTransaction(p), many.HospitalTransaction(p)) {
		t.Error("the transaction of patient 2 is not the same twice")
	}
	other := demodata.Make(8, 3).Patient(2)
	if other.BSN == p.BSN || reflect.DeepEqual(other.Hospital.Visits, p.Hospital.Visits) {
		t.Error("another seed gives the same patient")
	}
}

func TestPatients_NumbersAreValidAndUnique(t *testing.T) {
	seen := map[string]bool{}
	for p := range demodata.Make(2025, 64_000).Patients() {
		if !elevenTest(p.BSN) {
			t.Fatalf("patient %d: the number fails the 11-test", p.Index)
		}
		for _, number := range []string{p.BSN, p.Hospital.MRN, p.Practice.MRN} {
			if seen[number] {
				t.Fatalf("patient %d: %s is another patient's", p.Index, number)
			}
			seen[number] = true
		}
	}
}

// elevenTest is the test of the citizen service number, written apart from the
// generator: Σ 9·d1 + 8·d2 … 2·d8 − d9 ≡ 0 mod 11.
func elevenTest(bsn string) bool {
	sum := 0
	for i, weight := range []int{9, 8, 7, 6, 5, 4, 3, 2, -1} {
		sum += weight * int(bsn[i]-'0')
	}
	return len(bsn) == 9 && bsn != "000000000" && bsn[0] == '9' && sum%11 == 0
}

// TestPatient_HasWhatTheStoryNeeds: relations, a stranger without one, data at
// both custodians, psychiatry on one side only, all before the end.
func TestPatient_HasWhatTheStoryNeeds(t *testing.T) {
	d := demodata.Make(1, 12)
	observations, medications := 0, 0
	for p := range d.Patients() {
		if len(p.Practice.Team) != 1 || p.Practice.Team[0].UZI != p.GP.UZI || d.Stranger(p).UZI == p.GP.UZI || d.Stranger(p).Custodian != d.Practice.ID {
			t.Errorf("patient %d: team %v, stranger %v", p.Index, p.Practice.Team, d.Stranger(p))
		}
		o, m := p.Hospital.Psychiatric()
		if (o > 0 && m > 0) != p.Psychiatric || (o > 0) != (m > 0) {
			t.Errorf("patient %d: psychiatric %v with %d observations and %d medications", p.Index, p.Psychiatric, o, m)
		}
		if o, m := p.Practice.Psychiatric(); o+m > 0 {
			t.Errorf("patient %d: psychiatry at the practice", p.Index)
		}
		for _, c := range []demodata.Chart{p.Hospital, p.Practice} {
			observations, medications = observations+c.Observations(), medications+len(c.Medications)
			for _, v := range c.Visits {
				if v.At.Before(c.Since) || v.At.After(demodata.Until) {
					t.Errorf("patient %d: visit at %v", p.Index, v.At)
				}
			}
		}
	}
	if observations < 500 || medications < 48 {
		t.Errorf("%d observations and %d medications of 12 patients", observations, medications)
	}
}

func TestMessage_FormAndCharset(t *testing.T) {
	d := demodata.Make(3, 400)
	accents := 0
	for p := range d.Patients() {
		for _, event := range []demodata.Event{demodata.Admission, demodata.Change, demodata.Results} {
			unicode, latin := d.Message(p, event, demodata.UTF8), d.Message(p, event, demodata.Latin1)
			if !bytes.HasPrefix(unicode, []byte(`MSH|^~\&|EPD|ZIEKENHUIS|SLUIS|SLUIS|2025`)) || !bytes.HasSuffix(unicode, []byte("\r")) || bytes.Contains(unicode, []byte("\n")) {
				t.Fatalf("%s is not ER7: %q", event, unicode)
			}
			msh := strings.Split(string(unicode[:bytes.IndexByte(unicode, '\r')]), "|")
			if len(msh) != 18 || !strings.HasPrefix(msh[8], string(event)) || msh[16] != "NLD" || msh[17] != "UNICODE UTF-8" {
				t.Fatalf("MSH = %q", msh)
			}
			if want := bytes.Replace(unicode, []byte("UNICODE UTF-8"), []byte("8859/1"), 1); toUTF8(latin) != string(want) {
				t.Fatalf("%s differs between character sets:\n%q\n%q", event, latin, want)
			}
			if !utf8.Valid(latin) {
				accents++
			}
		}
	}
	if accents == 0 {
		t.Error("no name has an accent, so the character sets are not told apart")
	}
}

func toUTF8(latin1 []byte) string {
	runes := make([]rune, len(latin1))
	for i, b := range latin1 {
		runes[i] = rune(b)
	}
	return string(runes)
}

func TestMake_RefusesMoreThanThereAreNumbers(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Make took it")
		}
	}()
	demodata.Make(1, demodata.MaxPatients+1)
}

func ExampleMake() {
	d := demodata.Make(1, 1)
	p := d.Patient(0)
	fmt.Printf("%s, born %d, with %d results at the hospital and %d at the practice\n",
		p, p.Born.Year(), p.Hospital.Observations(), p.Practice.Observations())
	fmt.Printf("%s\n", bytes.SplitN(d.Message(p, demodata.Admission, demodata.UTF8), []byte("\r"), 2)[0])
	// Output:
	// Cornelis Sietse van den Oever, born 1967, with 36 results at the hospital and 36 at the practice
	// MSH|^~\&|EPD|ZIEKENHUIS|SLUIS|SLUIS|20251201090000||ADT^A01^ADT_A01|A01-0000000|P|2.5.1|||||NLD|UNICODE UTF-8
}

func BenchmarkHospitalTransaction(b *testing.B) {
	d := demodata.Make(1, 64_000)
	b.SetBytes(int64(len(d.HospitalTransaction(d.Patient(0)))))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.HospitalTransaction(d.Patient(i % d.Count))
	}
}
