package gate

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/storage"
)

// ImportEntry is one resource of an import, with the name it had where it
// comes from: its fullUrl, or Type/id.
type ImportEntry struct {
	Source string
	Type   string
	Body   []byte
}

// Import stores resources under ids that a secret makes of (custodian, type,
// source name): unguessable, and the same in a second run, which therefore
// changes nothing. References are rewritten by links. With keepIDs a source name
// is Type/id, and its id stays. The entries commit together or not at all.
func (g *Gate) Import(ctx context.Context, c Caller, entries []ImportEntry, links Links, keepIDs bool) ([]storage.Result, error) {
	if len(g.RemapKey) == 0 {
		return nil, fhir.NewError(fhir.Forbidden, "forbidden", "this server does not import")
	}
	bundle := make([]BundleEntry, len(entries))
	bad := &fhir.Error{Kind: fhir.Invalid}
	for i, e := range entries {
		id := g.ImportID(c.Grant.Organization, e.Type, e.Source)
		if keepIDs {
			_, id, _ = strings.Cut(e.Source, "/")
		}
		body, err := relink(e.Body, links)
		if err == nil {
			body, err = withID(body, id)
		}
		if err != nil {
			bad.Issues = append(bad.Issues, placed(e.Source, err)...)
		}
		bundle[i] = BundleEntry{Interaction: fhir.Interaction{Kind: fhir.Update, Type: e.Type, ID: id}, Body: body}
	}
	if len(bad.Issues) > 0 {
		return nil, bad
	}
	writes, _, err := g.planAll(c, bundle, true)
	if err != nil {
		return nil, g.refused(ctx, c, pass{}, event{action: "C", subtype: "import"}, err)
	}
	return g.commit(ctx, c, writes, nil)
}

// ImportID is the id that Import gives a resource.
func (g *Gate) ImportID(custodian, resourceType, source string) string {
	mac := hmac.New(sha256.New, g.RemapKey)
	mac.Write([]byte(custodian + "\x00" + resourceType + "\x00" + source))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)[:20]))
}

// withID puts an id into a body, or replaces the one it has.
func withID(body []byte, id string) ([]byte, error) {
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return nil, err
	}
	if !conformance.IsType(doc.Type()) {
		return nil, fhir.NewError(fhir.Invalid, "invalid", "unknown resource type", "resourceType")
	}
	return doc.WithID(id), nil
}
