package profile

import (
	"bytes"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"sluis/fhir"
)

func issueAt(expression, code, details string) fhir.Issue {
	return fhir.Issue{Severity: "error", Code: code, Details: details, Expression: []string{expression}}
}

// brief shortens a value for a message.
func brief(raw []byte) string {
	const most = 120
	if len(raw) <= most {
		return string(raw)
	}
	return string(bytes.ToValidUTF8(raw[:most], nil)) + "…"
}

// equal is ElementDefinition.fixed[x]: exactly the same, members in any order,
// numbers by value.
func equal(a, b fhir.Node) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case fhir.Object:
		return members(a) == members(b) && fits(a, b) && sameArrays(a, b)
	case fhir.Array:
		return elementwise(a, b)
	}
	return scalar(a, b)
}

func members(n fhir.Node) int {
	count := 0
	for range n.All() {
		count++
	}
	return count
}

func sameArrays(a, b fhir.Node) bool {
	for y := range b.All() {
		if !equal(a.Get(y.Key()), y) {
			return false
		}
	}
	return true
}

func elementwise(a, b fhir.Node) bool {
	if members(a) != members(b) {
		return false
	}
	var ys []fhir.Node
	for y := range b.All() {
		ys = append(ys, y)
	}
	i := 0
	for x := range a.All() {
		if !equal(x, ys[i]) {
			return false
		}
		i++
	}
	return true
}

func scalar(a, b fhir.Node) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	if a.Kind() == fhir.Number {
		x, _, errX := apd.NewFromString(a.Text())
		y, _, errY := apd.NewFromString(b.Text())
		return errX == nil && errY == nil && x.Cmp(y) == 0
	}
	return a.Text() == b.Text()
}

// fits is ElementDefinition.pattern[x]: what the pattern has, the value has too;
// each item of an array in the pattern fits one in the value.
func fits(value, pattern fhir.Node) bool {
	switch pattern.Kind() {
	case fhir.Object:
		for p := range pattern.All() {
			if !fits(value.Get(p.Key()), p) {
				return false
			}
		}
		return value.Kind() == fhir.Object
	case fhir.Array:
		for p := range pattern.All() {
			if !fitsAny(value, p) {
				return false
			}
		}
		return true
	}
	return scalar(value, pattern)
}

func fitsAny(values, pattern fhir.Node) bool {
	if values.Kind() != fhir.Array {
		return false
	}
	for v := range values.All() {
		if fits(v, pattern) {
			return true
		}
	}
	return false
}

// unversioned is a canonical without its version.
func unversioned(canonical string) string {
	url, _, _ := strings.Cut(canonical, "|")
	return url
}
