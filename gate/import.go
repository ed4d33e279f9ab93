package gate

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	At     string // FHIRPath of the entry in its Bundle, for errors; "" when it came alone
}

// ImportError says which entries cannot be stored, each with its own error.
// Nothing was stored.
type ImportError struct {
	Entries map[int]error // by position
}

func (e *ImportError) Error() string {
	return fmt.Sprintf("%d resources cannot be stored", len(e.Entries))
}

// Unwrap lists the errors in the order of the entries.
func (e *ImportError) Unwrap() []error {
	var out []error
	for _, i := range slices.Sorted(maps.Keys(e.Entries)) {
		out = append(out, e.Entries[i])
	}
	return out
}

// Import stores resources under ids that a secret makes of (custodian, type,
// source name): unguessable, and the same in a second run, which therefore
// changes nothing. References are rewritten by links; conditional ones are
// resolved as in a transaction. With keepIDs a source name
// is Type/id, and its id stays. The entries commit together or not at all; the
// error is an *ImportError when it lies in single entries. The results have no
// bodies.
func (g *Gate) Import(ctx context.Context, c Caller, entries []ImportEntry, links Links, keepIDs bool) ([]storage.Result, error) {
	if len(g.RemapKey) == 0 {
		return nil, fhir.NewError(fhir.Forbidden, "forbidden", "this server does not import")
	}
	t, err := planned(ctx, g, func() (transaction, error) { return g.planImports(c, entries, links, keepIDs) })
	if err != nil {
		return nil, g.refused(ctx, c, pass{}, event{action: "C", subtype: "import"}, err)
	}
	t.bare = true
	return g.commit(ctx, c, t, nil)
}

// planImports plans each entry; the error is an *ImportError.
func (g *Gate) planImports(c Caller, entries []ImportEntry, links Links, keepIDs bool) (transaction, error) {
	writes, bad := make([]write, len(entries)), map[int]error{}
	targets, refs := map[string]string{}, g.newReferrals(c)
	for i, e := range entries {
		refs.at = cmp.Or(e.At, e.Source)
		w, err := g.planImport(c, e, refs.or(links), keepIDs)
		err = cmp.Or(refs.taken(), err)
		if err == nil {
			err = once(targets, w, cmp.Or(e.At, e.Source))
		}
		if err != nil {
			bad[i] = atEntry(e.At, err)
		}
		writes[i] = w
	}
	if len(bad) > 0 {
		return transaction{}, &ImportError{bad}
	}
	return transaction{writes: writes, refs: refs}, nil
}

// planImport plans one entry under the id that is to be its own here.
func (g *Gate) planImport(c Caller, e ImportEntry, links Links, keepIDs bool) (write, error) {
	id := g.ImportID(c.Grant.Organization, e.Type, e.Source)
	if keepIDs {
		_, id, _ = strings.Cut(e.Source, "/")
	}
	w, err := g.plan(c, fhir.Interaction{Kind: fhir.Update, Type: e.Type, ID: id}, func() (*fhir.Document, error) {
		doc, err := linked(e.Body, links)
		if err != nil {
			return nil, err
		}
		return withID(doc, id)
	})
	w.importing = true
	return w, err
}

// atEntry puts an error's issues at an entry of a Bundle.
func atEntry(at string, err error) error {
	var e *fhir.Error
	if at == "" || !errors.As(err, &e) {
		return err
	}
	return &fhir.Error{Kind: e.Kind, Issues: placed(at, err), Cause: e.Cause}
}

// ImportID is the id that Import gives a resource.
func (g *Gate) ImportID(custodian, resourceType, source string) string {
	mac := hmac.New(sha256.New, g.RemapKey)
	mac.Write([]byte(custodian + "\x00" + resourceType + "\x00" + source))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)[:20]))
}

// withID puts an id into a body, or replaces the one it has.
func withID(doc *fhir.Document, id string) (*fhir.Document, error) {
	if !conformance.IsType(doc.Type()) {
		return nil, fhir.NewError(fhir.Invalid, "invalid", "unknown resource type", "resourceType")
	}
	if !fhir.IsID(id) { // a kept one
		return nil, fhir.NewError(fhir.Invalid, "value", "not an id", doc.Type()+".id")
	}
	if doc.Root().Get("id").Text() == id {
		return doc, nil
	}
	return fhir.ParseDocument(doc.WithID(id))
}
