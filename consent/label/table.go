package label

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"sluis/consent"
	"sluis/fhir/query"
)

//go:embed codes.txt
var reviewed string

// Table tells which codes ask for which labels. The zero Table labels nothing.
// It is safe for concurrent use once made.
type Table struct {
	exact  map[query.Coding][]row
	prefix map[string][]row // by system, in the order of the file
}

type row struct{ code, label string }

// Label is a sensitivity label of v3-ActCode, or a confidentiality, with where
// it came from.
type Label struct {
	System, Code string
	Origin       string // "table:" and the row, or "received:" and the code at fault
}

// Reviewed is the table that comes with Sluis. The error is a defect of the
// build: a test reads the same text.
func Reviewed() (Table, error) { return Load(strings.NewReader(reviewed)) }

// Load reads a table: sections [system], then lines of code, label and reason
// separated by tabs; # begins a comment. The error names the line.
func Load(r io.Reader) (Table, error) {
	t := Table{map[query.Coding][]row{}, map[string][]row{}}
	system := ""
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok {
			system = strings.TrimSuffix(name, "]")
			continue
		}
		if err := t.add(system, strings.Split(line, "\t")); err != nil {
			return Table{}, fmt.Errorf("label table, line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return Table{}, fmt.Errorf("label table: %w", err)
	}
	return t, nil
}

func (t Table) add(system string, fields []string) error {
	if system == "" {
		return fmt.Errorf("a code before the first [system]")
	}
	if len(fields) != 3 || slices.Contains(fields, "") {
		return fmt.Errorf("code, label and reason were expected, separated by tabs")
	}
	r := row{code: fields[0], label: fields[1]}
	if start, ok := strings.CutSuffix(r.code, "*"); ok {
		if start == "" {
			return fmt.Errorf("a row for every code of a system")
		}
		t.prefix[system] = append(t.prefix[system], r)
		return nil
	}
	key := query.Coding{System: system, Code: r.code}
	t.exact[key] = append(t.exact[key], r)
	return nil
}

// Labels are the sensitivity labels that a resource's codes ask for, each once,
// sorted by code. A code that several rows fit gets the label of each: an F10
// of ICD-10 is both ETHUD and SUD.
func (t Table) Labels(codes []query.Coding) []Label {
	var out []Label
	for _, c := range codes {
		for _, r := range t.exact[c] {
			out = add(out, r, c.System)
		}
		for _, r := range t.prefix[c.System] {
			if strings.HasPrefix(c.Code, strings.TrimSuffix(r.code, "*")) {
				out = add(out, r, c.System)
			}
		}
	}
	slices.SortFunc(out, func(a, b Label) int { return strings.Compare(a.Code, b.Code) })
	return out
}

func add(labels []Label, r row, system string) []Label {
	if slices.ContainsFunc(labels, func(l Label) bool { return l.Code == r.label }) {
		return labels
	}
	return append(labels, Label{consent.ActCode, r.label, "table:" + system + "|" + r.code})
}

// Received are the labels that received labels ask for: a code in the system of
// confidentialities that is not one of its six counts as very restricted,
// because a predicate can only ask for labels it knows.
func Received(labels []query.Coding) []Label {
	for _, l := range labels {
		if l.System == consent.Confidentiality && !consent.IsConfidentiality(l.Code) {
			return []Label{{consent.Confidentiality, "V", "received:" + l.Code}}
		}
	}
	return nil
}
