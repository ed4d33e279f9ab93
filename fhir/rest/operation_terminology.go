package rest

// terminology answers ValueSet/$expand and the operations on codes (R4
// terminology-service.html); gate and conformance/terminology know their
// arguments.
func (x *exchange) terminology(args arguments) ([]byte, error) {
	out, err := x.Gate.Terminology(x.r.Context(), x.caller, x.ix, args.body)
	if err != nil {
		return nil, err
	}
	return out, nil
}
