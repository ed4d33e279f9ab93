package rest

import "net/http"

// read answers read and vread (R4 http.html#read, #vread, #cread).
func (x *exchange) read() error {
	if x.ix.Type == "AuditEvent" {
		return x.readRecord()
	}
	r, err := x.Gate.Read(x.r.Context(), x.caller, x.ix)
	if err != nil {
		return err
	}
	x.versioned(r)
	switch {
	case notModified(x.r.Header, r):
		x.write(http.StatusNotModified, nil)
		return nil
	case x.readsContent():
		return x.content(r)
	}
	x.write(http.StatusOK, r.Body)
	return nil
}
