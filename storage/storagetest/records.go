package storagetest

import (
	"errors"

	"sluis/audit"
	"sluis/storage"
)

// recordsCommit: the records of a write are in the log when the write is in the
// store, and only then. It needs a store that is a log as well.
func recordsCommit(f *fixture) {
	log, ok := f.Store.(storage.Log)
	if !ok {
		f.Skip("the store has no log beside it")
	}
	record := func(result storage.Result) audit.Record {
		return audit.Record{ID: newID(), Recorded: now, Action: "C", Subtype: "create", Patient: result.Persons[0].Patient, Request: "r"}
	}
	c := f.change("Patient", patientBody)
	tx := storage.Tx{Changes: []storage.Change{c}, At: now, Records: func(r []storage.Result) []audit.Record { return []audit.Record{record(r[0])} }}
	count := func() int {
		page, err := log.Find(f.ctx, storage.LogFilter{Everyone: true, Count: 10})
		if err != nil {
			f.Fatal(err)
		}
		return len(page.Records)
	}
	if _, err := f.Apply(f.ctx, tx); err != nil {
		f.Fatal(err)
	}
	if n := count(); n != 1 {
		f.Errorf("%d records of a write", n)
	}
	var told bool
	tx.Changes[0].ID = newID()
	tx.Records = func(r []storage.Result) []audit.Record {
		told = true
		return []audit.Record{record(r[0]), {}}
	}
	if _, err := f.Apply(f.ctx, tx); err == nil || errors.Is(err, storage.ErrBusy) || !told || count() != 1 {
		f.Errorf("a write with a record that cannot be kept: %v, %d records", err, count())
	}
}
