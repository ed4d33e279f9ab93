package rest

import (
	"bytes"
	"context"
	"io"
	"testing"

	"sluis/fhir"
)

// hurried is a claim of who waits for nobody.
func (b budget) hurried() *claim { return &claim{budget: b} }

func TestBudget_IsForLargeBodiesTogether(t *testing.T) {
	b := newBudget(4 * place)
	first, second, small := b.hurried(), b.hurried(), b.hurried()
	for _, step := range []struct {
		name  string
		claim *claim
		bytes int64
		want  bool
	}{
		{"two and a half", first, 2*place + place/2, true},
		{"a small one", small, place, true},
		{"two beside it", second, 2 * place, false}, // and keeps the one that it got
		{"another small one", b.hurried(), place, true},
	} {
		err := step.claim.cover(context.Background(), step.bytes)
		if (err == nil) != step.want || err != nil && fhir.KindOf(err) != fhir.Unavailable {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	if len(b) != 4 || small.held != 0 {
		t.Errorf("%d places are taken, %d by a small body", len(b), small.held)
	}
	first.release()
	first.release()
	second.release()
	(*claim)(nil).release()
	if len(b) != 0 {
		t.Errorf("%d places are taken by nobody", len(b))
	}
	if err := first.cover(context.Background(), 100*place); err != nil || len(b) != 4 {
		t.Errorf("a body beyond the budget alone: %v, %d places", err, len(b))
	}
}

// Who waits gets the place of who is done, and not that of a request given up.
func TestBudget_WhoWaitsIsNext(t *testing.T) {
	b := newBudget(2 * place)
	first, second := b.claim(), b.claim()
	if err := first.cover(context.Background(), 2*place); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- second.cover(context.Background(), 2*place) }()
	first.release()
	if err := <-done; err != nil || second.held != 2 {
		t.Errorf("%v, %d places", err, second.held)
	}
	given, up := context.WithCancel(context.Background())
	up()
	if err := first.cover(given, 2*place); fhir.KindOf(err) != fhir.Unavailable {
		t.Errorf("a request given up: %v", err)
	}
}

// A body takes places as it comes.
func TestBudget_CountsWhatWasRead(t *testing.T) {
	b := newBudget(8 * place)
	c := b.hurried()
	in := &covered{Reader: bytes.NewReader(make([]byte, 5*place)), ctx: context.Background(), claim: c}
	for _, want := range []int{0, 2, 3} {
		if _, err := io.CopyN(io.Discard, in, place); err != nil || c.held != want {
			t.Errorf("%d bytes: %d places, want %d (%v)", in.read, c.held, want, err)
		}
	}
}
