package hl7v2_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"sluis/feed"
	"sluis/feed/hl7v2"
)

// seed gives the fuzzer every message of testdata, and some broken ones.
func seed(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.hl7")
	if err != nil || len(files) == 0 {
		f.Fatal("no messages in testdata")
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(raw[:len(raw)/2])
		f.Add(bytes.ReplaceAll(raw, []byte("|"), []byte("~")))
	}
	for _, s := range []string{"", "MSH", "MSH|^~\\&|\x00\x01\xff\r\r\n", "MSH|^~\\&|A\rOBX|\n\n|\\\\|\\X\\|\\.sp\\", "\uFEFF\rMSH|\rMSH|"} {
		f.Add([]byte(s))
	}
}

// FuzzParse: whatever the bytes, nothing crashes; what parses holds every
// character it was given, and can be answered.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := hl7v2.Parse(raw, hl7v2.Options{})
		if m == nil {
			if err == nil {
				t.Fatal("neither a message nor an error")
			}
			hl7v2.Acknowledge(nil, err, epoch, "1")
			return
		}
		if ack := hl7v2.Acknowledge(m, err, epoch, "1"); ack != nil {
			if _, err := hl7v2.ParseAck(ack); err != nil {
				t.Fatalf("the answer cannot be read: %v\n%q", err, ack)
			}
		}
		if err != nil {
			return
		}
		if !bytes.Equal(m.Raw(), raw) {
			t.Fatal("the received bytes are altered")
		}
		again, err := hl7v2.Parse([]byte(m.Text()), hl7v2.Options{})
		if err != nil || again.Text() != m.Text() || len(again.Segments) != len(m.Segments) {
			t.Fatalf("not lossless: %v\n%q\n%q", err, raw, m.Text())
		}
		for _, s := range m.Segments {
			for i := range 30 {
				for _, r := range s.Field(i).Repetitions() {
					_ = r.Component(1).Sub(1).Text()
				}
			}
		}
	})
}

// FuzzTranslate: a bundle that comes out is one that the server accepts, and an
// error never comes with a bundle.
func FuzzTranslate(f *testing.F) {
	seed(f)
	c := hospital
	c.MessageTypes = []string{"ADT^*", "ORU^*"}
	f.Fuzz(func(t *testing.T, raw []byte) { checkTranslation(t, raw, c) })
}

func checkTranslation(t *testing.T, raw []byte, c feed.Config) {
	m, err := hl7v2.Parse(raw, hl7v2.Options{})
	if err != nil {
		return
	}
	d, err := hl7v2.Translate(m, c)
	if err != nil {
		if d.Bundle != nil {
			t.Fatal("a bundle came with an error")
		}
		return
	}
	mustValidate(t, d.Bundle)
	mustBeR4(t, d.Bundle)
}
