package demodata_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"

	"sluis/cmd/sluis/demodata"
)

// transaction is what these tests read of a Bundle.
type transaction struct {
	Entry []struct {
		FullURL  string          `json:"fullUrl"`
		Resource json.RawMessage `json:"resource"`
		Request  struct{ Method, URL, IfNoneExist string }
	}
}

var referenceForm = regexp.MustCompile(`"reference":"([^"]*)"`)

// transactions are all transactions of some patients and both directories.
func transactions(d demodata.Data) map[string][]byte {
	all := map[string][]byte{
		"hospital directory": d.DirectoryTransaction(d.Hospital),
		"practice directory": d.DirectoryTransaction(d.Practice),
	}
	for p := range d.Patients() {
		all[fmt.Sprintf("hospital %d", p.Index)] = d.HospitalTransaction(p)
		all[fmt.Sprintf("practice %d", p.Index)] = d.PracticeTransaction(p)
	}
	return all
}

func TestTransactions_AreValidR4(t *testing.T) {
	um, err := jsonformat.NewUnmarshaller("Europe/Amsterdam", fhirversion.R4)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range transactions(demodata.Make(5, 4)) {
		if _, err := um.Unmarshal(body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTransactions_ReferToTheirOwnEntries(t *testing.T) {
	for name, body := range transactions(demodata.Make(5, 4)) {
		var b transaction
		if err := json.Unmarshal(body, &b); err != nil {
			t.Fatal(err)
		}
		own := map[string]bool{"Organization/hospital": true, "Organization/practice": true}
		for _, e := range b.Entry {
			if own[e.FullURL] {
				t.Errorf("%s: %s stands twice", name, e.FullURL)
			}
			own[e.FullURL] = true
			if e.Request.Method != "POST" || !strings.HasPrefix(e.Request.IfNoneExist, "identifier=http") || bytes.Contains([]byte(e.Request.IfNoneExist), []byte("bsn")) {
				t.Errorf("%s: request %+v", name, e.Request)
			}
		}
		for _, m := range referenceForm.FindAllSubmatch(body, -1) {
			if !own[string(m[1])] {
				t.Errorf("%s: %s is no entry", name, m[1])
			}
		}
	}
}

func TestWriteNDJSON(t *testing.T) {
	d, dir := demodata.Make(5, 6), t.TempDir()
	if err := d.WriteNDJSON(dir); err != nil {
		t.Fatal(err)
	}
	um, err := jsonformat.NewUnmarshaller("Europe/Amsterdam", fhirversion.R4)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for p := range d.Patients() {
		want["hospital/Observation"] += p.Hospital.Observations()
		want["practice/Observation"] += p.Practice.Observations()
		want["hospital/MedicationStatement"] += len(p.Hospital.Medications)
		want["hospital/Patient"]++
	}
	for _, custodian := range []string{"hospital", "practice"} {
		known, lines := map[string]bool{"Organization/" + custodian: true}, [][]byte(nil)
		for kind, n := range files(t, filepath.Join(dir, custodian)) {
			if w, ok := want[custodian+"/"+kind]; ok && w != len(n) {
				t.Errorf("%s/%s has %d lines, want %d", custodian, kind, len(n), w)
			}
			for _, line := range n {
				var r struct{ ResourceType, ID string }
				if err := json.Unmarshal(line, &r); err != nil || r.ResourceType != kind || known[kind+"/"+r.ID] {
					t.Errorf("%s/%s: %+v, %v", custodian, kind, r, err)
				}
				if _, err := um.Unmarshal(line); err != nil {
					t.Errorf("%s/%s: %v", custodian, kind, err)
				}
				known[kind+"/"+r.ID] = true
			}
			lines = append(lines, n...)
		}
		for _, line := range lines {
			for _, m := range referenceForm.FindAllSubmatch(line, -1) {
				if !known[string(m[1])] {
					t.Errorf("%s: %s is not there", custodian, m[1])
				}
			}
		}
	}
	if err := d.WriteNDJSON(filepath.Join(dir, "hospital", "Patient.ndjson")); err == nil {
		t.Error("a file is not a directory")
	}
}

// files reads the lines of every NDJSON file of a directory, by type.
func files(t *testing.T, dir string) map[string][][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][][]byte{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			kind := strings.TrimSuffix(e.Name(), ".ndjson")
			out[kind] = append(out[kind], bytes.Clone(lines.Bytes()))
		}
	}
	return out
}
