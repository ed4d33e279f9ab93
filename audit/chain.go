package audit

// Sealed is one record as it stands in the log: its canonical bytes, and its
// place in the chain once sealed (Seq > 0).
type Sealed struct {
	Seq       int64
	Canonical []byte // RFC 8785
	Leaf      [32]byte
	Link      [32]byte // zero while unsealed
}

// Checkpoint is the head of the chain at one moment.
type Checkpoint struct {
	Seq  int64
	Link [32]byte
	At   int64 // microseconds since 1970 UTC
}

// SignedCheckpoint carries an Ed25519 signature over Checkpoint's bytes.
type SignedCheckpoint struct {
	Checkpoint
	Signature []byte
}
