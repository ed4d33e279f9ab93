package relational

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestMembersComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []place
		for file := range 2 {
			of := rapid.SliceOfNDistinct(rapid.Int64Range(1, 1<<50), 0, 20, rapid.ID).Draw(t, "events")
			slices.Sort(of)
			for _, e := range of {
				want = append(want, place{file, e})
			}
		}
		b := packMembers(want)
		if got, err := unpackMembers(b, 2); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v %v, want %v", got, err, want)
		}
		spoilt := slices.Concat(b, rapid.SliceOf(rapid.Byte()).Draw(t, "more"))
		if got, err := unpackMembers(spoilt[min(len(spoilt), rapid.IntRange(0, 3).Draw(t, "cut")):], 2); err == nil && len(got) > len(spoilt) {
			t.Fatalf("%d places of %d bytes", len(got), len(spoilt))
		}
	})
}
