package gate

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/conformance/terminology"
	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/smart"
	"sluis/storage"
)

// Terminology answers $expand, $validate-code, $lookup and $subsumes (R4
// terminology-service.html) over what R4 carries and what the caller may see of
// what was uploaded. The caller needs the read permission on the type.
func (g *Gate) Terminology(ctx context.Context, c Caller, ix fhir.Interaction, body *fhir.Document) ([]byte, error) {
	call := terminology.Call{Name: ix.Operation, Type: ix.Type, Params: ix.Params, Body: body}
	ev := event{action: "E", subtype: string(ix.Kind), query: c.Raw}
	if ix.ID == "" {
		if err := g.scope(ctx, c, ev, smart.ReadPermission, ix.Type); err != nil {
			return nil, err
		}
	} else {
		read := ix
		read.Kind = fhir.Read
		r, err := g.Read(ctx, c, read)
		if err != nil {
			return nil, err
		}
		if call.Instance, err = fhir.ParseDocument(r.Body); err != nil {
			return nil, fhir.Wrap(err, fhir.Internal, "exception", "a stored resource cannot be read")
		}
	}
	out, err := g.codes(ctx, c).Run(call)
	switch {
	case err != nil:
		return nil, g.refused(ctx, c, pass{}, ev, err)
	case ix.ID != "":
		return out, nil // the reading is in the record
	}
	return out, g.seen(ctx, c, pass{}, ev, storage.Page{})
}

// codes is the terminology as the caller sees it, for one request.
func (g *Gate) codes(ctx context.Context, c Caller) *terminology.Service {
	return terminology.New(func(resourceType, url, version string) (*fhir.Document, error) {
		return g.byCanonical(ctx, c, resourceType, url, version)
	}, g.at())
}

// maxSame is how many versions of one canonical are looked through.
const maxSame = query.MaxCount

// byCanonical finds a conformance resource by its url under the caller's own
// access: of that version or, without one, the latest (see later). Nil means that
// there is none, or none that the caller's scopes let it search for: the two
// cannot be told apart. Nothing is kept between requests, and nothing recorded
// here: these resources are about nobody, and what asks for them is recorded.
func (g *Gate) byCanonical(ctx context.Context, c Caller, resourceType, url, version string) (*fhir.Document, error) {
	param, ok := conformance.Lookup(resourceType, "url")
	if !ok || url == "" {
		return nil, nil
	}
	found, err := g.definitions(ctx, c, resourceType, query.Compare{Param: param, Values: []query.Value{{Text: url}}})
	var best *fhir.Document
	for _, doc := range found {
		if version != "" && doc.Root().Get("version").Text() != version {
			continue
		}
		if best == nil || later(doc.Root(), best.Root()) > 0 {
			best = doc
		}
	}
	return best, err
}

// definitions finds conformance resources under the caller's own access; none
// where its scopes do not reach them.
func (g *Gate) definitions(ctx context.Context, c Caller, resourceType string, where query.Expr) ([]*fhir.Document, error) {
	if !c.Grant.Allows(smart.SearchPermission, resourceType) || c.party() == consent.Nobody {
		return nil, nil
	}
	q := query.Query{Type: resourceType, Count: maxSame, Total: query.TotalNone, Where: where}
	page, err := corridor(ctx, g, c, smart.SearchPermission, consent.Access, func(w pass) (storage.Page, error) {
		return g.Store.Search(ctx, w.access, q)
	})
	switch {
	case err != nil:
		return nil, err
	case page.Next != nil:
		return nil, fhir.NewError(fhir.Unprocessable, "too-costly", "more than "+strconv.Itoa(maxSame)+" resources of type "+resourceType+" have one url")
	}
	out := make([]*fhir.Document, len(page.Entries))
	for i, e := range page.Entries {
		if out[i], err = fhir.ParseDocument(e.Resource.Body); err != nil {
			return nil, fhir.Wrap(err, fhir.Internal, "exception", "a stored resource cannot be read")
		}
	}
	return out, nil
}

// later compares two resources of one canonical: an active one comes before any
// other, then goes the version, part by part, then the date, then the id, so that
// the answer is the same each time.
func later(a, b fhir.Node) int {
	text := func(n fhir.Node, name string) string { return n.Get(name).Text() }
	active := func(n fhir.Node) int {
		if text(n, "status") == "active" {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(active(a), active(b)),
		compareVersions(text(a, "version"), text(b, "version")),
		cmp.Compare(text(a, "date"), text(b, "date")),
		cmp.Compare(text(a, "id"), text(b, "id")),
	)
}

// compareVersions goes part by part between dots and hyphens; parts that are both
// numbers as numbers.
func compareVersions(a, b string) int {
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == '-' })
	}
	return slices.CompareFunc(split(a), split(b), func(x, y string) int {
		m, errX := strconv.ParseUint(x, 10, 64)
		n, errY := strconv.ParseUint(y, 10, 64)
		if errX == nil && errY == nil {
			return cmp.Compare(m, n)
		}
		return cmp.Compare(x, y)
	})
}

// resolved is a search with its conditions by code resolved, and affordable both
// as it was asked and as it came to be.
func (g *Gate) resolved(ctx context.Context, c Caller, q query.Query) (query.Query, error) {
	if err := affordable(q); err != nil {
		return q, err
	}
	var err error
	if q.Where, err = g.resolveCodes(ctx, c, q.Where); err != nil {
		return q, err
	}
	return q, affordable(q)
}

// resolveCodes replaces the token conditions :in, :above and :below by the codes
// they come to (R4 search.html#token), as the caller sees the terminology. Every
// other condition stays. What cannot be resolved is an error of kind Invalid that
// names it: a condition is never left out.
func (g *Gate) resolveCodes(ctx context.Context, c Caller, x query.Expr) (query.Expr, error) {
	if !resolvable(x) {
		return x, nil
	}
	r := codeResolver{codes: g.codes(ctx, c), local: func(ref fhir.Ref) ([]*fhir.Document, error) {
		return g.definitions(ctx, c, ref.Type, query.IDIs{IDs: []string{ref.ID}})
	}}
	return r.resolve(x)
}

// resolvable reports whether there is anything to resolve.
func resolvable(x query.Expr) bool {
	found := false
	query.Walk(x, func(x query.Expr) bool {
		if c, ok := x.(query.Compare); ok && byCodes(c) {
			found = true
		}
		return !found
	})
	return found
}

func byCodes(c query.Compare) bool {
	switch c.Modifier {
	case query.In:
		return true
	case query.Above, query.Below:
		return c.Param.Type == conformance.TokenParam
	}
	return false
}

type codeResolver struct {
	codes *terminology.Service
	local func(fhir.Ref) ([]*fhir.Document, error) // of this server, by its id
	total int                                      // codes so far
}

func (r *codeResolver) resolve(x query.Expr) (query.Expr, error) {
	switch x := x.(type) {
	case query.Compare:
		if !byCodes(x) {
			return x, nil
		}
		return r.compare(x)
	case query.Conj:
		parts, err := r.each(x.Parts)
		return query.And(parts...), err
	case query.Disj:
		parts, err := r.each(x.Parts)
		return query.Or(parts...), err
	case query.Neg:
		below, err := r.resolve(x.X)
		if err != nil {
			return query.None{}, err
		}
		if query.Empty(below) {
			return query.None{}, fhir.NewError(fhir.Invalid, "not-supported", "the negation of a value set without codes is refused: it would match everything")
		}
		return query.Not(below)
	case query.Chain:
		below, err := r.resolve(x.X)
		x.X = below
		return x, err
	case query.Has:
		below, err := r.resolve(x.X)
		x.X = below
		return x, err
	}
	if resolvable(x) {
		return query.None{}, fhir.NewError(fhir.Internal, "exception", "a condition by codes stands where it is not known")
	}
	return x, nil
}

func (r *codeResolver) each(parts []query.Expr) ([]query.Expr, error) {
	out := make([]query.Expr, len(parts))
	for i, p := range parts {
		var err error
		if out[i], err = r.resolve(p); err != nil {
			return []query.Expr{query.None{}}, err
		}
	}
	return out, nil
}

// compare makes a plain comparison with every code; one without any matches
// nothing.
func (r *codeResolver) compare(c query.Compare) (query.Expr, error) {
	out := query.Compare{Param: c.Param}
	bare := c.Param.Codes() // elements of type code are indexed without a system
	for _, v := range c.Values {
		codes, err := r.codesOf(c.Modifier, v)
		if err != nil {
			return query.None{}, unresolved(c, err)
		}
		if r.total += len(codes); r.total > terminology.MaxCodes {
			return query.None{}, fhir.NewError(fhir.Invalid, "too-costly", "the search comes to more than "+strconv.Itoa(terminology.MaxCodes)+" codes", c.Param.Code)
		}
		for _, code := range codes {
			out.Values = append(out.Values, query.Value{System: code.System, Code: code.Code})
			if bare {
				out.Values = append(out.Values, query.Value{Code: code.Code})
			}
		}
	}
	if len(out.Values) == 0 {
		return query.None{}, nil
	}
	return out, nil
}

func (r *codeResolver) codesOf(m query.Modifier, v query.Value) ([]terminology.Coding, error) {
	switch {
	case m == query.In:
		return r.codesIn(v.Text)
	case v.AnySystem || v.System == "" || v.Code == "":
		return nil, fhir.NewError(fhir.Invalid, "value", "the hierarchy is that of a code system: system|code is needed")
	case m == query.Above:
		return r.codes.Above(v.System, v.Code)
	}
	return r.codes.Below(v.System, v.Code)
}

// codesIn is the codes of a value set by its canonical, or by a reference to one
// of this server.
func (r *codeResolver) codesIn(valueSet string) ([]terminology.Coding, error) {
	ref, local := fhir.ParseRef(valueSet)
	if !local {
		return r.codes.Codes(valueSet)
	}
	found, err := r.local(ref)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 || ref.Version != 0 {
		return nil, fhir.NewError(fhir.NotFound, "not-found", "the value set "+strconv.Quote(valueSet)+" is not known to this server")
	}
	return r.codes.CodesOf(found[0])
}

// unresolved makes 400 of what the terminology says, at the parameter.
func unresolved(c query.Compare, err error) error {
	if k := fhir.KindOf(err); k != fhir.NotFound && k != fhir.Unprocessable && k != fhir.Invalid {
		return err
	}
	issues := fhir.IssuesOf(err)
	for i := range issues {
		issues[i].Expression = []string{c.Param.Code + ":" + string(c.Modifier)}
	}
	return &fhir.Error{Kind: fhir.Invalid, Issues: issues, Cause: err}
}
