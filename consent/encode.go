package consent

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Encode writes rules as canonical JSON: the same wording gives the same bytes,
// whatever the order of provisions, actors and codes. Storage compares those
// bytes to find out which persons share a shape.
func Encode(r Rules) []byte {
	b, err := json.Marshal(r.canonical())
	if err != nil {
		panic(fmt.Sprintf("consent: rules of plain strings did not marshal: %v", err))
	}
	return b
}

// Decode reads what Encode wrote. It is total: bytes that are not exactly rules
// this version knows, such as those of a later one, deny everything.
func Decode(b []byte) Rules {
	var r Rules
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err := d.Decode(&r)
	if err == nil {
		if _, end := d.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("data after the rules")
		}
	}
	if err != nil {
		return Rules{Doubts: []string{"the stored rules cannot be read"}}
	}
	return r.canonical()
}

// canonical sorts what has no order and drops repetitions. It copies, so that
// the argument keeps its own slices.
func (r Rules) canonical() Rules {
	r.Holders = sorted(r.Holders, strings.Compare)
	r.Doubts = sorted(r.Doubts, strings.Compare)
	r.Root = r.Root.canonical()
	r.Root.Effect = ""
	r.Root.Nested = nil // those of a root stand beside it
	r.Nested = canonical(r.Nested)
	return r
}

// canonical sorts rules that stand side by side.
func canonical(rules []Rule) []Rule {
	out := make([]Rule, len(rules))
	for i, r := range rules {
		out[i] = r.canonical()
		if out[i].Effect != Permit {
			out[i].Effect = Deny
		}
	}
	return sorted(out, compareRules)
}

func (r Rule) canonical() Rule {
	r.Actors = sorted(r.Actors, func(a, b Actor) int {
		return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.System, b.System), cmp.Compare(a.Value, b.Value))
	})
	for _, codes := range []*[]Code{&r.Purposes, &r.Actions, &r.Labels, &r.Classes, &r.Codes} {
		*codes = sorted(*codes, func(a, b Code) int {
			return cmp.Or(cmp.Compare(a.System, b.System), cmp.Compare(a.Code, b.Code))
		})
	}
	r.Data = sorted(r.Data, func(a, b Datum) int {
		return cmp.Or(cmp.Compare(a.Meaning, b.Meaning), cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.System, b.System), cmp.Compare(a.Value, b.Value))
	})
	r.Unread = sorted(r.Unread, strings.Compare)
	r.Nested = canonical(r.Nested)
	return r
}

// compareRules orders canonical rules by their JSON: any total order serves.
func compareRules(a, b Rule) int {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	if errX != nil || errY != nil {
		panic("consent: a rule of plain strings did not marshal")
	}
	return bytes.Compare(x, y)
}

func sorted[T any](in []T, compare func(a, b T) int) []T {
	if len(in) == 0 {
		return nil
	}
	out := slices.Clone(in)
	slices.SortFunc(out, compare)
	return slices.CompactFunc(out, func(a, b T) bool { return compare(a, b) == 0 })
}
