package bulk

import (
	"errors"
	"iter"

	"sluis/feed/files"
)

// Limits bound a batch; zero values are the defaults.
type Limits struct {
	Items int // 500
	Bytes int // 8 MiB of bodies; what is larger is a batch of its own
	Item  int // bytes of one item: files.MaxItem
}

var errNoID = errors.New("a resource without an id cannot be imported: a second run would store it again")

// Batches yields everything in the files that paths name, in the order of the
// stages and, within one, in the order of the files. Single resources come in
// batches that one transaction can store; a Bundle or a message is a batch of
// its own. An error names its file and line, is yielded once, and does not end
// the reading.
func Batches(paths []string) iter.Seq2[[]files.Item, error] { return Limits{}.Batches(paths) }

// Batches is Batches with other limits.
func (l Limits) Batches(paths []string) iter.Seq2[[]files.Item, error] {
	if l.Items <= 0 {
		l.Items = 500
	}
	if l.Bytes <= 0 {
		l.Bytes = 8 << 20
	}
	return func(yield func([]files.Item, error) bool) {
		found, err := files.List(paths)
		if err != nil && !yield(nil, err) {
			return
		}
		r := reading{limits: l, yield: yield, sources: map[string]bool{}}
		seen := make([]contents, len(found))
		for step := range stages {
			for i, path := range found {
				if (step == 0 || seen[i].stages[step]) && !r.file(path, step, &seen[i]) {
					return
				}
			}
			if !r.flush() {
				return
			}
		}
	}
}

// contents is what the first reading of a file found in it.
type contents struct {
	stages [stages]bool
	faulty bool
}

// reading is one run over the files.
type reading struct {
	limits  Limits
	yield   func([]files.Item, error) bool
	batch   []files.Item
	bytes   int
	sources map[string]bool // in the batch
}

// file reads one file for one stage. The first reading reports the errors and
// notes the stages; a later one reports only what had not been wrong before.
func (r *reading) file(path string, step int, seen *contents) bool {
	first := step == 0
	for item, err := range files.Read(r.limits.Item, path) {
		if err == nil && item.Kind == files.Resource && item.ID == "" {
			err = &files.Error{Path: item.Path, Line: item.Line, Err: errNoID}
		}
		if err != nil {
			report := first || !seen.faulty
			seen.faulty = seen.faulty || first
			if report && !r.yield(nil, err) {
				return false
			}
			continue
		}
		at := stage(item)
		seen.stages[at] = true
		if at == step && !r.add(item) {
			return false
		}
	}
	return true
}

// add puts an item into the batch. A second version of one resource waits for
// the next batch: a transaction writes a resource once.
func (r *reading) add(item files.Item) bool {
	alone := item.Kind != files.Resource
	full := len(r.batch) == r.limits.Items || r.bytes+len(item.Bytes) > r.limits.Bytes
	if (alone || full || r.sources[item.Source()]) && !r.flush() {
		return false
	}
	r.sources[item.Source()] = true
	r.batch = append(r.batch, item)
	r.bytes += len(item.Bytes)
	return !alone || r.flush()
}

func (r *reading) flush() bool {
	if len(r.batch) == 0 {
		return true
	}
	full := r.batch
	r.batch, r.bytes = nil, 0
	clear(r.sources)
	return r.yield(full, nil)
}
