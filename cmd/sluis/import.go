package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"sluis/cmd/sluis/config"
	"sluis/feed"
	"sluis/feed/bulk"
	"sluis/feed/files"
	"sluis/gate"
	"sluis/storage"
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
	r, err := a.newImport(ctx, i.Custodian, newReport(os.Stderr, os.Stdout))
	if err != nil {
		return errors.Join(err, a.close())
	}
	r.keepIDs = i.KeepIDs
	return errors.Join(r.sealing(func() error { return r.run(i.Paths) }), a.close())
}

// importRun is one run of the import.
type importRun struct {
	*app
	ctx     context.Context
	keepIDs bool
	caller  gate.Caller
	senders feed.Feeds // of the custodian, for messages
	sink    feedSink
	names   names
	report  *report
}

func (a *app) newImport(ctx context.Context, custodian string, r *report) (*importRun, error) {
	run := &importRun{app: a, ctx: ctx, caller: a.operator(custodian), names: newNames(), report: r}
	run.caller.Grant.PrivacyOfficer = true // consents of a source come along
	var own []config.Feed
	for _, c := range a.config.Feeds {
		if c.Custodian == custodian {
			own = append(own, c)
		}
	}
	var err error
	run.senders, run.sink, err = a.feeds(own)
	return run, err
}

// sealing links what do records to the chain meanwhile, and the rest after it:
// there may be no server that would.
func (a *app) sealing(do func() error) error {
	ctx, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { a.seal(ctx) })
	err := do()
	stop()
	work.Wait()
	return err
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
		switch place := batch[0].Place(); batch[0].Kind {
		case files.Bundle:
			r.report.done(place, r.bundle(batch[0]))
		case files.Message:
			r.report.done(place, r.message(batch[0]))
		default:
			r.lines(batch)
		}
	}
	return errors.Join(r.report.close(), r.ctx.Err())
}

// named is a resource to import, with the line that it came from.
type named struct {
	gate.ImportEntry
	place string
}

// lines stores single resources in one transaction. What is at fault costs
// itself only: where the error does not say which that is, each half is tried.
func (r *importRun) lines(batch []files.Item) {
	list := make([]named, len(batch))
	for i, item := range batch {
		list[i] = named{gate.ImportEntry{Source: item.Source(), Type: item.Type, Body: item.Bytes}, item.Place()}
	}
	r.resources(r.fresh(list))
}

func (r *importRun) resources(list []named) {
	if len(list) == 0 || r.ctx.Err() != nil {
		return
	}
	results, err := r.store(list, r.links(nil))
	var bad *gate.ImportError
	switch half := len(list) / 2; {
	case err == nil:
		r.report.committed(list[0].place, results)
	case errors.As(err, &bad):
		r.resources(r.without(list, bad))
	case len(list) == 1:
		r.report.reject(list[0].place, err)
	default:
		r.resources(list[:half])
		r.resources(list[half:])
	}
}

// without rejects the entries at fault and returns the others.
func (r *importRun) without(list []named, bad *gate.ImportError) []named {
	var rest []named
	for i, e := range list {
		if err, faulty := bad.Entries[i]; faulty {
			r.report.reject(e.place, err)
			continue
		}
		rest = append(rest, e)
	}
	return rest
}

// store commits the resources together, or none of them.
func (r *importRun) store(list []named, links gate.Links) ([]storage.Result, error) {
	entries := make([]gate.ImportEntry, len(list))
	for i, e := range list {
		entries[i] = e.ImportEntry
	}
	results, err := r.gate.Import(r.ctx, r.caller, entries, links, r.keepIDs)
	if err == nil {
		r.names.add(entries)
	}
	return results, err
}
