package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"sluis/feed/bulk"
	"sluis/feed/files"
	"sluis/gate"
)

// importCommand is `sluis import`: it runs as the operator's named grant, beside
// a running server or without one.
type importCommand struct {
	settings
	Custodian string   `help:"Id of the custodian that the data belong to." required:""`
	KeepIDs   bool     `name:"keep-ids" help:"Keep the ids as they are; for a store that holds nothing of this custodian."`
	Paths     []string `arg:"" help:"Bundles, NDJSON, HL7 v2 files, folders and archives of these."`
}

func (i *importCommand) Run(ctx context.Context) error {
	c, err := i.load()
	if err != nil {
		return err
	}
	if _, known := c.Custodian(i.Custodian); !known {
		return fmt.Errorf("--custodian %q is not a configured custodian", i.Custodian)
	}
	a, err := open(ctx, c)
	if err != nil {
		return err
	}
	r := &importRun{app: a, ctx: ctx, keepIDs: i.KeepIDs, caller: a.operator(i.Custodian), report: newReport(os.Stderr)}
	r.caller.Grant.PrivacyOfficer = true // consents of a source come along
	return errors.Join(r.run(i.Paths), a.close())
}

// importRun is one run of the import.
type importRun struct {
	*app
	ctx     context.Context
	keepIDs bool
	caller  gate.Caller
	report  *report
}

// run stores everything below the paths, in the order of bulk.
func (r *importRun) run(paths []string) error {
	for batch, err := range bulk.Batches(paths) {
		if r.ctx.Err() != nil {
			break
		}
		if err != nil {
			r.report.reject("", err)
			continue
		}
		switch batch[0].Kind {
		case files.Bundle:
			r.report.done(batch[0].Place(), r.bundle(batch[0]))
		case files.Message:
			r.report.done(batch[0].Place(), r.message(batch[0]))
		default:
			r.resources(batch)
		}
	}
	return errors.Join(r.report.close(), r.ctx.Err())
}

// resources stores single resources in one transaction. When it is refused,
// its halves are tried, so that one bad line costs one line.
func (r *importRun) resources(batch []files.Item) {
	list := make([]gate.ImportEntry, len(batch))
	for i, item := range batch {
		list[i] = gate.ImportEntry{Source: item.Source(), Type: item.Type, Body: item.Bytes}
	}
	results, err := r.gate.Import(r.ctx, r.caller, list, r.links(nil), r.keepIDs)
	switch {
	case err == nil:
		r.report.committed(batch[0].Place(), results)
	case len(batch) == 1:
		r.report.reject(batch[0].Place(), err)
	case r.ctx.Err() == nil:
		half := len(batch) / 2
		r.resources(batch[:half])
		r.resources(batch[half:])
	}
}
