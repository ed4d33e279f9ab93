package suite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// entriesAre compares the resources of a Bundle with those named.
//
//	finds A B           the matches are these, in any order; "nothing" names none
//	finds in order A B  and in this order
//	includes A B        the entries included with them are these
//	has A, lacks A      these are, or are not, among all entries
//
// A resource is named by Type/id, or one version by Type/id/_history/n.
func entriesAre(word string, names []string) func(*answer, variables) error {
	ordered := len(names) > 2 && names[0] == "in" && names[1] == "order"
	if ordered {
		names = names[2:]
	}
	if len(names) == 1 && names[0] == "nothing" {
		names = nil
	}
	return func(a *answer, v variables) error {
		if textAt(a.json, "resourceType") != "Bundle" {
			return errors.New("the answer is no Bundle")
		}
		want := make([]string, len(names))
		for i, n := range names {
			want[i] = v.text(n)
		}
		if word == "has" || word == "lacks" {
			return among(refs(listAt(a.json, "entry"), want), want, word == "has")
		}
		mode := "match"
		if word == "includes" {
			mode = "include"
		}
		found := refs(a.entries(mode), want)
		if !ordered {
			slices.Sort(found)
			slices.Sort(want)
		}
		if !slices.Equal(found, want) {
			return fmt.Errorf("the %s entries are %s", mode, list(found))
		}
		return nil
	}
}

// refs names entries, with their versions where those asked for have one.
func refs(entries []any, like []string) []string {
	withVersion := slices.ContainsFunc(like, func(s string) bool { return strings.Contains(s, "/_history/") })
	var out []string
	for _, e := range entries {
		ref, version := entryRef(e)
		if withVersion {
			ref = versioned(ref, version)
		}
		out = append(out, ref)
	}
	return out
}

func among(found, names []string, present bool) error {
	for _, n := range names {
		if slices.Contains(found, n) != present {
			return fmt.Errorf("the entries are %s", list(found))
		}
	}
	return nil
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, " ")
}

// parseIssue reads CODE|CODE… [at EXPRESSION]; any is every code. An issue is of
// severity error or fatal, a warning of severity warning or information.
func parseIssue(word, text string) (func(*answer, variables) error, error) {
	codes, expression, _ := strings.Cut(text, " at ")
	if codes == "" || strings.Contains(codes, " ") {
		return nil, errors.New("CODE [at EXPRESSION] was expected")
	}
	severities := []string{"error", "fatal"}
	if word == "warning" {
		severities = []string{"warning", "information"}
	}
	allowed := strings.Split(codes, "|")
	return func(a *answer, v variables) error {
		where := v.text(expression)
		for _, i := range a.issues() {
			known := codes == "any" || slices.Contains(allowed, textAt(i, "code"))
			if known && slices.Contains(severities, textAt(i, "severity")) && locates(i, where) {
				return nil
			}
		}
		return fmt.Errorf("the issues are %s", list(describe(a.issues())))
	}, nil
}

// locates reports whether an issue names a place, or none is asked for.
func locates(issue any, where string) bool {
	return where == "" || slices.ContainsFunc(listAt(issue, "expression"), func(x any) bool { return x == where })
}

func describe(issues []any) []string {
	var out []string
	for _, i := range issues {
		out = append(out, fmt.Sprintf("%s %s at %v,", textAt(i, "severity"), textAt(i, "code"), listAt(i, "expression")))
	}
	return out
}
