package rest

import (
	"net/http"
	"strconv"
	"strings"

	"sluis/fhir"
	"sluis/fhir/subset"
	"sluis/gate"
	"sluis/storage"
)

// bundle answers batch and transaction (R4 http.html#transaction). Entries
// reach the gate as values; nothing is dispatched through HTTP again.
func (x *exchange) bundle() error {
	b, err := gate.ParseBundle(x.body)
	if err != nil {
		return err
	}
	x.body = nil // each entry has its own
	body, err := x.carryOut(b)
	if err != nil {
		return err
	}
	x.write(http.StatusOK, body)
	return nil
}

// carryOut is the response to a batch or transaction.
func (x *exchange) carryOut(b gate.Bundle) ([]byte, error) {
	b.Call, b.Bare = x.entry, prefer(x.r, "return") != returnWhole
	results, err := x.Gate.Bundle(x.r.Context(), x.caller, b)
	if err != nil {
		return nil, err
	}
	kind := "batch-response"
	if b.Atomic {
		kind = "transaction-response"
	}
	set := newSet(kind, -1)
	for i := range results {
		x.answer(set, &results[i])
	}
	return set.bytes(), nil
}

// entry answers what of a batch the surface itself serves: operations, and the
// CapabilityStatement.
func (x *exchange) entry(e gate.BundleEntry) ([]byte, error) {
	y := &exchange{server: x.server, w: discard{}, r: x.r, ix: e.Interaction, caller: x.caller, asked: e.Interaction.Params}
	y.caller.Raw = e.Raw
	if e.Interaction.Kind == fhir.Capabilities {
		return y.statement(e.Interaction.Params)
	}
	y.ix.Posted, y.body = strings.HasPrefix(e.Raw, http.MethodPost), e.Body
	return y.call()
}

// discard takes the headers that an operation sets: those of an entry stand in
// its response.
type discard struct{ http.ResponseWriter }

func (discard) Header() http.Header { return http.Header{} }

// answer writes the response entry of one request of a Bundle.
func (x *exchange) answer(set *set, r *gate.EntryResult) {
	if r.Err != nil {
		x.answerError(set, r.Err)
		return
	}
	switch r.Interaction.Kind {
	case fhir.Create, fhir.Update, fhir.Patch:
		x.answerWrite(set, r)
	case fhir.Delete:
		set.begin()
		set.response("204", "", &r.Result.Resource)
	case fhir.Read, fhir.VRead:
		x.answerRead(set, r)
	case fhir.Operation, fhir.Capabilities:
		set.begin()
		set.resource(r.Body)
		set.response("200", "", nil)
	default:
		x.answerPage(set, r)
	}
	set.buf.WriteByte('}')
}

func (x *exchange) answerError(set *set, err error) {
	status, body := x.problem(err)
	set.begin()
	set.buf.WriteString(`"response":{"status":"` + strconv.Itoa(status) + `","outcome":`)
	set.buf.Write(body)
	set.buf.WriteString(`}}`)
}

// answerPage hands out what a search or a history found.
func (x *exchange) answerPage(set *set, r *gate.EntryResult) {
	set.begin()
	if !r.Head {
		set.resource(x.inner(r))
	}
	set.response("200", "", nil)
}

// answerRead hands out the resource, unless it is known already or was not asked
// for.
func (x *exchange) answerRead(set *set, r *gate.EntryResult) {
	set.begin()
	if r.NotModified {
		set.response("304", "", &r.Resource)
		return
	}
	if !r.Head {
		set.resource(part(r.Subset, storage.Entry{Resource: r.Resource}))
	}
	set.response("200", "", &r.Resource)
}

// maxRepresented is how long a response may be for stored bodies to be added to
// it: an entry that stands for a resource that was there can be far larger than
// what was sent.
const maxRepresented = 64 << 20 // bytes

// answerWrite tells what a create, update or patch did; Prefer: return asks for
// the stored body, or for an outcome, besides.
func (x *exchange) answerWrite(set *set, r *gate.EntryResult) {
	status := "200"
	if r.Result.Created {
		status = "201"
	}
	set.begin()
	wanted := prefer(x.r, "return")
	if body := r.Result.Resource.Body; wanted == returnWhole && body != nil && set.buf.Len() < maxRepresented {
		set.resource(body)
	}
	set.response(status, r.Result.Resource.Ref().String(), &r.Result.Resource)
	if wanted == returnOutcome {
		set.buf.Truncate(set.buf.Len() - 1) // its closing brace
		set.buf.WriteString(`,"outcome":`)
		set.buf.Write(outcome(reservations(r.Result.Resource)))
		set.buf.WriteByte('}')
	}
}

// resource adds the resource of an entry, before its response.
func (s *set) resource(body []byte) {
	s.buf.WriteString(`"resource":`)
	s.buf.Write(body)
	s.buf.WriteByte(',')
}

// inner is the searchset or history that a read of a Bundle found.
func (x *exchange) inner(r *gate.EntryResult) []byte {
	ix := r.Interaction
	ask := asked{Type: ix.Type, ID: ix.ID, Within: ix.Compartment, Params: ix.Params}
	history := strings.HasPrefix(string(ix.Kind), "history")
	kind := "searchset"
	if history {
		kind = "history"
	}
	inner := newSet(kind, r.Page.Total)
	at := exchange{server: x.server, r: x.r, ix: ix}
	inner.link("self", at.self(ask))
	if next := ask.after(r.Page.Next); next != nil {
		inner.link("next", at.continuation(*next))
	}
	for _, e := range r.Page.Entries {
		e.Resource.Body = part(r.Subset, e)
		if history {
			inner.version(x.Base, e.Resource)
		} else {
			inner.match(x.Base, e)
		}
	}
	return inner.bytes()
}

// part is what of a resource _summary or _elements leave; _elements does not
// concern what was included (R4 search.html#elements).
func part(spec subset.Spec, e storage.Entry) []byte {
	body := e.Resource.Body
	if spec.IsZero() || len(body) == 0 || e.Included && spec.Summary == subset.Whole {
		return body
	}
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return body // cannot be: what is stored is JSON
	}
	return spec.Apply(doc.Root())
}
