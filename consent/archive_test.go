package consent_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sluis/consent"
)

// A corpus file is a comment and sections, in the manner of txtar:
//
//	-- consent anna --   members of a FHIR Consent; a section may be repeated
//	-- asks --           who purpose[,purpose] [action] : what is seen
//	                       because: what was decided, and by which rule
//
// <TREAT> and the like stand for a coding in its system, <IRCP Organization/x>
// for an actor. Members that are always the same are filled in.
type archive struct {
	path, comment string
	sections      []section
}

type section struct{ name, body string }

func readArchive(t *testing.T, path string) archive {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a := archive{path: path}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(name, " --") {
			a.sections = append(a.sections, section{name: strings.TrimSuffix(name, " --")})
			continue
		}
		if len(a.sections) == 0 {
			a.comment += line
			continue
		}
		a.sections[len(a.sections)-1].body += line
	}
	return a
}

func corpus(t *testing.T) []archive {
	t.Helper()
	paths, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil || len(paths) < 150 {
		t.Fatalf("%d corpus files (%v)", len(paths), err)
	}
	var out []archive
	for _, p := range paths {
		out = append(out, readArchive(t, p))
	}
	return out
}

// consents are the sections "consent person", as FHIR.
func (a archive) consents(t *testing.T, person string) [][]byte {
	t.Helper()
	var out [][]byte
	for _, s := range a.sections {
		if s.name == "consent "+person {
			out = append(out, fullConsent(t, a.path, person, s.body))
		}
	}
	return out
}

// ask is one line of what is asked, with the reason below it.
type ask struct{ line, because string }

const because = "because: "

func (a archive) asks() []ask {
	var out []ask
	for _, s := range a.sections {
		if s.name != "asks" {
			continue
		}
		for line := range strings.Lines(s.body) {
			line = strings.TrimSpace(line)
			if text, ok := strings.CutPrefix(line, because); ok && len(out) > 0 {
				out[len(out)-1].because = text
			} else if line != "" && line[0] != '#' {
				out = append(out, ask{line: line})
			}
		}
	}
	return out
}

// because writes the reason below a line of the file.
func (a archive) because(t *testing.T, line, text string) {
	t.Helper()
	body, err := os.ReadFile(a.path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(body), "\n"), "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.TrimSpace(l) == line })
	if at < 0 {
		t.Fatalf("%s: no line %q", a.path, line)
	}
	if at+1 < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[at+1]), because) {
		lines = slices.Delete(lines, at+1, at+2)
	}
	lines = slices.Insert(lines, at+1, "  "+because+text)
	if err := os.WriteFile(a.path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func fullConsent(t *testing.T, path, person, members string) []byte {
	t.Helper()
	full := map[string]json.RawMessage{}
	for _, text := range []string{
		`{"resourceType":"Consent","status":"active","scope":<patient-privacy>,"category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],` +
			`"patient":{"reference":"Patient/` + person + `"},"organization":[{"reference":"Organization/hospital"}],"policy":[{"uri":"https://example.org/policy"}]}`,
		members,
	} {
		if err := json.Unmarshal([]byte(expand(text)), &full); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	maps.DeleteFunc(full, func(_ string, v json.RawMessage) bool { return string(v) == "null" })
	body, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

var macro = regexp.MustCompile(`<([^<>]+)>`)

func expand(s string) string {
	return macro.ReplaceAllStringFunc(s, func(m string) string {
		name, rest, _ := strings.Cut(strings.Trim(m, "<>"), " ")
		if rest != "" {
			return actorJSON(name, rest)
		}
		for _, v := range []struct {
			system, codes string
			concept       bool
		}{
			{consent.ActReason, "TREAT ETREAT ERTREAT BTG HPAYMT COVERAGE HRESCH CLINTRCH HOPERAT FAMRQT", false},
			{consent.Confidentiality, "U L M N R V", false},
			{consent.ActCode, "PSY ETH ETHUD SUD SPI HIV SDV", false},
			{consent.ActCode, "OPTIN OPTOUT", true},
			{consent.ConsentAction, "access collect correct disclose use", true},
			{consent.ConsentScope, "patient-privacy research treatment adr", true},
			{consent.ResourceTypes, "Observation Condition MedicationStatement DiagnosticReport Patient", false},
		} {
			if slices.Contains(strings.Fields(v.codes), name) {
				return codingJSON(v.system, name, v.concept)
			}
		}
		if code, ok := strings.CutPrefix(name, "sct:"); ok {
			return codingJSON(snomed, code, true)
		}
		panic("unknown macro " + m)
	})
}

func codingJSON(system, code string, concept bool) string {
	c := fmt.Sprintf(`{"system":%q,"code":%q}`, system, code)
	if concept {
		return `{"coding":[` + c + `]}`
	}
	return c
}

func actorJSON(role, who string) string {
	r := fmt.Sprintf(`{"reference":%q}`, who)
	if system, value, ok := strings.Cut(who, "|"); ok {
		r = fmt.Sprintf(`{"identifier":{"system":%q,"value":%q}}`, system, value)
	}
	return `{"role":` + codingJSON("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", role, true) + `,"reference":` + r + `}`
}
