package gate

import (
	"context"
	"errors"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/storage"
)

// Message is what is known of a FHIR message beside its content (R4
// messaging.html).
type Message struct {
	ID     string // MessageHeader.id: a message with the same one is the same message
	Source string // MessageHeader.source.endpoint
	Header fhir.Node
}

// ParseMessage reads a Bundle of type message. The error names every problem.
func ParseMessage(body []byte) (Message, Bundle, error) {
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return Message{}, Bundle{}, err
	}
	if doc.Type() != "Bundle" || doc.Root().Get("type").Text() != "message" {
		return Message{}, Bundle{}, fhir.NewError(fhir.Invalid, "invalid", "a Bundle of type message was expected", "Bundle.type")
	}
	if issues := conformance.Validate(doc); len(issues) > 0 {
		return Message{}, Bundle{}, &fhir.Error{Kind: fhir.Invalid, Issues: issues}
	}
	var m Message
	b := Bundle{Atomic: true}
	bad := &fhir.Error{Kind: fhir.Invalid}
	i := 0
	for e := range doc.Root().Get("entry").All() {
		resource := e.Get("resource")
		switch header := resource.Get("resourceType").Text() == "MessageHeader"; {
		case i == 0 && header:
			m = Message{ID: resource.Get("id").Text(), Source: resource.At("source", "endpoint").Text(), Header: resource}
		case header:
			bad.Issues = append(bad.Issues, fhir.Issue{Code: "invalid", Details: "a message has one MessageHeader, first of all", Expression: []string{entryPath(i)}})
		default:
			b.Entries = append(b.Entries, taken(e))
		}
		i++
	}
	if m.Header.IsZero() {
		bad.Issues = append(bad.Issues, fhir.Issue{Code: "required", Details: "the first entry must be the MessageHeader", Expression: []string{entryPath(0)}})
	} else if m.ID == "" {
		bad.Issues = append(bad.Issues, fhir.Issue{Code: "required", Details: "the header needs an id, by which a message sent twice is known", Expression: []string{"MessageHeader.id"}})
	}
	if len(b.Entries) == 0 {
		bad.Issues = append(bad.Issues, fhir.Issue{Code: "not-supported", Details: "a message without content asks for nothing that is served", Expression: []string{"Bundle.entry"}})
	}
	if len(bad.Issues) > 0 {
		return Message{}, Bundle{}, bad
	}
	return m, b, nil
}

// taken is how the content of a message is stored: what has an identifier
// replaces what has the same one, anything else is new.
func taken(e fhir.Node) BundleEntry {
	resource := e.Get("resource")
	t := resource.Get("resourceType").Text()
	out := BundleEntry{FullURL: e.Get("fullUrl").Text(), Body: resource.Raw(), Interaction: fhir.Interaction{Kind: fhir.Create, Type: t}}
	identifier := resource.Get("identifier")
	if identifier.Kind() == fhir.Array {
		for first := range identifier.All() {
			identifier = first
			break
		}
	}
	if value := identifier.Get("value").Text(); value != "" {
		if _, searchable := conformance.R4().Lookup(t, "identifier"); searchable {
			out.Interaction = fhir.Interaction{Kind: fhir.Update, Type: t, Conditional: true, Params: []fhir.Param{{
				Name: "identifier", Value: escapeToken(identifier.Get("system").Text()) + "|" + escapeToken(value),
			}}}
		}
	}
	return out
}

// escapeToken is R4 search.html#escaping.
func escapeToken(s string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `|`, `\|`, `$`, `\$`).Replace(s)
}

// Process takes in a message whole, or nothing of it (R4
// messageheader-operation-process-message.html): its changes, its records and
// its key are one transaction. A message that was processed before changes
// nothing and is as well received as the first time.
func (g *Gate) Process(ctx context.Context, c Caller, m Message, b Bundle) error {
	if len(m.Source)+len(m.ID) > maxKey {
		return fhir.NewError(fhir.Invalid, "too-long", "the source endpoint is too long", "MessageHeader.source.endpoint")
	}
	t, err := planned(ctx, g, func() (transaction, error) { return g.planAll(c, b.Entries) })
	if err != nil {
		return g.refused(ctx, c, pass{}, event{action: "E", subtype: string(fhir.Operation)}, err)
	}
	for i := range t.writes {
		t.writes[i].foreign = true
	}
	// Those who use one app may name their messages alike: a message is its sender's.
	source := c.Grant.Organization + "|" + c.Grant.Client + "|" + c.Grant.User.String() + "|message|" + m.Source
	_, err = g.commit(ctx, c, t, &storage.InboxKey{Source: source, Key: m.ID, Outcome: []byte("ok")})
	var before *storage.SeenError
	if errors.As(err, &before) {
		return nil
	}
	return err
}
