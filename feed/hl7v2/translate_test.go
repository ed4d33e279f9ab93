package hl7v2_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/feed"
	"sluis/feed/hl7v2"
	"sluis/fhir"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// hospital is the feed that the messages of testdata come by.
var hospital = feed.Config{
	Name: "zh-epd", Custodian: "zh", Application: "EPD", Facility: "ZH",
	MessageTypes: []string{"ADT^A01", "ADT^A03", "ADT^A08", "ADT^A28", "ADT^A31", "ADT^A40", "ORU^R01", "SIU^S12"},
	Assigners:    map[string]string{"ZH": "https://zh.example.org/patientnummer"},
	CodeSystems:  map[string]string{"KCHEM": "https://zh.example.org/kchem"},
}

func parse(t *testing.T, file string) *hl7v2.Message {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := hl7v2.Parse(raw, hl7v2.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// golden compares with the file, or rewrites it with -update.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("differs from %s:\n%s", file, got)
	}
}

func messages(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*.hl7"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages in testdata/%s", dir)
	}
	return files
}

// TestTranslateGolden holds the maps: each message of testdata/translate beside
// the transaction it becomes.
func TestTranslateGolden(t *testing.T) {
	c := hospital
	c.MessageTypes = []string{"ADT^*", "ORU^*"}
	for _, file := range messages(t, "translate") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			d, err := hl7v2.Translate(parse(t, file), c)
			if err != nil {
				t.Fatal(err)
			}
			var indented bytes.Buffer
			if err := json.Indent(&indented, d.Bundle, "", " "); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".hl7")+".json", append(indented.Bytes(), '\n'))
			mustBeR4(t, d.Bundle)
			mustValidate(t, d.Bundle)
		})
	}
}

// TestFaultsGolden holds what is said about messages at fault: places and rules.
func TestFaultsGolden(t *testing.T) {
	var out strings.Builder
	for _, file := range messages(t, "faults") {
		m := parse(t, file)
		d, err := hl7v2.Translate(m, hospital)
		if err == nil {
			t.Errorf("%s translates", file)
			continue
		}
		if d.Bundle != nil || !bytes.Equal(d.Message, m.Raw()) || d.Feed != "zh-epd" {
			t.Errorf("%s: the delivery is not fit for quarantine: %+v", file, d)
		}
		fmt.Fprintf(&out, "%s %s\n", hl7v2.CodeOf(err), strings.TrimSuffix(filepath.Base(file), ".hl7"))
		for _, f := range err.(hl7v2.Faults) {
			fmt.Fprintf(&out, "   %s %v\n", f.Code, f)
		}
	}
	golden(t, "testdata/faults/expected.txt", []byte(out.String()))
}

// mustValidate checks the bundle with the validator that the server uses.
func mustValidate(t *testing.T, bundle []byte) {
	t.Helper()
	doc, err := fhir.ParseDocument(bundle)
	if err != nil {
		t.Fatal(err)
	}
	for _, issue := range conformance.Validate(doc) {
		if issue.Severity != "warning" && issue.Severity != "information" {
			t.Errorf("%s at %v", issue.Details, issue.Expression)
		}
	}
}

// TestTranslateIsPure: the same message gives the same bytes, so a re-delivery
// is the same delivery.
func TestTranslateIsPure(t *testing.T) {
	file := filepath.Join("testdata", "translate", "adt-a01-admission.hl7")
	first, err1 := hl7v2.Translate(parse(t, file), hospital)
	second, err2 := hl7v2.Translate(parse(t, file), hospital)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if !bytes.Equal(first.Bundle, second.Bundle) || first.Key != second.Key || first.Source != second.Source {
		t.Error("two translations of one message differ")
	}
	if first.Source != "EPD|ZH" || first.Key != "ZH-000001" {
		t.Errorf("source %q, key %q", first.Source, first.Key)
	}
}

// TestABadBSNIsNeverEchoed: neither the error nor any acknowledgement holds the
// number, in any version of HL7 v2.
func TestABadBSNIsNeverEchoed(t *testing.T) {
	for _, version := range []string{"2.3", "2.4", "2.5.1"} {
		raw := "MSH|^~\\&|EPD|ZH|SLUIS|ZH|20260314||ADT^A28|1|P|" + version + "\rPID|||123456789^^^NLMINBIZA^NNNLD\r"
		m, err := hl7v2.Parse([]byte(raw), hl7v2.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = hl7v2.Translate(m, hospital)
		if err == nil {
			t.Fatal("an invalid BSN was accepted")
		}
		ack := hl7v2.Acknowledge(m, err, epoch, "A1")
		if strings.Contains(err.Error(), "123456789") || bytes.Contains(ack, []byte("123456789")) {
			t.Errorf("the number is echoed: %v\n%q", err, ack)
		}
		if !bytes.Contains(ack, []byte("MSA|AE|1|PID-3.1: the number is not a valid BSN")) {
			t.Errorf("%s: %q", version, ack)
		}
	}
}

// TestTheBSNIsNotAKeyWhereThereIsAnother: a search stands in logs.
func TestTheBSNIsNotAKeyWhereThereIsAnother(t *testing.T) {
	raw := "MSH|^~\\&|EPD|ZH|SLUIS|ZH|20260314||ADT^A28|1|P|2.4\r" +
		"PID|||999990019^^^NLMINBIZA^NNNLD~7710042^^^ZH^PI\r"
	m, err := hl7v2.Parse([]byte(raw), hl7v2.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := hl7v2.Translate(m, hospital)
	if err != nil {
		t.Fatal(err)
	}
	var b struct {
		Entry []struct{ Request struct{ URL string } }
	}
	if err := json.Unmarshal(d.Bundle, &b); err != nil {
		t.Fatal(err)
	}
	if got, want := b.Entry[0].Request.URL, "Patient?identifier=https%3A%2F%2Fzh.example.org%2Fpatientnummer%7C7710042"; got != want {
		t.Errorf("request.url = %q, want %q", got, want)
	}
}

// TestTenThousandResults is a message of the size that limits are made for.
func TestTenThousandResults(t *testing.T) {
	var raw strings.Builder
	raw.WriteString("MSH|^~\\&|LAB|ZH|SLUIS|ZH|20260314||ORU^R01|1|P|2.4\rPID|||7710042^^^ZH^PI\rOBR|1||L-1|PANEL\r")
	for i := range 10_000 {
		fmt.Fprintf(&raw, "OBX|%d|NM|C%d^Code^L||%d|||||F\r", i+1, i, i)
	}
	m, err := hl7v2.Parse([]byte(raw.String()), hl7v2.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := hl7v2.Translate(m, hospital)
	if err != nil {
		t.Fatal(err)
	}
	if got := resourceTypes(t, d.Bundle); got["Observation"] != 10_000 || got["DiagnosticReport"] != 1 {
		t.Errorf("%v", got)
	}
	mustValidate(t, d.Bundle)
}
