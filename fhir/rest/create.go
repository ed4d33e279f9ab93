package rest

import (
	"net/http"

	"sluis/storage"
)

// create answers create and conditional create (R4 http.html#create,
// #ccreate).
func (x *exchange) create() error {
	done, err := x.Gate.Write(x.r.Context(), x.caller, x.ix, x.body)
	if err != nil {
		return err
	}
	x.written(done)
	return nil
}

// written answers a create, update or patch by Prefer: return (R4
// http.html#ops). Location names the version; so does Content-Location where
// that version is what is answered (RFC 9110 §8.7).
func (x *exchange) written(done storage.Result) {
	status := http.StatusOK
	if done.Created {
		status = http.StatusCreated
	}
	x.versioned(done.Resource)
	x.w.Header().Set("Location", x.location(done.Resource))
	switch prefer(x.r, "return") {
	case returnMinimal:
		x.write(status, nil)
	case returnOutcome:
		x.write(status, outcome(reservations(done.Resource)))
	default:
		x.w.Header().Set("Content-Location", x.location(done.Resource))
		x.write(status, done.Resource.Body)
	}
}
