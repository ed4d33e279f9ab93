package hl7v2_test

import (
	"strings"
	"testing"
	"time"

	"sluis/feed/hl7v2"
)

func mustParse(t testing.TB, raw string) *hl7v2.Message {
	t.Helper()
	m, err := hl7v2.Parse([]byte(raw), hl7v2.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAccessors(t *testing.T) {
	m := mustParse(t, "MSH|^~\\&|EPD^1.2^ISO|ZH|||20260314||ADT^A01|7|P|2.4\r"+
		"PID|1||a^^^ZH&1.2&ISO^PI~b^^^\"\"|\"\"|van \\T\\ Zo&van&Zo^C\rZZ1|x\r")
	pid, ok := m.First("PID")
	if !ok {
		t.Fatal("no PID")
	}
	second := pid.Field(3).Repetitions()[1]
	for _, c := range []struct {
		what, got, want string
	}{
		{"first repetition's component", pid.Field(3).Component(1).Text(), "a"},
		{"sub-component", pid.Field(3).Component(4).Sub(2).Text(), "1.2"},
		{"second repetition", second.Component(1).Text(), "b"},
		{"null component", second.Component(4).Text(), ""},
		{"escape", pid.Field(5).Component(1).Sub(1).Text(), "van & Zo"},
		{"raw keeps the escape", pid.Field(5).Component(1).Sub(1).Raw(), `van \T\ Zo`},
		{"a component without sub-components is its own first", pid.Field(3).Component(5).Sub(1).Text(), "PI"},
		{"and has no second", pid.Field(3).Component(5).Sub(2).Text(), ""},
		{"field beyond the end", pid.Field(99).Component(3).Text(), ""},
		{"MSH-1", m.Segments[0].Field(1).Text(), "|"},
		{"MSH-2", m.Segments[0].Field(2).Text(), `^~\&`},
		{"MSH-3", m.Segments[0].Field(3).Component(2).Text(), "1.2"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	if !pid.Field(4).IsNull() || pid.Field(4).IsEmpty() || pid.Field(4).Text() != "" {
		t.Error(`"" means delete, and is not empty`)
	}
	if !pid.Field(2).IsEmpty() || pid.Field(2).IsNull() {
		t.Error("an empty field means nothing")
	}
	if z, ok := m.First("ZZ1"); !ok || z.Field(1).Text() != "x" {
		t.Error("Z-segments are kept")
	}
	if code, event := m.Type(); code != "ADT" || event != "A01" {
		t.Error(code, event)
	}
	if none, ok := m.First("PV1"); ok || none.Raw() != "" || none.Field(1).Component(2).Text() != "" {
		t.Error("an absent segment answers with nothing")
	}
}

func TestEscapes(t *testing.T) {
	for raw, want := range map[string]string{
		`a\F\b\S\c\T\d\R\e\E\f`:     `a|b^c&d~e\f`,
		`regel 1\.br\regel 2`:       "regel 1\nregel 2",
		`a\.sp2\b\.sk3\c`:           "a\n\nb   c",
		`\H\vet\N\ \.in+4\x`:        "vet x",
		`\X4142\`:                   "AB",
		`\XC3A9\ \XE9\`:             "é é",
		`\X0D\\X07\x`:               "x",
		`\Zxy\ blijft`:              `\Zxy\ blijft`,
		`C:\ los`:                   `C:\ los`,
		`\XZZ\`:                     `\XZZ\`,
		`open \T`:                   `open \T`,
		"bel\x07 nul\x00":           "bel nul",
		`a\.sk999999999999\b`:       "a" + strings.Repeat(" ", 100) + "b",
		`\.sk99999999999999999999\`: `\.sk99999999999999999999\`,
	} {
		m := mustParse(t, "MSH|^~\\&|A|B\rOBX|1|FT|x||"+raw+"\r")
		obx, _ := m.First("OBX")
		if got := obx.Field(5).Text(); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
		if got := obx.Field(5).Raw(); got != raw {
			t.Errorf("%q: raw is %q", raw, got)
		}
	}
}

func TestLineEnds(t *testing.T) {
	for name, raw := range map[string]string{
		"CR":                  "MSH|^~\\&|A|B\rPID|1\rPV1|1\r",
		"LF":                  "MSH|^~\\&|A|B\nPID|1\nPV1|1\n",
		"CRLF":                "MSH|^~\\&|A|B\r\nPID|1\r\nPV1|1\r\n",
		"mixed":               "\r\nMSH|^~\\&|A|B\r\n\nPID|1\rPV1|1",
		"byte order mark":     "\uFEFFMSH|^~\\&|A|B\rPID|1\rPV1|1\r",
		"no end":              "MSH|^~\\&|A|B\rPID|1\rPV1|1",
		"declared Latin-1":    "\uFEFFMSH|^~\\&|A|B||||||||||||||8859/1\rPID|1\rPV1|1|\xe9\r",
		"a segment of a name": "MSH|^~\\&|A|B\rPID|1\rPV1\r",
	} {
		m := mustParse(t, raw)
		if len(m.Segments) != 3 || m.Segments[1].Name != "PID" || m.Segments[2].Name != "PV1" {
			t.Errorf("%s: %d segments", name, len(m.Segments))
		}
	}
	m := mustParse(t, "MSH|^~\\&|A|B\rNTE|1||regel 1\nregel 2\rNTE|2\r")
	if nte, _ := m.First("NTE"); len(m.Segments) != 3 || nte.Field(3).Text() != "regel 1\nregel 2" {
		t.Errorf("a line feed inside a text was taken for a segment's end: %d segments", len(m.Segments))
	}
}

func TestCharsets(t *testing.T) {
	message := func(charset, name string) string {
		return "MSH|^~\\&|A|B||||||||||||||" + charset + "\rPID|||||" + name + "\r"
	}
	for _, c := range []struct {
		what, raw, want string
		misdeclared     bool
	}{
		{"Latin-1", message("8859/1", "Zo\xeb"), "Zoë", false},
		{"Latin-1 that is UTF-8", message("8859/1", "Zoë"), "Zoë", true},
		{"Latin-1 with a euro sign", message("8859/1", "\x80 5"), "€ 5", false},
		{"Latin-9", message("8859/15", "\xa4 5"), "€ 5", false},
		{"UTF-8", message("UNICODE UTF-8", "Ayşe"), "Ayşe", false},
		{"UTF-8 that is Latin-1", message("UNICODE UTF-8", "Zo\xeb"), "Zoë", true},
		{"UTF-8 with one bad byte", message("UNICODE UTF-8", "Zoë Ay\xeb"), "Zoë Ayë", true},
		{"ASCII that is not", message("ASCII", "Zo\xeb"), "Zoë", true},
		{"nothing declared", message("", "Zo\xeb"), "Zoë", true},
		{"unknown, but plain", message("ISO IR87", "Zoe"), "Zoe", false},
		{"several, the first counts", message("8859/1~UNICODE UTF-8", "Zo\xeb"), "Zoë", false},
	} {
		m := mustParse(t, c.raw)
		pid, _ := m.First("PID")
		if got := pid.Field(5).Text(); got != c.want || m.Misdeclared != c.misdeclared {
			t.Errorf("%s: %q, misdeclared %v", c.what, got, m.Misdeclared)
		}
		if string(m.Raw()) != c.raw {
			t.Errorf("%s: the received bytes are altered", c.what)
		}
	}
	m, err := hl7v2.Parse([]byte(message("ISO IR87", "Zo\xeb")), hl7v2.Options{})
	if err == nil || m == nil {
		t.Error("an unknown character set is a fault that can be answered")
	}
	m, err = hl7v2.Parse([]byte("MSH|^~\\&|A|B\rPID|||||\xa4\r"), hl7v2.Options{Charset: "8859/15"})
	if pid, _ := m.First("PID"); err != nil || pid.Field(5).Text() != "€" {
		t.Error("the feed's character set holds where MSH-18 is empty")
	}
}

func TestParseFaults(t *testing.T) {
	small := hl7v2.Options{MaxBytes: 200, MaxSegments: 3, MaxElements: 20}
	for _, c := range []struct {
		raw, want string
		answer    bool // the header was read
	}{
		{"", "a message starts with MSH", false},
		{"PID|1\r", "a message starts with MSH", false},
		{"MSH", "MSH-1: the message header is incomplete", false},
		{"MSH|", "MSH-1: the message header is incomplete", false},
		{"MSH|||\r", "", true}, // no delimiters but the field's: then there are none
		{"MSH|^^~&|", "MSH-2: the delimiters are not distinct punctuation characters", false},
		{"MSHa^~\\&a", "MSH-2: the delimiters are not distinct punctuation characters", false},
		{"MSH|^~\\&#!|", "MSH-2: there are at most five encoding characters", false},
		{"MSH|^~\\&|A\rMSH|^~\\&|B\r", "MSH: there are two messages in one frame", true},
		{"MSH|^~\\&|A\rpid|1\r", "a line is not a segment", true},
		{"MSH|^~\\&|A\rPIDX|1\r", "a line is not a segment", true},
		{"MSH|^~\\&|A\rPID|\rPV1|\rPV2|\r", "the message has too many segments", true},
		{"MSH|^~\\&|A\rPID|" + strings.Repeat("~", 30) + "\r", "PID: the segment has too many elements", true},
		{"MSH|^~\\&|A\rPID|" + strings.Repeat("x", 300), "the message is too large", false},
	} {
		m, err := hl7v2.Parse([]byte(c.raw), small)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want || (m != nil) != c.answer {
			t.Errorf("%.40q: %q, answerable %v", c.raw, got, m != nil)
		}
	}
}

func TestParseTimestamp(t *testing.T) {
	for s, want := range map[string]string{
		"2026":                     "2026-01-01T00:00:00+01:00 1",
		"202607":                   "2026-07-01T00:00:00+02:00 2",
		"20260714":                 "2026-07-14T00:00:00+02:00 3",
		"19480000":                 "1948-01-01T00:00:00+01:00 1",
		"19480500":                 "1948-05-01T00:00:00+01:00 2",
		"2026071409":               "2026-07-14T09:00:00+02:00 4",
		"202601140930":             "2026-01-14T09:30:00+01:00 4",
		"20260714093015":           "2026-07-14T09:30:15+02:00 4",
		"20260714093015.25":        "2026-07-14T09:30:15.25+02:00 5",
		"20260714093015.1234-0330": "2026-07-14T09:30:15.123-03:30 5",
		"20260714093015+0000":      "2026-07-14T09:30:15Z 4",
	} {
		ts, err := hl7v2.ParseTimestamp(s, hl7v2.Amsterdam)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if got := ts.Format(time.RFC3339Nano) + " " + string(rune('0'+ts.Precision)); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
	for _, s := range []string{"", "26", "0000", "20261301", "20260230", "20260014", "2026031424", "202603140960", "20260314093061", "gisteren", "2026-03-14", "20260314+2500"} {
		if ts, err := hl7v2.ParseTimestamp(s, hl7v2.Amsterdam); err == nil {
			t.Errorf("%q was read as %v", s, ts)
		}
	}
}
