package files

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"sluis/fhir"
)

// MaxItem is the default bound of one item, in bytes.
const MaxItem = 64 << 20

var errTooLarge = errors.New("larger than allowed")

// source is one file being read.
type source struct {
	path  string
	in    io.Reader
	max   int
	yield func(Item, error) bool
}

// readers read a source to its end. They return false when the consumer has had
// enough.
var readers = map[string]func(source) bool{
	"json":   source.document,
	"ndjson": source.lines,
	"hl7":    source.messages,
}

// Read yields the items of the files that paths name, in the order of List. An
// item is at most max bytes, MaxItem when max is 0. An error is yielded in its
// place, and reading goes on behind it where that is possible: with the next
// line, message, member or file.
func Read(max int, paths ...string) iter.Seq2[Item, error] {
	if max <= 0 {
		max = MaxItem
	}
	return func(yield func(Item, error) bool) {
		found, err := List(paths)
		for _, path := range found {
			if !readFile(path, max, yield) {
				return
			}
		}
		if err != nil {
			yield(Item{}, err)
		}
	}
}

func readFile(path string, max int, yield func(Item, error) bool) bool {
	s := source{path: path, max: max, yield: yield}
	f, err := os.Open(path)
	if err != nil {
		return s.bad(0, reason(err))
	}
	defer f.Close()
	s.in = f
	name, compressed := format(path)
	if compressed {
		z, err := gzip.NewReader(f)
		if err != nil {
			return s.bad(0, err)
		}
		defer z.Close()
		s.in = z
	}
	if name == "tar" {
		return s.archive()
	}
	return readers[name](s)
}

// archive reads the members of a tar file. Archives and compressed files within
// it are passed over, like any other file that is not for us.
func (s source) archive() bool {
	members := tar.NewReader(s.in)
	for {
		h, err := members.Next()
		if err == io.EOF {
			return true
		}
		if err != nil {
			return s.bad(0, err)
		}
		name, compressed := format(h.Name)
		read := readers[name]
		if h.Typeflag != tar.TypeReg || hidden(h.Name) || compressed || read == nil {
			continue
		}
		if !read(source{path: s.path + ":" + h.Name, in: members, max: s.max, yield: s.yield}) {
			return false
		}
	}
}

// bad yields an error at a line.
func (s source) bad(line int, err error) bool {
	return s.yield(Item{}, &Error{Path: s.path, Line: line, Err: err})
}

// document reads a file that is one resource.
func (s source) document() bool {
	body, err := io.ReadAll(io.LimitReader(s.in, int64(s.max)+1))
	switch {
	case err != nil:
		return s.bad(0, reason(err))
	case len(body) > s.max:
		return s.bad(0, errTooLarge)
	}
	return s.resource(body, 1)
}

// lines reads NDJSON. Blank lines are passed over.
func (s source) lines() bool {
	in := bufio.NewScanner(s.in)
	in.Buffer(nil, s.max)
	line := 0
	for in.Scan() {
		line++
		if body := bytes.TrimSpace(in.Bytes()); len(body) > 0 && !s.resource(bytes.Clone(body), line) {
			return false
		}
	}
	return s.end(line, in.Err())
}

// end yields the error that ended a file, which no line after it can survive.
func (s source) end(line int, err error) bool {
	switch {
	case err == nil:
		return true
	case errors.Is(err, bufio.ErrTooLong):
		err = errTooLarge
	}
	return s.bad(line+1, reason(err))
}

// resource yields one JSON resource as what it is.
func (s source) resource(body []byte, line int) bool {
	body = bytes.TrimPrefix(body, []byte("\uFEFF"))
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return s.bad(line, err)
	}
	root := doc.Root()
	item := Item{Path: s.path, Line: line, Kind: Resource, Type: doc.Type(), ID: root.Get("id").Text(), Bytes: body}
	switch kind := root.Get("type").Text(); {
	case item.Type == "":
		return s.bad(line, errors.New("not a resource: it has no resourceType"))
	case item.Type != "Bundle":
	case kind == "transaction" || kind == "batch" || kind == "collection":
		item.Kind = Bundle
	default:
		return s.bad(line, fmt.Errorf("a Bundle of type %q is not imported; transaction, batch and collection are", kind))
	}
	return s.yield(item, nil)
}
