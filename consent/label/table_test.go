package label_test

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"sluis/consent"
	"sluis/consent/label"
	"sluis/fhir/query"
)

const (
	snomed = "http://snomed.info/sct"
	loinc  = "http://loinc.org"
	icd10  = "http://hl7.org/fhir/sid/icd-10"
)

func reviewed(t *testing.T) label.Table {
	t.Helper()
	table, err := label.Reviewed()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func labels(table label.Table, codes ...query.Coding) []string {
	var out []string
	for _, l := range table.Labels(codes) {
		out = append(out, l.Code)
	}
	return out
}

func TestLabels(t *testing.T) {
	table := reviewed(t)
	for name, c := range map[string]struct {
		codes []query.Coding
		want  []string
	}{
		"nothing":                         {nil, nil},
		"an ordinary code":                {[]query.Coding{{System: loinc, Code: "8867-4"}}, nil},
		"a diagnosis":                     {[]query.Coding{{System: snomed, Code: "86406008"}}, []string{"HIV"}},
		"the same code in another system": {[]query.Coding{{System: loinc, Code: "86406008"}}, nil},
		"a code without a system":         {[]query.Coding{{Code: "86406008"}}, nil},
		"a department":                    {[]query.Coding{{System: snomed, Code: "394587001"}}, []string{"PSY"}},
		"a service type":                  {[]query.Coding{{System: "http://terminology.hl7.org/CodeSystem/service-type", Code: "141"}}, []string{"PSY"}},
		"a classification, both levels":   {[]query.Coding{{System: icd10, Code: "F10.2"}}, []string{"ETHUD", "SUD"}},
		"an exact code is no prefix":      {[]query.Coding{{System: snomed, Code: "864060081"}}, nil},
		"several, each once":              {[]query.Coding{{System: icd10, Code: "B20"}, {System: snomed, Code: "62479008"}, {System: icd10, Code: "F32.1"}}, []string{"HIV", "PSY"}},
	} {
		if got := labels(table, c.codes...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if got := labels(label.Table{}, query.Coding{System: snomed, Code: "86406008"}); got != nil {
		t.Errorf("the zero table labels %v", got)
	}
}

func TestReceived(t *testing.T) {
	for code, want := range map[string]int{"N": 0, "V": 0, "Z": 1, "PSY": 1, "": 1} {
		if got := label.Received([]query.Coding{{System: consent.Confidentiality, Code: code}}); len(got) != want || want == 1 && got[0].Code != "V" {
			t.Errorf("%q: %v", code, got)
		}
	}
	if got := label.Received([]query.Coding{{System: consent.ActCode, Code: "Z"}}); got != nil {
		t.Errorf("another system: %v", got)
	}
}

func TestLoadNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"# only\n1\tPSY\treason":        "line 2: a code before",
		"[s]\n1\tPSY":                   "line 2: code, label and reason",
		"[s]\n1\tPSY\t":                 "line 2: code, label and reason",
		"[s]\n1 PSY reason":             "line 2: code, label and reason",
		"[s]\n\n*\tPSY\teverything":     "line 3: a row for every code",
		"[s]\n1\tPSY\treason\tand more": "line 2: code, label and reason",
	} {
		if _, err := label.Load(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// Slips of the pen: SNOMED CT and LOINC codes carry a check digit, labels are
// known sensitivities, and no row stands twice.
func TestReviewedTableIsSound(t *testing.T) {
	reviewed(t)
	known := strings.Fields("ETH ETHUD OPIOIDUD SUD PSY PSYTHPN COGN DVD HIV STD SEX GDIS SICKLE SDV")
	f, err := os.Open("codes.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	system, seen, rows := "", map[string]bool{}, 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			system = strings.Trim(line, "[]")
			continue
		}
		row := strings.Split(line, "\t")
		rows++
		if key := system + row[0] + row[1]; seen[key] {
			t.Errorf("twice: %s", line)
		} else {
			seen[key] = true
		}
		if !slices.Contains(known, row[1]) {
			t.Errorf("no sensitivity of v3-ActCode: %s", line)
		}
		if system == snomed && !verhoeff(row[0]) || system == loinc && !luhn(row[0]) {
			t.Errorf("the check digit is wrong: %s", line)
		}
	}
	if rows < 100 {
		t.Errorf("%d rows", rows)
	}
}

// verhoeff checks an SNOMED CT identifier (SNOMED International, TIG 5.2).
func verhoeff(id string) bool {
	multiply := [10][10]int{}
	for i := range 10 {
		for j := range 10 {
			multiply[i][j] = [4]int{(i + j) % 5, (i+j)%5 + 5, (i-5-j+10)%5 + 5, (i - j + 10) % 5}[i/5*2+j/5]
		}
	}
	permute := [10]int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	c := 0
	for i := range len(id) {
		digit := int(id[len(id)-1-i] - '0')
		for range i % 8 {
			digit = permute[digit]
		}
		c = multiply[c][digit]
	}
	return c == 0
}

// luhn checks a LOINC code: the digit after the dash is mod 10.
func luhn(code string) bool {
	digits := strings.Replace(code, "-", "", 1)
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			d = d/10 + d%10
		}
		sum += d
	}
	return sum%10 == 0
}

func ExampleTable_Labels() {
	table, err := label.Reviewed()
	if err != nil {
		panic(err)
	}
	for _, l := range table.Labels([]query.Coding{{System: icd10, Code: "F20.0"}}) {
		fmt.Println(l.Code, l.Origin)
	}
	// Output:
	// PSY table:http://hl7.org/fhir/sid/icd-10|F2*
}
