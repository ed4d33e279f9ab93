package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/gate"
	"sluis/storage"
)

// asyncPath is where deferred requests stand below the base.
const asyncPath = "/_async/"

// deferred is a request that is answered later, as it is kept: what was asked,
// and no authority (docs/adr/0012).
type deferred struct {
	Method, Path string
	Ask          asked // without what a lenient search left out: later it is strict
}

// settled is what became of a batch or transaction.
type settled struct {
	Status int
	Body   json.RawMessage
}

// asynchronous reports whether the client asks to be answered later, and this is
// a request for which that is done; for others the preference is ignored (RFC
// 7240 §2).
func (x *exchange) asynchronous() bool {
	if !preferred(x.r, "respond-async") || x.r.Method == http.MethodHead {
		return false
	}
	_, paged := x.pages()
	return paged || x.ix.Kind == fhir.Transaction
}

// preferred reports whether a preference without a value is given.
func preferred(r *http.Request, name string) bool {
	for _, line := range r.Header.Values("Prefer") {
		for part := range strings.FieldsFuncSeq(line, func(c rune) bool { return c == ',' || c == ';' }) {
			if strings.EqualFold(strings.TrimSpace(part), name) {
				return true
			}
		}
	}
	return false
}

// pager makes one page of what is asked, and says what the next one is.
type pager = func(*exchange, asked) ([]byte, *asked, error)

// pages is the pager of an interaction that is answered in pages.
func (x *exchange) pages() (pager, bool) {
	switch x.ix.Kind {
	case fhir.SearchType, fhir.SearchSystem, fhir.SearchCompartment:
		return (*exchange).searchPage, true
	case fhir.HistoryInstance, fhir.HistoryType, fhir.HistorySystem:
		return (*exchange).historyPage, true
	case fhir.Operation:
		return (*exchange).everythingPage, x.ix.Operation == "everything"
	}
	return nil, false
}

// later answers 202 with where the answer will be (R4 async.html). What reads is
// only kept; what writes begins at once.
func (x *exchange) later() error {
	if x.ix.Kind == fhir.Transaction {
		return x.writeLater()
	}
	ask, err := x.askingPages()
	if err != nil {
		return err
	}
	kept, err := json.Marshal(deferred{x.r.Method, x.path(), ask})
	if err != nil {
		return err
	}
	if len(kept) > maxKept {
		return fhir.NewError(fhir.TooLarge, "too-long", "the request is too long to be answered later")
	}
	id, err := x.Gate.Defer(x.r.Context(), x.caller, kept, 0)
	if err != nil {
		return err
	}
	x.accepted(id)
	return nil
}

const (
	// maxKept bounds, in bytes, a request that is kept for a day.
	maxKept = 4 * maxQuery
	// maxRunning is how many batches and transactions a process carries out whose
	// clients do not wait: each holds its whole body, and nobody's patience bounds
	// how many are sent.
	maxRunning = 16
)

func (x *exchange) accepted(id string) {
	x.w.Header().Set("Content-Location", x.Base+asyncPath+id)
	x.write(http.StatusAccepted, nil)
}

// askingPages is what is asked in pages; what is wrong with it is told at once.
func (x *exchange) askingPages() (asked, error) {
	if x.ix.Kind == fhir.Operation {
		if _, err := find(x.ix); err != nil {
			return asked{}, err
		}
		args, err := x.arguments()
		if err != nil {
			return asked{}, err
		}
		ask, err := x.askingEverything(args)
		if err == nil {
			_, err = everythingOf(ask)
		}
		return ask, err
	}
	ask, err := x.asking()
	switch {
	case err != nil || ask.Type == "AuditEvent":
	case strings.HasPrefix(string(x.ix.Kind), "history"):
		var params []fhir.Param
		if params, err = x.shorten(ask); err == nil {
			_, err = gate.ParseHistory(params)
		}
	default:
		var unknown []string
		_, unknown, err = x.parse(ask)
		ask = ask.without(unknown)
	}
	return ask, err
}

// writeLater begins a batch or transaction. A batch that reads is answered at
// once: no resource is kept beside the store.
func (x *exchange) writeLater() error {
	b, err := gate.ParseBundle(x.body)
	if err != nil {
		return err
	}
	if b.Reads() {
		return x.bundle()
	}
	select {
	case x.working <- struct{}{}:
	default:
		return fhir.NewError(fhir.Unavailable, "throttled", "too many requests are being carried out for clients that do not wait; try again")
	}
	id, err := x.Gate.Defer(x.r.Context(), x.caller, nil, x.Timeout)
	if err != nil {
		<-x.working
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.r.Context()), x.Timeout)
	y := *x
	y.body = nil  // each entry has its own
	x.claim = nil // it is y's now
	y.r = x.r.Clone(ctx)
	y.r.Header.Set("Prefer", "return="+returnMinimal)
	y.w = discard{}
	x.running.Store(id, cancel)
	go y.work(ctx, cancel, id, b)
	x.accepted(id)
	return nil
}

// work carries out a batch or transaction and keeps its response.
func (x *exchange) work(ctx context.Context, cancel context.CancelFunc, id string, b gate.Bundle) {
	defer func() { <-x.working }()
	defer x.claim.release()
	defer cancel()
	defer x.running.Delete(id)
	done := settled{Status: http.StatusOK}
	body, err := x.unguarded(b)
	if err != nil {
		done.Status, body = x.problem(err)
	}
	done.Body = body
	kept, err := json.Marshal(done)
	if err == nil {
		err = x.Gate.Settle(context.WithoutCancel(ctx), id, kept)
	}
	if err != nil {
		x.Log.Error("the response of a deferred request is lost", "request", requestID(ctx), "error", err)
	}
}

// unguarded is carryOut where no middleware stands around it: a panic, which
// would end the process, is an error.
func (x *exchange) unguarded(b gate.Bundle) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			x.Log.Error("panic", "request", requestID(x.r.Context()), "panic", p, "stack", string(debug.Stack()))
			err = fhir.NewError(fhir.Internal, "exception", "internal error")
		}
	}()
	return x.carryOut(b)
}

// status answers GET and DELETE of a deferred request, to who deferred it.
func (s *server) status(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	x := s.exchange(w, r.WithContext(ctx))
	job, err := x.enterJob(chi.URLParam(r, "id"))
	if err == nil {
		err = x.statusOf(job)
	}
	if err != nil {
		x.fail(err)
	}
}

// enterJob authenticates and finds the caller's own job.
func (x *exchange) enterJob(id string) (storage.Job, error) {
	grant, err := x.authenticate()
	if err != nil {
		return storage.Job{}, err
	}
	x.caller = gate.Caller{Grant: grant, Request: requestID(x.r.Context()), Network: clientAddress(x.r)}
	if x.form, err = negotiate(x.r.Header, nil); err != nil && !strings.Contains(x.r.Header.Get("Accept"), "json") {
		return storage.Job{}, err
	}
	if !fhir.IsID(id) {
		return storage.Job{}, fhir.ErrNotFound()
	}
	return x.Gate.Deferred(x.r.Context(), x.caller, id)
}

func (x *exchange) statusOf(job storage.Job) error {
	switch x.r.Method {
	case http.MethodDelete:
		if err := x.Gate.Forget(x.r.Context(), x.caller, job.ID); err != nil {
			return err
		}
		if cancel, running := x.running.Load(job.ID); running {
			cancel.(context.CancelFunc)()
		}
		x.write(http.StatusAccepted, nil)
		return nil
	case http.MethodGet, http.MethodHead:
	default:
		return fhir.NewError(fhir.NotAllowed, "not-supported", "the method here must be GET or DELETE")
	}
	if len(job.Request) > 0 {
		return x.manifest(job)
	}
	var done settled
	switch {
	case job.Result == nil && time.Now().Before(job.Alive):
		x.w.Header().Set("X-Progress", "in progress")
		x.w.Header().Set("Retry-After", "1")
		x.write(http.StatusAccepted, nil)
		return nil
	case job.Result == nil:
		return fhir.NewError(fhir.Unavailable, "incomplete", "the server stopped in the midst: it is not known whether this was carried out")
	}
	if err := json.Unmarshal(job.Result, &done); err != nil {
		return err
	}
	if done.Status != http.StatusOK {
		x.write(done.Status, done.Body)
		return nil
	}
	return x.manifest(job)
}

// manifest names the one file of a job (R4 async.html#response-complete): lines
// of Bundles.
func (x *exchange) manifest(job storage.Job) error {
	type file struct {
		Type string `json:"type"`
		URL  string `json:"url"`
	}
	request := x.Base
	if len(job.Request) > 0 {
		kept, err := keptRequest(job)
		if err != nil {
			return err
		}
		request += kept.Path
		if len(kept.Ask.Params) > 0 && kept.Method == http.MethodGet {
			request += "?" + encode(kept.Ask.Params)
		}
	}
	body, err := json.Marshal(struct {
		TransactionTime     string   `json:"transactionTime"`
		Request             string   `json:"request"`
		RequiresAccessToken bool     `json:"requiresAccessToken"`
		Output              []file   `json:"output"`
		Error               []string `json:"error"`
	}{fhir.Instant(job.Started), request, true, []file{{"Bundle", x.Base + asyncPath + job.ID + "/pages"}}, []string{}})
	if err != nil {
		return err
	}
	x.w.Header().Set("Expires", job.Expires.UTC().Format(http.TimeFormat))
	x.send(http.StatusOK, "application/json", body)
	return nil
}

func keptRequest(job storage.Job) (deferred, error) {
	var kept deferred
	err := json.Unmarshal(job.Request, &kept)
	return kept, err
}

// download answers GET of a job's file. Each line is a page: authorised with the
// token that fetches it, and recorded, before it is sent.
func (s *server) download(w http.ResponseWriter, r *http.Request) {
	x := s.exchange(w, r)
	job, err := x.enterJob(chi.URLParam(r, "id"))
	switch {
	case err != nil:
	case len(job.Request) == 0 && job.Result == nil:
		err = fhir.ErrNotFound()
	case len(job.Request) == 0:
		err = x.settledLine(job)
	default:
		err = x.lines(job)
	}
	if err != nil {
		x.fail(err)
	}
}

func (x *exchange) settledLine(job storage.Job) error {
	var done settled
	if err := json.Unmarshal(job.Result, &done); err != nil || done.Status != http.StatusOK {
		return fhir.ErrNotFound()
	}
	x.send(http.StatusOK, ndjson, oneLine(done.Body))
	return nil
}

const ndjson = "application/fhir+ndjson"

// oneLine is a resource as a line of NDJSON. It keeps the white space that it came with, but
// for line breaks: in JSON they stand between tokens only (RFC 8259 §7).
func oneLine(body []byte) []byte {
	return append(bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("\r"), []byte(" ")), []byte("\n"), []byte(" ")), '\n')
}

// lines sends page after page. What goes wrong before the first is answered as
// usual; later the connection is broken off, so that nobody takes what came for
// the whole.
func (x *exchange) lines(job storage.Job) error {
	y, ask, err := x.again(job)
	if err != nil {
		return err
	}
	page, _ := y.pages()
	out := http.NewResponseController(x.w)
	for next := &ask; next != nil; {
		body, more, err := y.line(page, *next)
		switch {
		case err != nil && next == &ask:
			return err
		case err != nil:
			x.Log.Warn("a download was broken off", "request", requestID(x.r.Context()), "error", err)
			panic(http.ErrAbortHandler)
		case next == &ask:
			x.w.Header().Set("Content-Type", ndjson)
			x.w.WriteHeader(http.StatusOK)
		}
		_ = out.SetWriteDeadline(time.Now().Add(x.Timeout)) // not every writer has one
		if _, err := x.w.Write(oneLine(body)); err != nil {
			return nil // a client that hangs up is its own affair
		}
		next = more
	}
	return nil
}

// line makes one page within the time of one request.
func (x *exchange) line(page pager, ask asked) ([]byte, *asked, error) {
	y := *x
	ctx, cancel := context.WithTimeout(x.r.Context(), x.Timeout)
	defer cancel()
	y.r = x.r.WithContext(ctx)
	body, next, err := page(&y, ask)
	if err != nil {
		return nil, nil, err
	}
	return y.part(body), next, nil
}

// again is the request that was kept, asked by whoever fetches its answer.
func (x *exchange) again(job storage.Job) (*exchange, asked, error) {
	kept, err := keptRequest(job)
	if err != nil {
		return nil, asked{}, err
	}
	y := &exchange{server: x.server, w: x.w, caller: x.caller}
	y.r = x.r.Clone(x.r.Context())
	y.r.Method, y.r.URL.Path, y.r.URL.RawQuery = kept.Method, kept.Path, ""
	y.r.Header.Del("Prefer")
	query := encode(kept.Ask.Params)
	y.ix, err = fhir.ParseInteraction(kept.Method, kept.Path, query, conformance.IsType)
	y.caller.Raw = kept.Method + " " + kept.Path + "?" + query
	kept.Ask.continued = true
	return y, kept.Ask, err
}
