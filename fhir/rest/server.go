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
}

// Software names the release in the CapabilityStatement.
type Software struct {
	Version string
	Date    time.Time
}

// Limits of a request, the first two where Config has none.
const (
	maxBody     = 64 << 20 // bytes
	requestTime = 120 * time.Second
	maxQuery    = 64 << 10 // bytes
)

type server struct {
	Config
	statement func() []byte // the CapabilityStatement, written once
}

// New returns the handler of the FHIR base; mount it at the path of Base.
func New(c Config) http.Handler {
	c.MaxBody, c.Timeout = cmp.Or(c.MaxBody, maxBody), cmp.Or(c.Timeout, requestTime)
	s := &server{Config: c}
	s.statement = sync.OnceValue(s.writeStatement)
	r := chi.NewRouter()
	r.Use(s.identify, s.guard)
	r.Get("/metadata", s.capabilities)
	r.Head("/metadata", s.capabilities)
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
	body   []byte
	asked  []fhir.Param // the query as sent, for links
}

// interactions maps each kind to the function of its file.
var interactions = map[fhir.InteractionKind]func(*exchange) error{
	fhir.Read:            (*exchange).read,
	fhir.VRead:           (*exchange).read,
	fhir.Create:          (*exchange).create,
	fhir.Update:          (*exchange).update,
	fhir.Delete:          (*exchange).delete,
	fhir.HistoryInstance: (*exchange).history,
	fhir.HistoryType:     (*exchange).history,
	fhir.HistorySystem:   (*exchange).history,
	fhir.SearchType:      (*exchange).search,
	fhir.SearchSystem:    (*exchange).search,
	fhir.Transaction:     (*exchange).bundle,
}

// serve is steps 1 and 2 of the corridor, then the interaction's own file.
func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	x := &exchange{server: s, w: w, r: r.WithContext(ctx)}
	if err := x.enter(); err != nil {
		x.fail(err)
		return
	}
	do, ok := interactions[x.ix.Kind]
	if !ok {
		x.fail(fhir.NewError(fhir.NotImplemented, "not-supported", string(x.ix.Kind)+" is not supported"))
		return
	}
	if err := do(x); err != nil {
		x.fail(err)
	}
}

// enter authenticates before anything of the request is read or parsed.
func (x *exchange) enter() error {
	grant, err := x.authenticate()
	if err != nil {
		return err
	}
	x.caller = gate.Caller{Grant: grant, Request: requestID(x.r.Context()), Network: clientAddress(x.r)}
	if err := acceptable(x.r); err != nil {
		return err
	}
	if len(x.r.URL.RawQuery) > maxQuery {
		return fhir.NewError(fhir.TooLarge, "too-long", "the query is too long; use POST _search")
	}
	if x.body, err = x.readBody(); err != nil {
		return err
	}
	rawQuery, err := x.rawQuery()
	if err != nil {
		return err
	}
	x.caller.Raw = x.r.Method + " " + x.r.URL.EscapedPath() + "?" + rawQuery
	method := x.r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if x.ix, err = fhir.ParseInteraction(method, x.path(), rawQuery, conformance.IsType); err != nil {
		return err
	}
	x.asked = x.ix.Params
	x.ix.Params = x.local(searchable(x.ix.Params))
	return x.preconditions()
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
