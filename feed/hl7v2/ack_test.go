package hl7v2_test

import (
	"strings"
	"testing"
	"time"

	"sluis/feed/hl7v2"
)

var epoch = time.Date(2026, 3, 14, 9, 30, 15, 0, hl7v2.Amsterdam)

func TestAcknowledge(t *testing.T) {
	bad := hl7v2.Faults{{Location: "PID-3[2].1", Code: "102", Text: "the number is not a valid BSN"}}
	refused := hl7v2.Faults{hl7v2.Refusal("MSH-3", "the sender is unknown")}
	header := func(version, conditions string) string {
		return `MSH|^~\&|EPD|ZH|SLUIS|KEER|20260314||ADT^A01|77|P|` + version + `|||` + conditions + "\r"
	}
	for _, c := range []struct {
		name, message string
		err           error
		want          string
	}{
		{"stored", header("2.3", ""), nil, `MSH|^~\&|SLUIS|KEER|EPD|ZH|20260314093015+0100||ACK^A01|1|P|2.3` + "\rMSA|AA|77\r"},
		{"at fault", header("2.4", ""), bad, `MSH|^~\&|SLUIS|KEER|EPD|ZH|20260314093015+0100||ACK^A01^ACK|1|P|2.4` + "\rMSA|AE|77|PID-3[2].1: the number is not a valid BSN\r"},
		{"refused", header("2.3", ""), refused, `MSH|^~\&|SLUIS|KEER|EPD|ZH|20260314093015+0100||ACK^A01|1|P|2.3` + "\rMSA|AR|77|MSH-3: the sender is unknown\r"},
		{"with ERR", header("2.5.1", ""), bad, `MSH|^~\&|SLUIS|KEER|EPD|ZH|20260314093015+0100||ACK^A01^ACK|1|P|2.5.1` + "\rMSA|AE|77|PID-3[2].1: the number is not a valid BSN\rERR||PID^1^3^2^1|102^Data type error^HL70357|E||||the number is not a valid BSN\r"},
		{"enhanced, stored", header("2.3", "AL|NE"), nil, `MSH|^~\&|SLUIS|KEER|EPD|ZH|20260314093015+0100||ACK^A01|1|P|2.3` + "\rMSA|CA|77\r"},
		{"enhanced, errors only, stored", header("2.3", "ER|NE"), nil, ""},
		{"enhanced, errors only, at fault", header("2.3", "ER|NE"), bad, `MSH|^~\&|SLUIS|KEER|EPD|ZH|20260314093015+0100||ACK^A01|1|P|2.3` + "\rMSA|CE|77|PID-3[2].1: the number is not a valid BSN\r"},
		{"enhanced, refused", header("2.3", "AL|AL"), refused, `MSH|^~\&|SLUIS|KEER|EPD|ZH|20260314093015+0100||ACK^A01|1|P|2.3` + "\rMSA|CR|77|MSH-3: the sender is unknown\r"},
		{"enhanced, application only", header("2.3", "NE|AL"), nil, `MSH|^~\&|SLUIS|KEER|EPD|ZH|20260314093015+0100||ACK^A01|1|P|2.3` + "\rMSA|AA|77\r"},
		{"enhanced, success only, at fault", header("2.3", "SU"), bad, ""},
		{"enhanced, none", header("2.3", "NE|NE"), nil, ""},
	} {
		m, err := hl7v2.Parse([]byte(c.message), hl7v2.Options{})
		if err != nil {
			t.Fatal(c.name, err)
		}
		if got := string(hl7v2.Acknowledge(m, c.err, epoch, "1")); got != c.want {
			t.Errorf("%s:\ngot  %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestAcknowledgeKeepsDelimitersAndCharset(t *testing.T) {
	raw := "MSH#*%@!#EPD#Caf\xe9#SLUIS#ZH#20260314##ADT*A01#a|b^c#P#2.5######8859/1\r"
	m, err := hl7v2.Parse([]byte(raw), hl7v2.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fault := hl7v2.Faults{{Location: "PID-5", Code: "101", Text: "empty # field"}}
	want := "MSH#*%@!#SLUIS#ZH#EPD#Caf\xe9#20260314093015+0100##ACK*A01*ACK#1#P#2.5######8859/1\r" +
		"MSA#AE#a|b^c#PID-5: empty @F@ field\r" +
		"ERR##PID*1*5*1#101*Required field missing*HL70357#E####empty @F@ field\r"
	if got := string(hl7v2.Acknowledge(m, fault, epoch, "1")); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAcknowledgeOfNoMessage(t *testing.T) {
	m, err := hl7v2.Parse([]byte("GET / HTTP/1.1\r\n"), hl7v2.Options{})
	if m != nil || err == nil {
		t.Fatal("parsed")
	}
	got := string(hl7v2.Acknowledge(nil, err, epoch, "1"))
	if !strings.Contains(got, "\rMSA|AE||a message starts with MSH\r") {
		t.Errorf("%q", got)
	}
}

func TestParseAck(t *testing.T) {
	a, err := hl7v2.ParseAck([]byte("MSH|^~\\&|SLUIS|ZH|EPD|ZH|20260314||ACK|1|P|2.4\rMSA|CR|77|no \\T\\ no\r"))
	if err != nil {
		t.Fatal(err)
	}
	if a != (hl7v2.Ack{Code: hl7v2.CommitReject, Control: "77", Text: "no & no"}) || a.Stored() {
		t.Errorf("%+v", a)
	}
	if _, err := hl7v2.ParseAck([]byte("MSH|^~\\&|A|B\r")); err == nil {
		t.Error("an acknowledgement without MSA was read")
	}
}
