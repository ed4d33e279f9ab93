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

// written answers a create or update by Prefer: return (R4 http.html#ops).
func (x *exchange) written(done storage.Result) {
	status := http.StatusOK
	if done.Created {
		status = http.StatusCreated
	}
	x.versioned(done.Resource)
	x.w.Header().Set("Location", x.location(done.Resource))
	switch prefer(x.r, "return") {
	case "minimal":
		x.write(status, nil)
	case "OperationOutcome":
		x.write(status, outcome(allOK()))
	default:
		x.write(status, done.Resource.Body)
	}
}
