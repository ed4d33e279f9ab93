package audit

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// An export is lines of JSON, each ended by a newline:
//
//	{"log":"sluis-audit-export/1"}
//	{"link":"…hex…","record":{…canonical…},"seq":1}        a sealed record
//	{"at":…,"link":"…hex…","seq":1,"signature":"…base64…"}  the checkpoint of the record before it
//	{"record":{…canonical…}}                                the unsealed tail
//	{"checkpoints":1,"sealed":1,"unsealed":1}               the end
//
// A record that is lost or cannot be read is null. Every line has one spelling
// only, so that no byte can be altered without being noticed.
const exportHead = `{"log":"sluis-audit-export/1"}`

// maxLine bounds a line of an export, in bytes.
const maxLine = 16 << 20

// Line is one line of an export: a record or a checkpoint.
type Line struct {
	Record     *Sealed
	Checkpoint *SignedCheckpoint
}

// WriteExport writes a log and its checkpoints, oldest first, as a stream.
func WriteExport(w io.Writer, log iter.Seq2[Sealed, error], checkpoints []SignedCheckpoint) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, exportHead)
	var end exportEnd
	for s, err := range log {
		if err != nil {
			return err
		}
		for len(checkpoints) > 0 && (s.Seq == 0 || checkpoints[0].Seq < s.Seq) {
			checkpoints = end.checkpoint(out, checkpoints)
		}
		end.record(out, s)
	}
	for len(checkpoints) > 0 {
		checkpoints = end.checkpoint(out, checkpoints)
	}
	out.Write(end.line())
	return out.Flush()
}

// exportEnd counts lines for the last one.
type exportEnd struct {
	Checkpoints int64 `json:"checkpoints"`
	Sealed      int64 `json:"sealed"`
	Unsealed    int64 `json:"unsealed"`
}

func (e *exportEnd) record(out *bufio.Writer, s Sealed) {
	out.Write(recordLine(s))
	if s.Seq > 0 {
		e.Sealed++
	} else {
		e.Unsealed++
	}
}

func (e *exportEnd) checkpoint(out *bufio.Writer, all []SignedCheckpoint) []SignedCheckpoint {
	out.Write(checkpointLine(all[0]))
	e.Checkpoints++
	return all[1:]
}

func (e *exportEnd) count(l Line) {
	switch {
	case l.Checkpoint != nil:
		e.Checkpoints++
	case l.Record.Seq > 0:
		e.Sealed++
	default:
		e.Unsealed++
	}
}

func (e *exportEnd) line() []byte {
	return fmt.Appendf(nil, `{"checkpoints":%d,"sealed":%d,"unsealed":%d}`+"\n", e.Checkpoints, e.Sealed, e.Unsealed)
}

func recordLine(s Sealed) []byte {
	record := s.Canonical
	if record == nil {
		record = []byte("null")
	}
	if s.Seq == 0 {
		return fmt.Appendf(nil, `{"record":%s}`+"\n", record)
	}
	return fmt.Appendf(nil, `{"link":"%x","record":%s,"seq":%d}`+"\n", s.Link, record, s.Seq)
}

func checkpointLine(c SignedCheckpoint) []byte {
	return fmt.Appendf(nil, `{"at":%d,"link":"%x","seq":%d,"signature":"%s"}`+"\n",
		c.At, c.Link, c.Seq, base64.StdEncoding.EncodeToString(c.Signature))
}

// errExport says what is wrong with an export and in which line.
func errExport(line int, what string) error {
	return fmt.Errorf("audit: line %d of the export %s", line, what)
}

// ReadExport yields the lines of an export as they come. An error ends it: what
// is not spelt as WriteExport does, or stops before the last line, is refused.
func ReadExport(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		in := bufio.NewReaderSize(io.Reader(r), 1<<16)
		var seen exportEnd
		for n := 1; ; n++ {
			text, err := readLine(in)
			if err != nil {
				yield(Line{}, errExport(n, err.Error()))
				return
			}
			if n == 1 {
				if string(text) != exportHead+"\n" {
					yield(Line{}, errExport(n, "is not the head of an export"))
					return
				}
				continue
			}
			if bytes.Equal(text, seen.line()) {
				if _, err := in.ReadByte(); err != io.EOF {
					yield(Line{}, errExport(n+1, "stands after the end"))
				}
				return
			}
			l, err := parseLine(text)
			if err != nil {
				yield(Line{}, errExport(n, err.Error()))
				return
			}
			seen.count(l)
			if !yield(l, nil) {
				return
			}
		}
	}
}

// readLine reads one line with its newline.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, errors.New("is too long")
		case err == nil:
			return line, nil
		case errors.Is(err, io.EOF):
			return nil, errors.New("is cut off: the export has no end")
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// exportLine is any line but the head and the end.
type exportLine struct {
	At        int64           `json:"at"`
	Link      string          `json:"link"`
	Record    json.RawMessage `json:"record"`
	Seq       int64           `json:"seq"`
	Signature string          `json:"signature"`
}

func parseLine(text []byte) (Line, error) {
	var x exportLine
	if err := json.Unmarshal(text, &x); err != nil {
		return Line{}, errors.New("is not JSON")
	}
	var l Line
	var again []byte
	if x.Signature != "" {
		l.Checkpoint = x.checkpoint()
		again = checkpointLine(*l.Checkpoint)
	} else {
		l.Record = x.sealed()
		again = recordLine(*l.Record)
	}
	if !bytes.Equal(text, again) {
		return Line{}, errors.New("is not spelt as it was written, or is no line of an export")
	}
	return l, nil
}

// checkpoint and sealed leave out what cannot be decoded; parseLine notices.
func (x exportLine) checkpoint() *SignedCheckpoint {
	c := &SignedCheckpoint{Checkpoint: Checkpoint{Seq: x.Seq, At: x.At, Link: decodeHash(x.Link)}}
	c.Signature, _ = base64.StdEncoding.DecodeString(x.Signature)
	return c
}

func (x exportLine) sealed() *Sealed {
	s := &Sealed{Seq: x.Seq, Link: decodeHash(x.Link)}
	if x.Record != nil && string(x.Record) != "null" {
		s.Canonical = x.Record
		s.Leaf = Leaf(x.Record)
	}
	return s
}

func decodeHash(text string) (h [32]byte) {
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == len(h) {
		copy(h[:], raw)
	}
	return h
}

// VerifyExport verifies an export offline, against the public key and what
// outside witnesses kept. The error says that the file is no whole export; the
// report then tells what was found up to there.
func VerifyExport(r io.Reader, key ed25519.PublicKey, witnesses ...SignedCheckpoint) (Report, error) {
	v := NewVerifier(key, witnesses...)
	for l, err := range ReadExport(r) {
		if err != nil {
			return v.Report(), err
		}
		if l.Checkpoint != nil {
			v.Checkpoint(*l.Checkpoint)
		} else {
			v.record(*l.Record)
		}
	}
	return v.Report(), nil
}
