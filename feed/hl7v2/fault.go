package hl7v2

import (
	"slices"
	"strings"
)

// Codes of HL7 table 0357, message error condition.
const (
	codeSequence           = "100" // segment sequence error
	codeStructure          = "100"
	codeRequired           = "101" // required field missing
	codeDataType           = "102" // data type error
	codeTable              = "103" // table value not found
	codeUnsupportedType    = "200" // unsupported message type
	codeUnsupportedEvent   = "201" // unsupported event code
	codeUnsupportedVersion = "203" // unsupported version id
	codeUnknownKey         = "204" // unknown key identifier
	codeInternal           = "207" // application internal error
)

var conditions = map[string]string{
	"100": "Segment sequence error", "101": "Required field missing", "102": "Data type error",
	"103": "Table value not found", "200": "Unsupported message type", "201": "Unsupported event code",
	"203": "Unsupported version id", "204": "Unknown key identifier", "207": "Application internal error",
}

// Fault is one thing that is wrong with a message. It names a place and a rule,
// never a value: it goes to the sender, to the log and to the quarantine list.
type Fault struct {
	Location string // such as PID-3[2].1 or OBX[4]-5; "" when it is the message
	Code     string // HL7 table 0357
	Text     string
	Refused  bool // the message is not at fault: it is not taken here (AR)
}

func (f *Fault) Error() string {
	if f.Location == "" {
		return f.Text
	}
	return f.Location + ": " + f.Text
}

func fault(location, code, text string) *Fault {
	return &Fault{Location: location, Code: code, Text: text}
}

// Refusal makes the fault of a message that is not taken here: an unknown
// sender, or a message type that the feed may not send.
func Refusal(location, text string) *Fault {
	return &Fault{Location: location, Code: codeUnknownKey, Text: text, Refused: true}
}

// Unavailable makes the refusal of a message that could not be stored for
// reasons that are not its own: it may be sent again.
func Unavailable() *Fault {
	return &Fault{Code: codeInternal, Text: "not stored, send again later", Refused: true}
}

// NotStored makes the fault of a message that was translated but not accepted
// by the store, and is kept in quarantine.
func NotStored() *Fault {
	return &Fault{Code: codeInternal, Text: "not stored, kept in quarantine"}
}

// Faults are all things found wrong with one message, at least one.
type Faults []*Fault

func (f Faults) Error() string {
	parts := make([]string, len(f))
	for i, one := range f {
		parts[i] = one.Error()
	}
	return strings.Join(parts, "; ")
}

// Refused reports whether the message is refused rather than at fault.
func (f Faults) Refused() bool {
	return slices.ContainsFunc(f, func(one *Fault) bool { return one.Refused })
}
