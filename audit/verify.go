package audit

import (
	"cmp"
	"crypto/ed25519"
	"iter"
	"slices"
)

// Verify reads a whole log and says whether it is what was sealed: each record
// unchanged, none removed, added or moved, as far as the checkpoints reach.
// A checkpoint beyond the end shows a truncation; two that differ, a fork. The
// error is the log's, when it could not be read to its end.
func Verify(log iter.Seq2[Sealed, error], checkpoints []SignedCheckpoint, key ed25519.PublicKey) (Report, error) {
	v := NewVerifier(key, checkpoints...)
	for s, err := range log {
		if err != nil {
			return v.Report(), err
		}
		v.record(s)
	}
	return v.Report(), nil
}

// Verifier is Verify for a log that arrives piece by piece. It keeps no records.
type Verifier struct {
	key     ed25519.PublicKey
	waiting []SignedCheckpoint // validly signed, by Seq, not yet reached
	report  Report

	link   [32]byte // the head as the log tells it
	known  bool     // whether link can be built on
	agreed int64    // the last position where a checkpoint and the records agree
	last   SignedCheckpoint
}

// NewVerifier starts a verification against the public key and the checkpoints
// known beforehand: the log's own, and those an outside witness kept.
func NewVerifier(key ed25519.PublicKey, checkpoints ...SignedCheckpoint) *Verifier {
	v := &Verifier{key: key, known: true}
	for _, c := range checkpoints {
		if v.signed(c) {
			v.waiting = append(v.waiting, c)
		}
	}
	slices.SortStableFunc(v.waiting, func(a, b SignedCheckpoint) int { return cmp.Compare(a.Seq, b.Seq) })
	return v
}

// Record takes the next record of the log. It fits storage.Log.Chain; what is
// wrong stands in the report, and the error is always nil.
func (v *Verifier) Record(s Sealed) error {
	v.record(s)
	return nil
}

// Checkpoint takes a checkpoint that stands in the stream right after the
// record it covers.
func (v *Verifier) Checkpoint(c SignedCheckpoint) {
	if !v.signed(c) {
		return
	}
	if c.Seq != v.report.Sealed {
		v.report.add(Misplaced, c.Seq, c.Seq, "the checkpoint of record %d stands after record %d", c.Seq, v.report.Sealed)
		return
	}
	v.compare(c)
}

// Report ends the verification.
func (v *Verifier) Report() Report {
	r := v.report
	r.Problems = slices.Clone(r.Problems)
	for _, c := range v.waiting {
		r.add(Truncated, r.Sealed+1, c.Seq, "a signed checkpoint speaks of %d records, the log ends at %d", c.Seq, r.Sealed)
	}
	if r.Covered < r.Sealed {
		r.add(Uncovered, r.Covered+1, r.Sealed, "no signed checkpoint covers records %d to %d", r.Covered+1, r.Sealed)
	}
	return r
}

func (v *Verifier) signed(c SignedCheckpoint) bool {
	if c.Seq > 0 && c.SignedBy(v.key) {
		return true
	}
	v.report.add(BadSignature, c.Seq, c.Seq, "the checkpoint of record %d was not signed by this key", c.Seq)
	return false
}

func (v *Verifier) record(s Sealed) {
	if s.Seq == 0 {
		v.tail(s)
		return
	}
	if !v.inPlace(s.Seq) {
		return
	}
	v.report.Sealed = s.Seq
	v.linkUp(s)
	for len(v.waiting) > 0 && v.waiting[0].Seq <= s.Seq {
		c := v.waiting[0]
		v.waiting = v.waiting[1:]
		if c.Seq == s.Seq {
			v.compare(c)
		}
	}
}

// tail names a record that is not in the chain yet. Its leaf, if it has one,
// must fit all the same.
func (v *Verifier) tail(s Sealed) {
	v.report.Unsealed++
	if len(v.report.Tail) < maxTail {
		v.report.Tail = append(v.report.Tail, nameOf(s.Canonical))
	}
	if Leaf(s.Canonical) != s.Leaf {
		v.report.add(Changed, 0, 0, "unsealed record %d of the tail is not what was written", v.report.Unsealed)
	}
}

// inPlace reports whether a record can follow the one before it.
func (v *Verifier) inPlace(seq int64) bool {
	next := v.report.Sealed + 1
	switch {
	case v.report.Unsealed > 0:
		v.report.add(Misplaced, seq, seq, "sealed record %d stands after unsealed ones", seq)
	case seq < next:
		v.report.add(Misplaced, seq, seq, "record %d stands after record %d", seq, v.report.Sealed)
		return false
	case seq > next:
		v.report.add(Missing, next, seq-1, "records %d to %d are missing", next, seq-1)
		v.known = false
	}
	return true
}

// linkUp checks a record against its leaf and against the link before it, and
// goes on from the link the log gives, so that one flaw is told once.
func (v *Verifier) linkUp(s Sealed) {
	leaf := Leaf(s.Canonical)
	switch {
	case s.Canonical == nil:
		v.report.add(Missing, s.Seq, s.Seq, "record %d is missing or cannot be read", s.Seq)
	case leaf != s.Leaf:
		v.report.add(Changed, s.Seq, s.Seq, "record %d is not what was sealed; it now says %s", s.Seq, nameOf(s.Canonical))
	case v.known && s.Link != Link(v.link, leaf):
		v.report.add(Changed, s.Seq, s.Seq, "record %d does not follow from the record before it; it says %s", s.Seq, nameOf(s.Canonical))
	}
	v.link, v.known = s.Link, s.Link != [32]byte{}
}

// compare holds the head against a validly signed checkpoint, and goes on from
// the checkpoint: it is the one that cannot be forged.
func (v *Verifier) compare(c SignedCheckpoint) {
	first := v.agreed + 1
	switch {
	case v.last.Seq == c.Seq && v.last.Link != c.Link:
		v.report.add(Forked, c.Seq, c.Seq, "two signed checkpoints give record %d different histories", c.Seq)
	case v.known && v.link != c.Link:
		v.report.add(Forked, first, c.Seq, "records %d to %d do not add up to the signed checkpoint: one was changed, removed, added or moved", first, c.Seq)
	}
	if v.last.Seq != c.Seq {
		v.report.Checkpoints++
	}
	v.report.Covered, v.agreed = c.Seq, c.Seq
	v.link, v.known, v.last = c.Link, true, c
}
