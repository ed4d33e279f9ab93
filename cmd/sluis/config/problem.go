package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with a setting.
type Problem struct {
	Place   Place
	Setting string // e.g. clients[0].scopes[2]
	Text    string
}

// Place is where a setting was written: a line of a file, a variable, a flag,
// or, when all are empty, nowhere.
type Place struct {
	Source string
	Line   int // 0 for a variable or flag
	rank   rank
}

// rank orders the sources: a later one overrides an earlier one.
type rank int

const (
	fromFile rank = iota
	fromVariable
	fromFlag
)

func (p Place) String() string {
	if p.Line == 0 {
		return p.Source
	}
	return fmt.Sprintf("%s:%d", p.Source, p.Line)
}

func (p Problem) String() string {
	parts := []string{p.Place.String(), p.Setting, p.Text}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}

// Problems is everything wrong with a configuration, in the order of the file,
// then of the variables, then of the flags.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Place.rank, b.Place.rank), cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.Place.Source, b.Place.Source))
	})
	return ps
}
