package rest

// update answers update and conditional update (R4 http.html#update,
// #cond-update).
func (x *exchange) update() error {
	done, err := x.Gate.Write(x.r.Context(), x.caller, x.ix, x.body)
	if err != nil {
		return err
	}
	x.written(done)
	return nil
}
