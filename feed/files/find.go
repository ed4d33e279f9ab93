package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// errFormat: nothing here reads such a file.
var errFormat = errors.New("not a .json, .ndjson, .hl7, .tar or .tgz file, or one of these with .gz")

// List finds the files that paths name: files as given, and the readable ones
// below directories in lexical order, hidden files and links left out. It
// returns what it found together with every error.
func List(paths []string) ([]string, error) {
	var found []string
	var bad []error
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			bad = append(bad, &Error{Path: path, Err: reason(err)})
		case info.IsDir():
			below, err := walk(path)
			found = append(found, below...)
			bad = append(bad, err)
		case !readable(path):
			bad = append(bad, &Error{Path: path, Err: errFormat})
		default:
			found = append(found, path)
		}
	}
	return found, errors.Join(bad...)
}

func walk(root string) ([]string, error) {
	var found []string
	var bad []error
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			bad = append(bad, &Error{Path: path, Err: reason(err)})
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
		case path != root && hidden(path) && d.IsDir():
			return fs.SkipDir
		case d.Type().IsRegular() && !hidden(path) && readable(path):
			found = append(found, path)
		}
		return nil
	})
	return found, errors.Join(append(bad, err)...)
}

// reason drops the path that an error of package os repeats.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func hidden(path string) bool {
	name := filepath.Base(path)
	return strings.HasPrefix(name, ".") && name != "." && name != ".."
}

// format is the format a file's name tells, and whether it is compressed.
func format(path string) (name string, compressed bool) {
	path = strings.ToLower(path)
	if tgz, ok := strings.CutSuffix(path, ".tgz"); ok {
		path = tgz + ".tar.gz"
	}
	path, compressed = strings.CutSuffix(path, ".gz")
	return strings.TrimPrefix(filepath.Ext(path), "."), compressed
}

func readable(path string) bool {
	name, _ := format(path)
	return name == "tar" || readers[name] != nil
}
