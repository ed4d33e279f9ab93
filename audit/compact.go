package audit

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sluis/fhir"
)

// compactVersion is the first byte of a compact record. A change of layout or
// of what a word number means needs another one.
const compactVersion = 1

// ErrCompact says that bytes are no compact record.
var ErrCompact = errors.New("audit: not a compact record")

// Compact is the record in about a third of its canonical bytes, for a store.
// Expand brings back a Record with the same Canonical, and so the same leaf.
func (r Record) Compact() []byte {
	w := &packer{b: append(make([]byte, 0, 256), compactVersion)}
	r.Query = percent(r.Query)
	r.layout(w)
	return w.b
}

// Expand reads what Compact wrote; anything else is ErrCompact.
func Expand(b []byte) (Record, error) {
	var r Record
	if len(b) == 0 || b[0] != compactVersion {
		return r, ErrCompact
	}
	u := &unpacker{b: b[1:]}
	r.layout(u)
	if u.bad || len(u.b) != 0 {
		return Record{}, ErrCompact
	}
	return r, nil
}

// coder visits the fields of a record, to write or to read them.
type coder interface {
	number(*int64)
	text(*string)
	count(int) int
}

// layout is the order of the fields: one description for both directions.
func (r *Record) layout(c coder) {
	at, outcome, flags := r.Recorded.UnixMilli(), int64(r.Outcome), r.flags()
	c.number(&at)
	c.number(&outcome)
	c.number(&flags)
	r.Recorded, r.Outcome = time.UnixMilli(at).UTC(), Outcome(outcome)
	r.setFlags(flags)
	for _, s := range []*string{
		&r.ID, &r.Action, &r.Subtype, &r.Reason, &r.Query, &r.Client, &r.JTI,
		&r.Organization, &r.Role, &r.Network, &r.Request, &r.Feed,
	} {
		c.text(s)
	}
	for _, ref := range []*fhir.Ref{&r.Patient, &r.User, &r.Responsible} {
		layoutRef(c, ref)
	}
	layoutList(c, &r.Data, layoutRef)
	for _, list := range []*[]string{&r.Custodian, &r.Purpose, &r.Policy} {
		layoutList(c, list, layoutPath)
	}
}

func (r *Record) booleans() [5]*bool {
	return [5]*bool{&r.Authorised, &r.Relation, &r.Consent, &r.Emergency, &r.PatientsOwn}
}

func (r *Record) flags() (n int64) {
	for i, b := range r.booleans() {
		if *b {
			n |= 1 << i
		}
	}
	return n
}

func (r *Record) setFlags(n int64) {
	for i, b := range r.booleans() {
		*b = n&(1<<i) != 0
	}
}

func layoutRef(c coder, r *fhir.Ref) {
	c.text(&r.Type)
	c.text(&r.ID)
	c.number(&r.Version)
}

// layoutPath writes a text by its parts between slashes: the ids in it pack.
func layoutPath(c coder, s *string) {
	parts := strings.Split(*s, "/")
	layoutList(c, &parts, coder.text)
	if joined := strings.Join(parts, "/"); joined != *s {
		*s = joined
	}
}

func layoutList[T any](c coder, list *[]T, each func(coder, *T)) {
	n := c.count(len(*list))
	if *list = slices.Grow(*list, max(0, min(n, 64)-len(*list))); n == 0 {
		*list = nil
	}
	for i := range n {
		if i == len(*list) {
			var zero T
			*list = append(*list, zero)
		}
		each(c, &(*list)[i])
	}
}

// The forms of a text. Its head is a uvarint: a form in the low two bits, a
// length or number above.
const (
	plain  = iota // length in bytes, then the bytes
	uuid          // 0, then 16 bytes
	base32        // length in characters, then five bits for each
	word          // number in words
)

type packer struct{ b []byte }

func (p *packer) number(n *int64) { p.b = binary.AppendVarint(p.b, *n) }

func (p *packer) count(n int) int {
	p.b = binary.AppendUvarint(p.b, uint64(n))
	return n
}

func (p *packer) head(form, n int) { p.b = binary.AppendUvarint(p.b, uint64(n)<<2|uint64(form)) }

func (p *packer) text(s *string) {
	v := *s // never written: the caller's lists are shared
	if !utf8.ValidString(v) {
		v = string([]rune(v))
	}
	if i, ok := wordNumber[v]; ok {
		p.head(word, i)
	} else if raw, ok := packUUID(v); ok {
		p.head(uuid, 0)
		p.b = append(p.b, raw...)
	} else if raw, ok := packBase32(v); ok {
		p.head(base32, len(v))
		p.b = append(p.b, raw...)
	} else {
		p.head(plain, len(v))
		p.b = append(p.b, v...)
	}
}

type unpacker struct {
	b   []byte
	bad bool
}

func (u *unpacker) number(n *int64) {
	v, size := binary.Varint(u.b)
	if size <= 0 {
		u.fail()
		return
	}
	*n, u.b = v, u.b[size:]
}

func (u *unpacker) uvarint() int {
	v, size := binary.Uvarint(u.b)
	if size <= 0 || v > 1<<31-1 {
		u.fail()
		return 0
	}
	u.b = u.b[size:]
	return int(v)
}

// count answers no more than could follow, an item being a byte or more.
func (u *unpacker) count(int) int {
	n := u.uvarint()
	if n > len(u.b) {
		u.fail()
		return 0
	}
	return n
}

func (u *unpacker) text(s *string) {
	head := u.uvarint()
	n := head >> 2
	switch head & 3 {
	case plain:
		*s = string(u.take(n))
	case uuid:
		*s = unpackUUID(u.take(16))
	case base32:
		*s = unpackBase32(u.take((n*5+7)/8), n)
	case word:
		if n >= len(words) {
			u.fail()
			return
		}
		*s = words[n]
	}
}

func (u *unpacker) take(n int) []byte {
	if n > len(u.b) {
		u.fail()
		return nil
	}
	out := u.b[:n]
	u.b = u.b[n:]
	return out
}

// fail leaves nothing to read, so that what follows fails or reads nothing.
func (u *unpacker) fail() { u.bad, u.b = true, nil }

// packUUID packs the lower-case form of RFC 9562.
func packUUID(s string) ([]byte, bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return nil, false
	}
	raw, err := hex.DecodeString(s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:])
	return raw, err == nil && unpackUUID(raw) == s
}

func unpackUUID(raw []byte) string {
	if len(raw) != 16 {
		return ""
	}
	h := hex.EncodeToString(raw)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

const base32Alphabet = "abcdefghijklmnopqrstuvwxyz234567"

// base32Value is the value of a character plus one; zero is no character.
var base32Value = func() (t [256]uint8) {
	for i := range len(base32Alphabet) {
		t[base32Alphabet[i]] = uint8(i + 1)
	}
	return t
}()

// packBase32 packs what crypto/rand.Text makes, in lower case: five bits for
// each character. Short texts gain nothing.
func packBase32(s string) ([]byte, bool) {
	if len(s) < 8 {
		return nil, false
	}
	out := make([]byte, 0, (len(s)*5+7)/8)
	var bits uint32
	held := 0 // bits not yet written, under 8
	for i := range len(s) {
		v := base32Value[s[i]]
		if v == 0 {
			return nil, false
		}
		bits = bits<<5 | uint32(v-1)
		if held += 5; held >= 8 {
			held -= 8
			out = append(out, byte(bits>>held))
		}
	}
	if held > 0 {
		out = append(out, byte(bits<<(8-held)))
	}
	return out, true
}

// unpackBase32 reads n characters; raw has as many bytes as they take, or is
// nil.
func unpackBase32(raw []byte, n int) string {
	if raw == nil {
		return ""
	}
	out := make([]byte, n)
	var bits uint32
	held := 0
	for i := range out {
		if held < 5 {
			bits, raw = bits<<8|uint32(raw[0]), raw[1:]
			held += 8
		}
		held -= 5
		out[i] = base32Alphabet[bits>>held&31]
	}
	return string(out)
}
