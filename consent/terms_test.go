package consent

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"sluis/internal/shared"
)

// The tables of codes are what HL7's code systems say, plus our own two edges.
func TestTermsAreThoseOfHL7(t *testing.T) {
	for name, want := range map[string]struct {
		root string
		have hierarchy
		ours map[string]string
	}{
		"CodeSystem-v3-ActReason.json": {"PurposeOfUse", purposes(), nil},
		"CodeSystem-v3-ActCode.json":   {"_InformationSensitivityPolicy", sensitivity(), map[string]string{"ETHUD": "ETH", "OPIOIDUD": "ETH"}},
	} {
		edges := map[string][]string{}
		below(codeSystem(t, name), want.root, want.root, edges)
		for code, parent := range want.ours {
			edges[code] = append(edges[code], parent)
		}
		for code, parents := range edges {
			if got := slices.Sorted(slices.Values(want.have[code])); !slices.Equal(got, slices.Sorted(slices.Values(parents))) {
				t.Errorf("%s: %s lies below %v, the code system says %v", name, code, got, parents)
			}
		}
		for code := range want.have {
			if edges[code] == nil {
				t.Errorf("%s does not know %s", name, code)
			}
		}
	}
}

func TestConfidentialityLevelsAreThoseOfHL7(t *testing.T) {
	var codes []string
	for _, c := range codeSystem(t, "CodeSystem-v3-Confidentiality.json") {
		if c.Code != "_Confidentiality" {
			continue // by access kind, information type, or modifier: no levels
		}
		for _, child := range c.Concept {
			codes = append(codes, child.Code)
		}
	}
	if got, want := slices.Sorted(slices.Values(levels)), slices.Sorted(slices.Values(codes)); !slices.Equal(got, want) {
		t.Errorf("levels %v, the code system has %v", got, want)
	}
}

type concept struct {
	Code     string
	Concept  []concept
	Property []struct{ Code, ValueCode string }
}

// below gathers the edges under a root, by nesting and by subsumedBy. Abstract
// codes begin with an underscore and are left out, as in our tables.
func below(concepts []concept, root, top string, edges map[string][]string) {
	all := map[string][]string{}
	var walk func(cs []concept, parent string)
	walk = func(cs []concept, parent string) {
		for _, c := range cs {
			parents := []string{parent}
			for _, p := range c.Property {
				if p.Code == "subsumedBy" {
					parents = append(parents, p.ValueCode)
				}
			}
			for _, p := range parents {
				if p != "" && !slices.Contains(all[p], c.Code) {
					all[p] = append(all[p], c.Code)
				}
			}
			walk(c.Concept, c.Code)
		}
	}
	walk(concepts, "")
	var descend func(parent string)
	descend = func(parent string) {
		for _, c := range all[parent] {
			if parent != top && !strings.HasPrefix(parent, "_") && !slices.Contains(edges[c], parent) {
				edges[c] = append(edges[c], parent)
			}
			descend(c)
		}
	}
	descend(root)
}

func codeSystem(t *testing.T, name string) []concept {
	t.Helper()
	f, err := os.Open(shared.Path(t, "r4-definitions/hl7.fhir.r4.core-4.0.1.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			t.Fatalf("no %s in the package", name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if path.Base(h.Name) != name {
			continue
		}
		var c struct{ Concept []concept }
		if err := json.NewDecoder(r).Decode(&c); err != nil {
			t.Fatal(err)
		}
		return c.Concept
	}
}
