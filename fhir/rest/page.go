package rest

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sluis/fhir"
	"sluis/fhir/query"
)

// pageParam is the only parameter of a continuation link.
const pageParam = "_page"

// asked is a search or history as first asked, and where its next page starts.
type asked struct {
	Type   string
	ID     string   // instance history
	Within fhir.Ref // search of a compartment
	Params []fhir.Param
	After  *query.Position
	Log    string // continuation of a search of the log

	continued bool // by a continuation link, or kept to be answered later
}

// asking is what the request asks: its own parameters, or those sealed in a
// continuation link.
func (x *exchange) asking() (asked, error) {
	for _, p := range x.asked {
		if p.Name == pageParam {
			ask, err := x.open(p.Value)
			if err != nil || ask.Type != x.ix.Type || ask.ID != x.ix.ID || ask.Within != x.ix.Compartment || len(x.ix.Params) > 0 {
				return asked{}, fhir.NewError(fhir.Invalid, "value", "this is not a continuation link of this search", pageParam)
			}
			ask.continued = true
			return ask, nil
		}
	}
	return asked{Type: x.ix.Type, ID: x.ix.ID, Within: x.ix.Compartment, Params: x.ix.Params}, nil
}

// self is the link to the page itself. The terms of a POST search stay out of
// URLs, because they may be a BSN.
func (x *exchange) self(ask asked) string {
	if x.isFormSearch() || ask.After != nil || ask.Log != "" {
		return x.continuation(ask)
	}
	params := append(slices.Clone(ask.Params), x.answered()...)
	if len(params) == 0 {
		return x.address(ask)
	}
	return x.address(ask) + "?" + encode(params)
}

// without is the same search with some parameters left out.
func (ask asked) without(names []string) asked {
	ask.Params = slices.DeleteFunc(slices.Clone(ask.Params), func(p fhir.Param) bool { return slices.Contains(names, p.Name) })
	return ask
}

// after is the same search, from a place on; nil where there is none.
func (ask asked) after(place *query.Position) *asked {
	if place == nil {
		return nil
	}
	ask.After = place
	return &ask
}

// paged answers with the page that the request asks for.
func (x *exchange) paged(page func(*exchange, asked) ([]byte, *asked, error)) error {
	ask, err := x.asking()
	if err != nil {
		return err
	}
	body, _, err := page(x, ask)
	if err != nil {
		return err
	}
	x.write(http.StatusOK, body)
	return nil
}

// continuation is a link that holds the whole search, sealed. How the answer is
// written stands beside the seal, and is the caller's to change.
func (x *exchange) continuation(ask asked) string {
	return x.address(ask) + "?" + encode(append([]fhir.Param{{Name: pageParam, Value: x.seal(ask)}}, x.answered()...))
}

// answered are the parameters that say how the answer is written.
func (x *exchange) answered() (out []fhir.Param) {
	for _, p := range x.asked {
		if p.Name == "_format" || p.Name == "_pretty" {
			out = append(out, p)
		}
	}
	return out
}

func (x *exchange) address(ask asked) string {
	parts := []string{x.Base}
	if !ask.Within.IsZero() {
		parts = append(parts, ask.Within.Latest().String(), cmp.Or(ask.Type, "*"))
	} else {
		for _, p := range []string{ask.Type, ask.ID} {
			if p != "" {
				parts = append(parts, p)
			}
		}
	}
	if strings.HasPrefix(string(x.ix.Kind), "history") {
		parts = append(parts, "_history")
	}
	return strings.Join(parts, "/")
}

func encode(params []fhir.Param) string {
	out := make([]string, len(params))
	for i, p := range params {
		out[i] = url.QueryEscape(p.Name) + "=" + url.QueryEscape(p.Value)
	}
	return strings.Join(out, "&")
}

// logWidth is wider than any place in the log: three numbers of 64 bits.
const logWidth = 64

// sealed is the plain text of a continuation; numbers have a fixed width so
// that its length says nothing about how many rows there are, or records.
type sealed struct {
	Type, ID string
	Within   fhir.Ref
	Params   []fhir.Param
	Keys     []string
	Row      string
	Snapshot string
	Log      string
}

func (x *exchange) aead() cipher.AEAD {
	key := sha256.Sum256(append([]byte("continuation\x00"), x.PageKey...))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// seal encrypts a continuation. The nonce is a MAC of the plain text, so that
// equal pages have equal links.
func (x *exchange) seal(ask asked) string {
	s := sealed{Type: ask.Type, ID: ask.ID, Within: ask.Within, Params: ask.Params}
	if ask.Log != "" {
		s.Log = fmt.Sprintf("%*s", logWidth, ask.Log)
	}
	if ask.After != nil {
		s.Keys = ask.After.Keys
		s.Row, s.Snapshot = fmt.Sprintf("%020d", ask.After.Row), fmt.Sprintf("%020d", ask.After.Snapshot)
	}
	plain, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings only: cannot be
	}
	mac := hmac.New(sha256.New, append([]byte("nonce\x00"), x.PageKey...))
	mac.Write(plain)
	nonce := mac.Sum(nil)[:12]
	return base64.RawURLEncoding.EncodeToString(x.aead().Seal(nonce, nonce, plain, nil))
}

func (x *exchange) open(token string) (asked, error) {
	bad := fhir.NewError(fhir.Invalid, "value", "bad continuation link", pageParam)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < 12 {
		return asked{}, bad
	}
	plain, err := x.aead().Open(nil, raw[:12], raw[12:], nil)
	if err != nil {
		return asked{}, bad
	}
	var s sealed
	if err := json.Unmarshal(plain, &s); err != nil {
		return asked{}, bad
	}
	ask := asked{Type: s.Type, ID: s.ID, Within: s.Within, Params: s.Params, Log: strings.TrimLeft(s.Log, " ")}
	if s.Row == "" {
		return ask, nil
	}
	row, err1 := strconv.ParseInt(s.Row, 10, 64)
	snapshot, err2 := strconv.ParseInt(s.Snapshot, 10, 64)
	if err1 != nil || err2 != nil {
		return asked{}, bad
	}
	ask.After = &query.Position{Keys: s.Keys, Row: row, Snapshot: snapshot}
	return ask, nil
}
