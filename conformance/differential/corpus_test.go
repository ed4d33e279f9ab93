package differential

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"testing"

	"sluis/internal/shared"
)

// example is a published example instance.
type example struct {
	name string // archive and file
	body []byte
}

// examples are the files of an archive of the shared data with that extension.
func examples(t *testing.T, archive, extension string) []example {
	t.Helper()
	file, err := os.Open(shared.Path(t, archive))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []example
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || path.Ext(h.Name) != extension {
			continue
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, example{path.Base(path.Dir(archive)) + "/" + path.Base(h.Name), body})
	}
}
