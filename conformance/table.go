package conformance

import (
	"embed"
	"iter"
	"strings"
)

// The tables: data is made by gen, reviewed is written by hand.
//
//go:generate go run ./gen -definitions $R4_DEFINITIONS -out data
//go:embed data/*.txt data/PROVENANCE.md reviewed/*.txt
var tables embed.FS

// lines yields the lines of an embedded table without its comments. A table
// that cannot be read is a broken build: the tests load every one of them.
func lines(name string) iter.Seq[string] {
	text, err := tables.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return func(yield func(string) bool) {
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSuffix(line, "\n")
			if line != "" && line[0] != '#' && !yield(line) {
				return
			}
		}
	}
}

// list splits at a separator; "-" is the empty list.
func list(s, sep string) []string {
	if s == "-" {
		return nil
	}
	return strings.Split(s, sep)
}
