package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"

	"sluis/audit"
)

func ExampleVerifyExport() {
	// A log of two sealed records, exported with its checkpoint.
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	var head [32]byte
	var log []audit.Sealed
	for i := range 2 {
		canonical := record(i).Canonical()
		head = audit.Link(head, audit.Leaf(canonical))
		log = append(log, audit.Sealed{Seq: int64(i + 1), Canonical: canonical, Leaf: audit.Leaf(canonical), Link: head})
	}
	c := audit.Checkpoint{Seq: 2, Link: head, At: 1_700_000_000_000_000}
	signed := audit.SignedCheckpoint{Checkpoint: c, Signature: audit.Signer(key)(c)}

	var file bytes.Buffer
	if err := audit.WriteExport(&file, sealed{records: log}.log(), []audit.SignedCheckpoint{signed}); err != nil {
		fmt.Println(err)
	}
	forged := bytes.Replace(file.Bytes(), []byte(`"client":"app"`), []byte(`"client":"bad"`), 1)

	for _, export := range [][]byte{file.Bytes(), forged} {
		report, err := audit.VerifyExport(bytes.NewReader(export), key.Public().(ed25519.PublicKey))
		fmt.Println(report.OK(), err)
	}
	// Output:
	// true <nil>
	// false <nil>
}
