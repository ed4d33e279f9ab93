package demodata

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// WriteNDJSON writes everything as one file per custodian and resource type:
// dir/<custodian id>/<Type>.ndjson, a resource a line, with ids and references
// that hold within the custodian's directory. It streams: memory does not grow
// with Count. Existing files are replaced.
func (d Data) WriteNDJSON(dir string) error {
	for _, c := range []Custodian{d.Hospital, d.Practice} {
		if err := d.writeCustodian(filepath.Join(dir, c.ID), c); err != nil {
			return fmt.Errorf("demo data: %w", err)
		}
	}
	return nil
}

func (d Data) writeCustodian(dir string, c Custodian) (err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	files := ndjson{dir: dir, open: map[string]*file{}}
	defer func() { err = errors.Join(err, files.close()) }()
	s := scribe{custodian: c, ids: true, link: func(kind, key string) string { return kind + "/" + key }}
	for _, p := range d.Practitioners {
		if p.Custodian != c.ID {
			continue
		}
		if err := files.write(s.staff(p)); err != nil {
			return err
		}
	}
	for p := range d.Patients() {
		chart := p.Practice
		if c.ID == d.Hospital.ID {
			chart = p.Hospital
		}
		if err := files.write(s.chart(p, chart)); err != nil {
			return err
		}
	}
	return nil
}

// ndjson is a directory with one open file per resource type.
type ndjson struct {
	dir  string
	open map[string]*file
}

type file struct {
	*bufio.Writer
	f *os.File
}

func (n ndjson) write(records []record) error {
	for _, r := range records {
		w, err := n.file(r.kind)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(marshal(r.body), '\n')); err != nil {
			return err
		}
	}
	return nil
}

func (n ndjson) file(kind string) (*file, error) {
	if w, ok := n.open[kind]; ok {
		return w, nil
	}
	f, err := os.Create(filepath.Join(n.dir, kind+".ndjson"))
	if err != nil {
		return nil, err
	}
	w := &file{bufio.NewWriterSize(f, 1<<16), f}
	n.open[kind] = w
	return w, nil
}

// close flushes and closes every file.
func (n ndjson) close() error {
	var err error
	for _, w := range n.open {
		err = errors.Join(err, w.Flush(), w.f.Close())
	}
	return err
}
