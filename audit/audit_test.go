package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluis/audit"
	"sluis/fhir"
)

// sealed is a log in memory: all records linked, a checkpoint every so many.
type sealed struct {
	records     []audit.Sealed
	checkpoints []audit.SignedCheckpoint
}

func key(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

var theKey = key(7)

func public() ed25519.PublicKey { return theKey.Public().(ed25519.PublicKey) }

func seal(records []audit.Record, every int) sealed {
	var s sealed
	var head [32]byte
	for i, r := range records {
		c := r.Canonical()
		leaf := audit.Leaf(c)
		head = audit.Link(head, leaf)
		seq := int64(i + 1)
		s.records = append(s.records, audit.Sealed{Seq: seq, Canonical: c, Leaf: leaf, Link: head})
		if (i+1)%every == 0 || i == len(records)-1 {
			at := audit.Checkpoint{Seq: seq, Link: head, At: 1_700_000_000_000_000 + seq}
			s.checkpoints = append(s.checkpoints, audit.SignedCheckpoint{Checkpoint: at, Signature: audit.Signer(theKey)(at)})
		}
	}
	return s
}

func (s sealed) log() iter.Seq2[audit.Sealed, error] {
	return func(yield func(audit.Sealed, error) bool) {
		for _, r := range s.records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (s sealed) verify(t *testing.T, checkpoints ...audit.SignedCheckpoint) audit.Report {
	t.Helper()
	report, err := audit.Verify(s.log(), checkpoints, public())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func (s sealed) export(t interface{ Fatal(...any) }) []byte {
	var out bytes.Buffer
	if err := audit.WriteExport(&out, s.log(), s.checkpoints); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func record(n int) audit.Record {
	return audit.Record{
		ID: "event-" + strings.Repeat("x", n%5) + string(rune('a'+n%26)), Recorded: time.Date(2026, 1, 2, 3, 4, 5, n*1_000_000, time.UTC),
		Action: "R", Subtype: "read", Patient: fhir.Ref{Type: "Patient", ID: "a"}, Client: "app", Request: "r",
	}
}

func records(n int) (out []audit.Record) {
	for i := range n {
		out = append(out, record(i))
	}
	return out
}

// anyRecord draws records with any text, legal or not.
func anyRecord() *rapid.Generator[audit.Record] {
	id := rapid.OneOf(rapid.StringMatching(`[a-z2-7]{26}`), rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}`), rapid.StringMatching(`[A-Za-z0-9.-]{1,64}`))
	text := rapid.OneOf(rapid.Just(""), rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	ref := rapid.Custom(func(t *rapid.T) fhir.Ref {
		return fhir.Ref{Type: rapid.SampledFrom([]string{"Patient", "Observation", "Device", "Zebra"}).Draw(t, "type"), ID: rapid.OneOf(id, rapid.Just("")).Draw(t, "id"), Version: rapid.Int64Range(0, 1<<40).Draw(t, "version")}
	})
	policy := rapid.OneOf(text, rapid.Map(id, func(s string) string { return "Consent/" + s + "/_history/3" }))
	return rapid.Custom(func(t *rapid.T) audit.Record {
		return audit.Record{
			ID: id.Draw(t, "id"), Recorded: time.UnixMilli(rapid.Int64Range(1, 1<<42).Draw(t, "ms")), Action: rapid.SampledFrom([]string{"C", "R", "U", "D", "E"}).Draw(t, "action"),
			Subtype: text.Draw(t, "subtype"), Outcome: audit.Outcome(rapid.SampledFrom([]int{0, 4, 8, 12}).Draw(t, "outcome")), Reason: text.Draw(t, "reason"),
			Patient: ref.Draw(t, "patient"), Data: rapid.SliceOfN(ref, 0, 4).Draw(t, "data"), Query: text.Draw(t, "query"), Custodian: rapid.SliceOfN(policy, 0, 3).Draw(t, "custodian"),
			Client: text.Draw(t, "client"), JTI: text.Draw(t, "jti"), User: ref.Draw(t, "user"), Organization: text.Draw(t, "org"), Role: text.Draw(t, "role"),
			Responsible: ref.Draw(t, "responsible"), Purpose: rapid.SliceOfN(text, 0, 2).Draw(t, "purpose"), Network: text.Draw(t, "network"), Request: text.Draw(t, "request"),
			Policy: rapid.SliceOfN(policy, 0, 3).Draw(t, "policy"), Feed: text.Draw(t, "feed"),
			Authorised: rapid.Bool().Draw(t, "a"), Relation: rapid.Bool().Draw(t, "r"), Consent: rapid.Bool().Draw(t, "c"), Emergency: rapid.Bool().Draw(t, "e"), PatientsOwn: rapid.Bool().Draw(t, "o"),
		}
	})
}

func TestCompactKeepsTheCanonicalBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord().Draw(t, "record")
		want := r.Canonical()
		got, err := audit.Expand(r.Compact())
		if err != nil || !bytes.Equal(got.Canonical(), want) {
			t.Fatalf("%v\nfrom %s\n got %s", err, want, got.Canonical())
		}
	})
}

// An independent writer of RFC 8785: encoding/json sorts the members of a map.
func TestCanonicalIsRFC8785(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got := anyRecord().Draw(t, "record").Canonical()
		var members map[string]any
		dec := json.NewDecoder(bytes.NewReader(got))
		dec.UseNumber()
		if err := dec.Decode(&members); err != nil {
			t.Fatalf("%v: %s", err, got)
		}
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(members); err != nil {
			t.Fatal(err)
		}
		// encoding/json escapes two characters that RFC 8785 leaves alone.
		text := strings.NewReplacer("\\\\", "\\\\", `\u2028`, "\u2028", `\u2029`, "\u2029").Replace(strings.TrimSpace(want.String()))
		if text != string(got) {
			t.Fatalf("\nwant %s\n got %s", text, got)
		}
	})
}

func TestCanonicalGolden(t *testing.T) {
	r := audit.Record{
		ID: "e1", Recorded: time.Date(2026, 5, 4, 3, 2, 1, 999_999_999, time.FixedZone("", 7200)), Action: "E", Subtype: "search", Outcome: audit.Denied,
		Patient: fhir.Ref{Type: "Patient", ID: "a", Version: 2}, Data: []fhir.Ref{{Type: "Observation"}}, Query: "GET /fhir/Observation?code=\xff<\u20ac>\"", Purpose: []string{"TREAT"},
	}
	const want = `{"action":"E","authorised":false,"consent":false,"data":["Observation"],"emergency":false,"id":"e1","outcome":8,"own":false,` +
		`"patient":"Patient/a/_history/2","purpose":["TREAT"],"query":"GET /fhir/Observation?code=%FF<€>\"","recorded":"2026-05-04T01:02:01.999Z","relation":false,"subtype":"search"}`
	if got := string(r.Canonical()); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestCompactIsSmall(t *testing.T) {
	r := audit.Record{
		ID: "mzxw6ytboi2gk3tpmvxgk4tbmr", Recorded: time.Now(), Action: "R", Subtype: "read",
		Patient: fhir.Ref{Type: "Patient", ID: "nbswy3dpeb3w64tmmqqho2dfoi"}, Data: []fhir.Ref{{Type: "Observation", ID: "or2gqzjamfxgiidcnfzgiidxnf", Version: 3}},
		Custodian: []string{"mfrggzdfmztwq2lknnwg23tpob"}, Client: "portal", JTI: "ie3tgnzxgu2tqnbvgy2tmmztgi", User: fhir.Ref{Type: "Practitioner", ID: "kr4hi5djmvzxi2lom4qho2lunb"},
		Organization: "mfrggzdfmztwq2lknnwg23tpoc", Role: "01.015", Purpose: []string{"TREAT"}, Network: "192.0.2.17", Request: "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
		Policy: []string{"Consent/obxwk43fojsw65dimuwxo2lunb/_history/2"}, Authorised: true, Relation: true, Consent: true,
	}
	canonical, compact := len(r.Canonical()), len(r.Compact())
	t.Logf("canonical %d bytes, compact %d", canonical, compact)
	if compact*2 > canonical {
		t.Errorf("compact takes %d of %d bytes", compact, canonical)
	}
}

// What was written years ago must be read: the numbers of words and the layout
// never change under one version.
func TestCompactGolden(t *testing.T) {
	const golden = "0196b2cccaef660012286576656e742d787878640b1f03030c6170706a666f6f62617234656e6f656e6572616440030303016ba7b8109dad41d180b400c04fd430c803970104610003030003030002cf01046f04fb020300000101630104c30104631b0432"
	r := record(3)
	r.JTI, r.Request, r.Purpose = "mzxw6ytboi2gk3tpmvxgk4tbmr", "6ba7b810-9dad-41d1-80b4-00c04fd430c8", []string{"TREAT"}
	r.Data = []fhir.Ref{{Type: "Observation", ID: "o", Version: 2}, {Type: "Subscription"}}
	r.Policy, r.Authorised, r.Emergency = []string{"Consent/c/_history/2"}, true, true
	if stored := fmt.Sprintf("%x", r.Compact()); stored != golden {
		t.Errorf("written as\n%s", stored)
	}
	raw, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := audit.Expand(raw); err != nil || string(got.Canonical()) != string(r.Canonical()) {
		t.Errorf("%v %s", err, got.Canonical())
	}
}

func FuzzExpand(f *testing.F) {
	f.Add(record(1).Compact())
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := audit.Expand(b)
		if err != nil {
			return
		}
		again, err := audit.Expand(r.Compact())
		if err != nil || !bytes.Equal(again.Canonical(), r.Canonical()) {
			t.Fatalf("%v: %q", err, b)
		}
	})
}

func TestValidate(t *testing.T) {
	if err := record(1).Validate(); err != nil {
		t.Errorf("a good record: %v", err)
	}
	for name, spoil := range map[string]func(*audit.Record){
		"id": func(r *audit.Record) { r.ID = "a b" }, "time": func(r *audit.Record) { r.Recorded = time.Time{} }, "action": func(r *audit.Record) { r.Action = "CR" },
		"no action": func(r *audit.Record) { r.Action = "" }, "outcome": func(r *audit.Record) { r.Outcome = 3 }, "subtype": func(r *audit.Record) { r.Subtype = "" },
		"patient": func(r *audit.Record) { r.Patient = fhir.Ref{Type: "Group", ID: "g"} }, "patient without id": func(r *audit.Record) { r.Patient = fhir.Ref{Type: "Patient"} },
	} {
		r := record(1)
		spoil(&r)
		if r.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func flaws(r audit.Report) (out []audit.Flaw) {
	for _, p := range r.Problems {
		if !slices.Contains(out, p.Flaw) {
			out = append(out, p.Flaw)
		}
	}
	return out
}

func TestM6_VerifyNamesWhatDoesNotFit(t *testing.T) {
	whole := seal(records(12), 5)
	other := records(12)
	other[3].Client = "forged"
	fork := seal(other, 5)
	cases := []struct {
		name        string
		spoil       func(s *sealed)
		checkpoints []audit.SignedCheckpoint
		want        audit.Flaw
		at          int64
	}{
		{"changed", func(s *sealed) { s.records[4].Canonical = other[3].Canonical() }, whole.checkpoints, audit.Changed, 5},
		{"changed with its leaf", func(s *sealed) {
			s.records[4].Canonical = other[3].Canonical()
			s.records[4].Leaf = audit.Leaf(other[3].Canonical())
		}, whole.checkpoints, audit.Changed, 5},
		{"removed", func(s *sealed) { s.records = slices.Delete(s.records, 6, 7) }, whole.checkpoints, audit.Missing, 7},
		{"lost", func(s *sealed) { s.records[6] = audit.Sealed{Seq: 7} }, whole.checkpoints, audit.Missing, 7},
		{"swapped", func(s *sealed) { s.records[1], s.records[2] = s.records[2], s.records[1] }, whole.checkpoints, audit.Misplaced, 2},
		{"cut, with a witness", func(s *sealed) { s.records = s.records[:10] }, whole.checkpoints, audit.Truncated, 11},
		{"forked", func(s *sealed) { s.records = fork.records }, whole.checkpoints, audit.Forked, 1},
		{"two signed histories", func(*sealed) {}, append(slices.Clone(whole.checkpoints), fork.checkpoints...), audit.Forked, 5},
		{"not signed", func(*sealed) {}, append(slices.Clone(whole.checkpoints), audit.SignedCheckpoint{Checkpoint: audit.Checkpoint{Seq: 3}, Signature: make([]byte, 64)}), audit.BadSignature, 3},
		{"not covered", func(*sealed) {}, whole.checkpoints[:2], audit.Uncovered, 11},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := sealed{slices.Clone(whole.records), nil}
			c.spoil(&s)
			report := s.verify(t, c.checkpoints...)
			at := slices.IndexFunc(report.Problems, func(p audit.Problem) bool { return p.Flaw == c.want && p.From == c.at })
			if report.OK() || at < 0 {
				t.Errorf("want %s at %d, got\n%s", c.want, c.at, report)
			}
		})
	}
	if report := whole.verify(t, whole.checkpoints...); !report.OK() || report.Covered != 12 {
		t.Errorf("a whole log: %s", report)
	}
}

func TestVerifyTellsOneChangeOnce(t *testing.T) {
	s := seal(records(50), 10)
	s.records[20].Canonical = record(3).Canonical()
	if report := s.verify(t, s.checkpoints...); len(report.Problems) != 1 {
		t.Errorf("one change, but\n%s", report)
	}
}

func TestVerifyNamesTheUnsealedTail(t *testing.T) {
	s := seal(records(4), 2)
	late := record(9).Canonical()
	s.records = append(s.records, audit.Sealed{Canonical: late, Leaf: audit.Leaf(late)})
	report := s.verify(t, s.checkpoints...)
	if !report.OK() || report.Unsealed != 1 || len(report.Tail) != 1 || !strings.Contains(report.Tail[0], record(9).ID) {
		t.Errorf("tail: %s", report)
	}
	s.records[4].Leaf[0]++
	if report := s.verify(t, s.checkpoints...); !slices.Contains(flaws(report), audit.Changed) {
		t.Errorf("a changed tail: %s", report)
	}
}

// Whatever single thing is done to an export, it does not verify any more.
func TestM6_ExportNoByteCanChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := seal(rapid.SliceOfN(anyRecord(), 2, 6).Draw(t, "records"), rapid.IntRange(1, 4).Draw(t, "every"))
		text := log.export(t)
		if report, err := audit.VerifyExport(bytes.NewReader(text), public()); err != nil || !report.OK() || report.Covered != int64(len(log.records)) {
			t.Fatalf("untouched: %v %s", err, report)
		}
		spoilt := spoil(t, text)
		if bytes.Equal(spoilt, text) {
			t.Skip("nothing was altered")
		}
		if report, err := audit.VerifyExport(bytes.NewReader(spoilt), public()); err == nil && report.OK() {
			t.Fatalf("not noticed:\n%s\n%s", text, spoilt)
		}
	})
}

func spoil(t *rapid.T, text []byte) []byte {
	lines := bytes.SplitAfter(slices.Clone(text), []byte("\n"))
	lines = lines[:len(lines)-1]
	i, j := rapid.IntRange(0, len(lines)-1).Draw(t, "line"), rapid.IntRange(0, len(lines)-1).Draw(t, "other line")
	switch rapid.IntRange(0, 4).Draw(t, "deed") {
	case 0:
		lines = slices.Delete(lines, i, i+1)
	case 1:
		lines[i], lines[j] = lines[j], lines[i]
	case 2:
		lines = slices.Insert(lines, j, lines[i])
	case 3:
		return text[:rapid.IntRange(0, len(text)-1).Draw(t, "cut")]
	default:
		out := slices.Clone(text)
		out[rapid.IntRange(0, len(out)-1).Draw(t, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(t, "mask"))
		return out
	}
	return bytes.Join(lines, nil)
}

// Every byte of one export, each bit.
func TestM6_ExportEveryBit(t *testing.T) {
	log := seal(records(4), 2)
	text := log.export(t)
	for i := range text {
		for bit := range 8 {
			text[i] ^= 1 << bit
			if report, err := audit.VerifyExport(bytes.NewReader(text), public()); err == nil && report.OK() {
				t.Fatalf("bit %d of byte %d: not noticed", bit, i)
			}
			text[i] ^= 1 << bit
		}
	}
}

func TestM6_ExportTruncationNeedsAWitness(t *testing.T) {
	whole, cut := seal(records(8), 4), seal(records(4), 4)
	text := cut.export(t)
	if report, err := audit.VerifyExport(bytes.NewReader(text), public()); err != nil || !report.OK() {
		t.Fatalf("a log cut at a checkpoint looks whole by itself: %v %s", err, report)
	}
	report, err := audit.VerifyExport(bytes.NewReader(text), public(), whole.checkpoints[1])
	if err != nil || !slices.Contains(flaws(report), audit.Truncated) {
		t.Errorf("with a witness: %v %s", err, report)
	}
	if report, err := audit.VerifyExport(bytes.NewReader(text), key(8).Public().(ed25519.PublicKey)); err != nil || !slices.Contains(flaws(report), audit.BadSignature) {
		t.Errorf("with another key: %v %s", err, report)
	}
}

func TestExportKeepsWhatIsLost(t *testing.T) {
	s := seal(records(3), 3)
	s.records[1] = audit.Sealed{Seq: 2}
	report, err := audit.VerifyExport(bytes.NewReader(s.export(t)), public())
	if err != nil || !slices.Equal(flaws(report), []audit.Flaw{audit.Missing}) {
		t.Errorf("%v %s", err, report)
	}
}
