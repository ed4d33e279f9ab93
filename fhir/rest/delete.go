package rest

import "net/http"

// delete answers delete and conditional delete (R4 http.html#delete,
// #3.1.0.7.1). The ETag is that of the deletion; of a delete by search of
// several, of the first.
func (x *exchange) delete() error {
	done, err := x.Gate.Write(x.r.Context(), x.caller, x.ix, nil)
	if err != nil {
		return err
	}
	if !done.Unchanged {
		x.w.Header().Set("ETag", etag(done.Resource.Version))
	}
	if prefer(x.r, "return") == returnOutcome {
		x.write(http.StatusOK, outcome(allOK()))
		return nil
	}
	x.write(http.StatusNoContent, nil)
	return nil
}
