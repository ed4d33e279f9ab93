package hl7v2

import (
	"strings"
	"time"
)

// Code is an acknowledgement code, HL7 table 0008.
type Code string

// Original mode.
const (
	Accept Code = "AA" // stored
	Error  Code = "AE" // the message is at fault
	Reject Code = "AR" // the message is not taken here, or not now
)

// Enhanced mode: the accept acknowledgement that MSH-15 asks for.
const (
	CommitAccept Code = "CA"
	CommitError  Code = "CE"
	CommitReject Code = "CR"
)

var commit = map[Code]Code{Accept: CommitAccept, Error: CommitError, Reject: CommitReject}

// CodeOf is the original-mode code of an outcome: Accept for no error, Reject
// for a refusal, Error for anything else.
func CodeOf(err error) Code {
	faults, ok := err.(Faults)
	switch {
	case err == nil:
		return Accept
	case ok && faults.Refused():
		return Reject
	}
	return Error
}

// Acknowledge makes the answer to a message, or nil where the sender wants none
// (HL7 v2.5.1, 2.9.2 and 2.9.3). err is the outcome: nil when the message is
// stored, else what Parse, Translate or the store said. m is nil where not even
// the header could be read. id becomes MSH-10 of the answer. MSA-3 and ERR name
// places and rules, never values.
func Acknowledge(m *Message, err error, at time.Time, id string) []byte {
	code := CodeOf(err)
	if m == nil {
		return unknownSender(code, err, at, id)
	}
	code, wanted := mode(m, code)
	if !wanted {
		return nil
	}
	sep, msh := m.Separators, m.header()
	answer := writer{sep: sep}
	answer.header(m, at, id)
	answer.segment("MSA", string(code), msh.Field(10).Raw(), escape(reason(err), sep))
	if version := m.Version(); err != nil && version >= "2.5" {
		answer.errors(err)
	}
	return encode(answer.String(), m.Charset)
}

// mode chooses between original and enhanced mode. Where MSH-15 asks for an
// accept acknowledgement, that is the one answer: it follows the commit, and so
// says no less than the application's would. Else MSH-16 is the condition.
func mode(m *Message, code Code) (Code, bool) {
	accept, application := m.header().Field(15).Text(), m.header().Field(16).Text()
	switch {
	case accept == "" && application == "":
		return code, true
	case accept == "AL", accept == "ER", accept == "SU":
		return commit[code], due(accept, code)
	}
	return code, due(application, code)
}

// due applies a condition of HL7 table 0155. What is not in the table asks for
// an answer.
func due(condition string, code Code) bool {
	switch condition {
	case "NE":
		return false
	case "ER":
		return code != Accept
	case "SU":
		return code == Accept
	}
	return true
}

// unknownSender answers bytes that are no message.
func unknownSender(code Code, err error, at time.Time, id string) []byte {
	w := writer{sep: Standard}
	w.segment("MSH", Standard.encoding(), "SLUIS", "", "", "", timestamp(at), "", "ACK", id, "P", "2.5.1")
	w.segment("MSA", string(code), "", escape(reason(err), Standard))
	return []byte(w.String())
}

// reason is the text of MSA-3: at most 80 characters, its length in v2.3.
func reason(err error) string {
	if err == nil {
		return ""
	}
	text := "not stored"
	if faults, ok := err.(Faults); ok {
		text = faults.Error()
	}
	if len(text) > 80 {
		text = text[:77] + "..."
	}
	return text
}

type writer struct {
	strings.Builder
	sep Separators
}

func (w *writer) segment(name string, fields ...string) {
	w.WriteString(name)
	line := strings.Join(fields, string(w.sep.Field))
	w.WriteByte(w.sep.Field)
	w.WriteString(strings.TrimRight(line, string(w.sep.Field)))
	w.WriteByte('\r')
}

// header turns the sender and receiver of m round.
func (w *writer) header(m *Message, at time.Time, id string) {
	msh := m.header()
	_, event := m.Type()
	kind := "ACK"
	if event != "" {
		kind += string(w.sep.Component) + escape(event, w.sep)
		if m.Version() >= "2.4" {
			kind += string(w.sep.Component) + "ACK"
		}
	}
	w.segment("MSH", w.sep.encoding(),
		msh.Field(5).Raw(), msh.Field(6).Raw(), msh.Field(3).Raw(), msh.Field(4).Raw(),
		timestamp(at), "", kind, id, msh.Field(11).Raw(), msh.Field(12).Raw(), "", "", "", "", "", msh.Field(18).Raw())
}

// errors writes one ERR per fault, in the form it has from v2.5.
func (w *writer) errors(err error) {
	faults, ok := err.(Faults)
	if !ok {
		faults = Faults{{Code: codeInternal}}
	}
	for _, f := range faults {
		component := string(w.sep.Component)
		condition := f.Code + component + conditions[f.Code] + component + "HL70357"
		w.segment("ERR", "", errorLocation(f.Location, component), condition, "E", "", "", "", escape(f.Text, w.sep))
	}
}

// errorLocation turns PID-3[2].1 or OBX[4]-5 into the type ERL:
// segment, its sequence, field, repetition, component.
func errorLocation(location, component string) string {
	segment, rest, _ := strings.Cut(location, "-")
	if segment == "" {
		return ""
	}
	segment, sequence := bracketed(segment, "1")
	field, part, _ := strings.Cut(rest, ".")
	field, repetition := bracketed(field, "")
	if field != "" && repetition == "" {
		repetition = "1"
	}
	erl := strings.Join([]string{segment, sequence, field, repetition, part}, component)
	return strings.TrimRight(erl, component)
}

func bracketed(s, or string) (name, index string) {
	name, index, found := strings.Cut(s, "[")
	if !found {
		return name, or
	}
	return name, strings.TrimSuffix(index, "]")
}

func timestamp(at time.Time) string { return at.Format("20060102150405-0700") }

// Ack is an acknowledgement as a sender reads it.
type Ack struct {
	Code    Code
	Control string // MSA-2: MSH-10 of the message it answers
	Text    string
}

// Stored reports that the receiver has the message.
func (a Ack) Stored() bool { return a.Code == Accept || a.Code == CommitAccept }

// ParseAck reads an acknowledgement.
func ParseAck(raw []byte) (Ack, error) {
	m, err := Parse(raw, Options{})
	if err != nil {
		return Ack{}, err
	}
	msa, ok := m.First("MSA")
	if !ok {
		return Ack{}, Faults{fault("MSA", codeRequired, "an acknowledgement has an MSA segment")}
	}
	return Ack{Code: Code(msa.Field(1).Text()), Control: msa.Field(2).Text(), Text: msa.Field(3).Text()}, nil
}
