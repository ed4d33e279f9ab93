package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Sealed is one record as it stands in the log: its canonical bytes, and its
// place in the chain once sealed (Seq > 0).
type Sealed struct {
	Seq       int64
	Canonical []byte // RFC 8785; nil when the record cannot be found or read
	Leaf      [32]byte
	Link      [32]byte // zero while unsealed, or when a record before it is lost
}

// Leaf is the SHA-256 of a record's canonical bytes. The record's random id
// makes it say nothing about a content that was erased.
func Leaf(canonical []byte) [32]byte { return sha256.Sum256(canonical) }

// Link is the next head of the chain: SHA-256 over one byte 1, the head before
// (zeros at the start) and the leaf. Canonical bytes start with a brace, so that
// no record can pass for a link.
func Link(prev, leaf [32]byte) [32]byte {
	var b [65]byte
	b[0] = 1
	copy(b[1:33], prev[:])
	copy(b[33:], leaf[:])
	return sha256.Sum256(b[:])
}

// Checkpoint is the head of the chain at one moment.
type Checkpoint struct {
	Seq  int64
	Link [32]byte
	At   int64 // microseconds since 1970 UTC
}

// Bytes is what is signed: four lines of text, each ended by a newline.
func (c Checkpoint) Bytes() []byte {
	return fmt.Appendf(nil, "sluis-audit-checkpoint/1\n%d\n%s\n%d\n", c.Seq, hex.EncodeToString(c.Link[:]), c.At)
}

// SignedCheckpoint carries an Ed25519 signature over Checkpoint's bytes. Handed
// to an outside witness, it proves later that the log was cut or forked.
type SignedCheckpoint struct {
	Checkpoint
	Signature []byte
}

// Signer signs checkpoints with an Ed25519 key (RFC 8032).
func Signer(key ed25519.PrivateKey) func(Checkpoint) []byte {
	return func(c Checkpoint) []byte { return ed25519.Sign(key, c.Bytes()) }
}

// SignedBy reports whether the signature is that of the key.
func (s SignedCheckpoint) SignedBy(key ed25519.PublicKey) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, s.Bytes(), s.Signature)
}
