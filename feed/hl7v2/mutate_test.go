package hl7v2_test

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// nasty are values that senders do send.
var nasty = []string{
	"", `""`, " ", "^", "^^^^^^^^^", "~", "~~", "&", "^&&", `\`, `\X00\`, `\E\`, `\.br\`, "\t", "\x01", "Zoë", "0", "-1", "1e9",
	"20260230", "20260714093015.9999+0200", "00000000", "99999999", "F", "X", "C", "NM", "SN", "CWE", "<5", "^<^", "^1^:^", "^1^-^2",
	"a b  c", "a|b", "http://x y", "1.2.3", "^^^A&1.2&ISO", "^^^&1.2.3&ISO", "^^^&x&GUID", "NaN", strings.Repeat("9", 400), "\u2028", "😀",
}

// TestMutatedMessagesTranslateOrFault puts nasty values into every field of
// every message: what translates is a bundle the server accepts.
func TestMutatedMessagesTranslateOrFault(t *testing.T) {
	const seed = 20260314
	r := rand.New(rand.NewPCG(seed, seed))
	c := hospital
	c.MessageTypes = []string{"ADT^*", "ORU^*"}
	for _, file := range messages(t, "translate") {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			mutated := mutate(r, string(raw))
			checkTranslation(t, []byte(mutated), c)
			if t.Failed() {
				t.Fatalf("seed %d, message:\n%s", seed, mutated)
			}
		}
	}
}

// mutate replaces one to four fields behind the header.
func mutate(r *rand.Rand, raw string) string {
	lines := strings.Split(strings.TrimSpace(raw), "\n")
	for range 1 + r.IntN(4) {
		i := 1 + r.IntN(len(lines)-1)
		fields := strings.Split(lines[i], "|")
		fields[len(fields)-1-r.IntN(len(fields))] = nasty[r.IntN(len(nasty))]
		if fields[0] == "" {
			continue
		}
		lines[i] = strings.Join(fields, "|")
	}
	return strings.Join(lines, "\r")
}
