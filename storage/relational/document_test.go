package relational

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
)

// The worked example of docs/indexes.md is what the index makes of its resource.
func TestDocumentedRows(t *testing.T) {
	text, err := os.ReadFile("../../docs/indexes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```json\n")
	body, rest, ok2 := strings.Cut(rest, "```")
	_, rest, ok3 := strings.Cut(rest, "```rows\n")
	documented, _, ok4 := strings.Cut(rest, "```")
	if !ok || !ok2 || !ok3 || !ok4 {
		t.Fatal("docs/indexes.md has no example")
	}
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	e, err := index.NewExtractor(nil, index.Base{}).Extract(doc)
	if err != nil {
		t.Fatal(err)
	}
	if rows := rowsOf("Observation", e); rows != documented {
		t.Errorf("docs/indexes.md has\n%s\nand the rows are\n%s", documented, rows)
	}
}

// rowsOf writes the rows of a resource with the names of parameters instead of
// their keys.
func rowsOf(kind string, e index.Entries) string {
	names := map[int64]string{}
	for _, p := range append(conformance.Parameters(kind), conformance.Pseudo(kind)...) {
		names[int64(p.Key)], names[int64(p.TextKey())] = p.Code, p.Code+":text"
		for _, part := range p.Parts {
			names[int64(part.Key)] = part.Code
		}
	}
	set := newRowSet()
	set.entries(1, e)
	var out strings.Builder
	for _, t := range entryTables {
		for _, row := range set.values[t] {
			fmt.Fprintf(&out, "%-16s", t.Name)
			for i, v := range row[1:] {
				switch v := v.(type) {
				case int64:
					if t.Columns[i+1].Name == "param" {
						fmt.Fprintf(&out, " %-28s", names[v])
						continue
					}
					fmt.Fprintf(&out, " %d", v)
				case string:
					fmt.Fprintf(&out, " %q", v)
				default:
					fmt.Fprintf(&out, " %v", v)
				}
			}
			out.WriteByte('\n')
		}
	}
	return out.String()
}
