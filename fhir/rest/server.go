package rest

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/subset"
	"sluis/gate"
	"sluis/smart"
)

// Config is what the FHIR surface is made of.
type Config struct {
	Gate *gate.Gate
	// Verify turns a bearer token into a grant, or an error of kind
	// Unauthorized.
	Verify func(token string) (smart.Grant, error)
	// Base is the public URL of the FHIR base, without a slash at its end.
	Base string
	// PageKey authenticates continuation links. It is a secret of the server.
	PageKey  []byte
	Software Software
	Log      *slog.Logger

	// MaxBody bounds a body, inflated, in bytes; 0 is 64 MiB. Timeout bounds the
	// work on a request; 0 is two minutes.
	MaxBody int64
	Timeout time.Duration
	// LargeBodies bounds, in bytes, all bodies of more than 1 MiB that are worked on
	// at once; 0 is 64 MiB. Who finds no room in a few seconds is told to come back.
	LargeBodies int64
}

// Software names the release in the CapabilityStatement.
type Software struct {
	Version string
	Date    time.Time
}

// Limits of requests, the first three where Config has none.
const (
	maxBody     = 64 << 20 // bytes
	largeBodies = 64 << 20 // bytes
	requestTime = 120 * time.Second
	maxQuery    = 64 << 10 // bytes
)

type server struct {
	Config
	statements statements
	running    sync.Map      // deferred writes, by id: what ends them
	working    chan struct{} // a place for each of them
	budget     budget
}

// New returns the handler of the FHIR base; mount it at the path of Base.
func New(c Config) http.Handler {
	c.MaxBody, c.Timeout = cmp.Or(c.MaxBody, maxBody), cmp.Or(c.Timeout, requestTime)
	s := &server{Config: c, working: make(chan struct{}, maxRunning), budget: newBudget(cmp.Or(c.LargeBodies, largeBodies))}
	r := chi.NewRouter()
	r.Use(s.identify, s.guard)
	r.Get("/metadata", s.capabilities)
	r.Head("/metadata", s.capabilities)
	r.HandleFunc(asyncPath+"{id}", s.status)
	r.Get(asyncPath+"{id}/pages", s.download)
	r.HandleFunc("/*", s.serve)
	r.HandleFunc("/", s.serve)
	return r
}

// exchange is one authenticated request on its way through the corridor.
type exchange struct {
	*server
	w      http.ResponseWriter
	r      *http.Request
	ix     fhir.Interaction
	caller gate.Caller
	claim  *claim       // for a large body, until the work on it ends
	body   []byte       // in JSON, whatever it was sent in
	asked  []fhir.Param // the query as sent, for links
	form   form         // how the answer is written
	subset subset.Spec  // and how much of it
}

// file is the function of an interaction's own file, or nil.
func file(kind fhir.InteractionKind) func(*exchange) error {
	switch kind {
	case fhir.Read, fhir.VRead:
		return (*exchange).read
	case fhir.Create:
		return (*exchange).create
	case fhir.Update:
		return (*exchange).update
	case fhir.Patch:
		return (*exchange).patch
	case fhir.Delete:
		return (*exchange).delete
	case fhir.HistoryInstance, fhir.HistoryType, fhir.HistorySystem:
		return (*exchange).history
	case fhir.SearchType, fhir.SearchSystem, fhir.SearchCompartment:
		return (*exchange).search
	case fhir.Transaction:
		return (*exchange).bundle
	case fhir.Operation:
		return (*exchange).operation
	}
	return nil
}

// serve is steps 1 and 2 of the corridor, then the interaction's own file.
func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	x := s.exchange(w, r.WithContext(ctx))
	x.claim = s.budget.claim()
	defer func() { x.claim.release() }()
	if err := x.enter(); err != nil {
		x.fail(err)
		return
	}
	if x.asynchronous() {
		if err := x.later(); err != nil {
			x.fail(err)
		}
		return
	}
	do := file(x.ix.Kind)
	if do == nil {
		x.fail(fhir.NewError(fhir.NotImplemented, "not-supported", string(x.ix.Kind)+" is not supported"))
		return
	}
	if err := do(x); err != nil {
		x.fail(err)
	}
}

// exchange begins an exchange: from here on, answers and errors have the form
// asked for, as far as that can be told.
func (s *server) exchange(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{server: s, w: w, r: r}
	params, err := fhir.ParseParams(r.URL.RawQuery)
	if err == nil {
		x.form, _ = negotiate(r.Header, params) // an error is told when it is its turn
	}
	return x
}

// enter authenticates before anything of the request is read or parsed.
func (x *exchange) enter() error {
	grant, err := x.authenticate()
	if err != nil {
		return err
	}
	x.caller = gate.Caller{Grant: grant, Request: requestID(x.r.Context()), Network: clientAddress(x.r)}
	if len(x.r.URL.RawQuery) > maxQuery {
		return fhir.NewError(fhir.URITooLong, "too-long", "the query is too long; use POST _search")
	}
	if err := x.interaction(); err != nil {
		return err
	}
	if err := x.readBody(); err != nil {
		return err
	}
	if err := x.parameters(); err != nil {
		return err
	}
	return x.preconditions()
}

// interaction reads what is asked for from the method and the URL.
func (x *exchange) interaction() (err error) {
	method := x.r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	x.ix, err = fhir.ParseInteraction(method, x.path(), x.r.URL.RawQuery, conformance.IsType)
	if err != nil {
		return err
	}
	x.form, err = negotiate(x.r.Header, x.ix.Params)
	if binary := x.ix.Type == "Binary" && (x.ix.Kind == fhir.Read || x.ix.Kind == fhir.VRead); binary && fhir.KindOf(err) == fhir.NotAcceptable {
		err = nil // its content may be of any type: see readsContent
	}
	return err
}

// parameters reads the query: that of the URL and, for POST _search, of the body,
// which may say how to answer as well.
func (x *exchange) parameters() error {
	rawQuery, err := x.rawQuery()
	if err != nil {
		return err
	}
	x.caller.Raw = x.r.Method + " " + x.r.URL.EscapedPath() + "?" + rawQuery
	if x.isFormSearch() {
		if x.ix.Params, err = fhir.ParseParams(rawQuery); err != nil {
			return err
		}
		if x.form, err = negotiate(x.r.Header, x.ix.Params); err != nil {
			return err
		}
	}
	x.asked = x.ix.Params
	x.ix.Params = searchable(x.ix.Params)
	if x.ix.Kind == fhir.Read || x.ix.Kind == fhir.VRead {
		x.subset, err = readSubset(x.ix)
	}
	return err
}

// readSubset is what of one resource is asked for.
func readSubset(ix fhir.Interaction) (subset.Spec, error) {
	s, err := subset.Parse(ix.Type, ix.Params)
	if err == nil && s.Summary == subset.Count {
		err = fhir.NewError(fhir.Invalid, "value", "there is nothing to count", "_summary")
	}
	return s, err
}

// path is the part of the URL's path below the FHIR base, as sent.
func (x *exchange) path() string {
	base, err := url.Parse(x.Base)
	if err != nil {
		return x.r.URL.EscapedPath()
	}
	return strings.TrimPrefix(x.r.URL.EscapedPath(), strings.TrimSuffix(base.EscapedPath(), "/"))
}

// clientAddress is the peer's address, for the record only.
func clientAddress(r *http.Request) string {
	host, _, ok := strings.Cut(r.RemoteAddr, "]:")
	if ok {
		return strings.TrimPrefix(host, "[")
	}
	if i := strings.LastIndexByte(r.RemoteAddr, ':'); i > 0 {
		return r.RemoteAddr[:i]
	}
	return r.RemoteAddr
}
