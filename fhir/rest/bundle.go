package rest

import (
	"net/http"
	"strconv"

	"sluis/fhir"
	"sluis/gate"
)

// bundle answers batch and transaction (R4 http.html#transaction). Entries
// reach the gate as values; nothing is dispatched through HTTP again.
func (x *exchange) bundle() error {
	b, err := gate.ParseBundle(x.body)
	if err != nil {
		return err
	}
	results, err := x.Gate.Bundle(x.r.Context(), x.caller, b)
	if err != nil {
		return err
	}
	kind := "batch-response"
	if b.Atomic {
		kind = "transaction-response"
	}
	set := newSet(kind, -1)
	for i := range results {
		x.answer(set, &results[i])
	}
	x.write(http.StatusOK, set.bytes())
	return nil
}

// answer writes the response entry of one request of a Bundle.
func (x *exchange) answer(set *set, r *gate.EntryResult) {
	set.begin()
	if r.Err != nil {
		status, body := x.problem(r.Err)
		set.buf.WriteString(`"response":{"status":"` + strconv.Itoa(status) + `","outcome":`)
		set.buf.Write(body)
		set.buf.WriteString(`}}`)
		return
	}
	switch r.Interaction.Kind {
	case fhir.Create, fhir.Update:
		x.answerWrite(set, r)
	case fhir.Delete:
		set.response("204", "", &r.Result.Resource)
	case fhir.Read, fhir.VRead:
		set.buf.WriteString(`"resource":`)
		set.buf.Write(r.Resource.Body)
		set.buf.WriteByte(',')
		set.response("200", "", &r.Resource)
	default:
		set.buf.WriteString(`"resource":`)
		set.buf.Write(x.inner(r))
		set.buf.WriteByte(',')
		set.response("200", "", nil)
	}
	set.buf.WriteByte('}')
}

// maxRepresented is how long a response may be for stored bodies to be added to
// it: an entry that stands for a resource that was there can be far larger than
// what was sent.
const maxRepresented = 64 << 20 // bytes

// answerWrite tells what a create or update did; the stored body comes along
// when Prefer: return=representation asks for it.
func (x *exchange) answerWrite(set *set, r *gate.EntryResult) {
	status := "200"
	if r.Result.Created {
		status = "201"
	}
	if prefer(x.r, "return") == "representation" && set.buf.Len() < maxRepresented {
		set.buf.WriteString(`"resource":`)
		set.buf.Write(r.Result.Resource.Body)
		set.buf.WriteByte(',')
	}
	set.response(status, r.Result.Resource.Ref().String(), &r.Result.Resource)
}

// inner is the searchset or history that a read of a Bundle found.
func (x *exchange) inner(r *gate.EntryResult) []byte {
	ix := r.Interaction
	ask := asked{Type: ix.Type, ID: ix.ID, Params: ix.Params}
	history := ix.Kind != fhir.SearchType && ix.Kind != fhir.SearchSystem
	kind := "searchset"
	if history {
		kind = "history"
	}
	inner := newSet(kind, r.Page.Total)
	at := exchange{server: x.server, r: x.r, ix: ix}
	inner.link("self", at.self(ask))
	if r.Page.Next != nil {
		inner.link("next", at.next(ask, *r.Page.Next))
	}
	for _, e := range r.Page.Entries {
		if history {
			inner.version(x.Base, e.Resource)
		} else {
			inner.match(x.Base, e)
		}
	}
	return inner.bytes()
}
