package rest

import (
	"bytes"

	"github.com/google/uuid"

	"sluis/fhir"
	"sluis/gate"
)

// processMessage answers $process-message (R4
// messageheader-operation-process-message.html): a Bundle of type message, or a
// Parameters with one as content. The answer is the message that says it was
// taken in; one that is not is answered as any request that fails. There is no
// asynchronous form: an address to answer to is not followed.
func (x *exchange) processMessage(args arguments) ([]byte, error) {
	if err := args.known("content", "async", "response-url"); err != nil {
		return nil, err
	}
	if url, err := args.text("response-url"); err != nil || url != "" {
		return nil, fhir.NewError(fhir.Invalid, "not-supported", "answers are not sent to an address", "response-url")
	}
	if async, err := args.text("async"); err != nil || async != "" && async != "false" {
		return nil, fhir.NewError(fhir.Invalid, "not-supported", "messages are taken in at once", "async")
	}
	content, ok := args.resource("content")
	if !ok {
		return nil, fhir.NewError(fhir.Invalid, "required", "a message is needed", "content")
	}
	m, b, err := gate.ParseMessage(content.Raw())
	if err != nil {
		return nil, err
	}
	if err := x.Gate.Process(x.r.Context(), x.caller, m, b); err != nil {
		return nil, err
	}
	return x.receipt(m), nil
}

// receipt is the message that answers one. Its fullUrl is made of what it
// answers, so that a message sent twice has the same answer twice.
func (x *exchange) receipt(m gate.Message) []byte {
	var buf bytes.Buffer
	buf.WriteString(`{"resourceType":"Bundle","type":"message","entry":[{"fullUrl":"` + x.receiptID(m) + `","resource":{"resourceType":"MessageHeader"`)
	for _, name := range []string{"eventCoding", "eventUri"} {
		if event := m.Header.Get(name); !event.IsZero() {
			buf.WriteString(`,"` + name + `":`)
			buf.Write(event.Raw())
		}
	}
	buf.WriteString(`,"destination":[{"endpoint":`)
	quote(&buf, m.Source)
	buf.WriteString(`}],"source":{"endpoint":`)
	quote(&buf, x.Base+"/$process-message")
	buf.WriteString(`},"response":{"identifier":`)
	quote(&buf, m.ID)
	buf.WriteString(`,"code":"ok"}}}]}`)
	return buf.Bytes()
}

func (x *exchange) receiptID(m gate.Message) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(x.Base+"\x00"+m.Source+"\x00"+m.ID)).URN()
}
