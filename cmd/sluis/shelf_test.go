package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"sluis/fhir"
)

// unpacked reads an archive into memory, by the base names of its members.
func unpacked(t testing.TB, archive string) map[string][]byte {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for members := tar.NewReader(z); ; {
		h, err := members.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if out[path.Base(h.Name)], err = io.ReadAll(members); err != nil {
			t.Fatal(err)
		}
	}
}

// source is what files tell: names, with each body told under the name.
type source map[string][]json.RawMessage

// name is a type and the name by which a resource is known in its source.
func name(kind, known string) string { return kind + " " + known }

// bundleSource reads Bundles, with encoding/json: independent of what is tested.
func bundleSource(t testing.TB, bundles map[string][]byte) source {
	t.Helper()
	out := source{}
	for file, raw := range bundles {
		var b struct {
			Entry []struct {
				FullURL  string `json:"fullUrl"`
				Resource json.RawMessage
			}
		}
		if err := json.Unmarshal(raw, &b); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, e := range b.Entry {
			key := name(header(t, e.Resource).ResourceType, e.FullURL)
			out[key] = append(out[key], e.Resource)
		}
	}
	return out
}

// lineSource reads NDJSON, whose resources are known as Type/id.
func lineSource(t testing.TB, files map[string][]byte) source {
	t.Helper()
	out := source{}
	for _, raw := range files {
		for line := range bytes.Lines(raw) {
			if line = bytes.TrimSpace(line); len(line) == 0 {
				continue
			}
			h := header(t, line)
			key := name(h.ResourceType, h.ResourceType+"/"+h.ID)
			out[key] = append(out[key], line)
		}
	}
	return out
}

type head struct{ ResourceType, ID string }

func header(t testing.TB, raw []byte) (h head) {
	t.Helper()
	if err := json.Unmarshal(raw, &h); err != nil {
		t.Fatal(err)
	}
	return h
}

// perType counts the distinct names of each type.
func (s source) perType() map[string]int {
	out := map[string]int{}
	for key := range s {
		kind, _, _ := strings.Cut(key, " ")
		out[kind]++
	}
	return out
}

// shelf is every resource of a custodian in the store, as served, by Type/id.
type shelf map[string][]byte

// everything pages through the store.
func (v *visit) everything() shelf {
	v.Helper()
	out := shelf{}
	for next := "/?_count=1000"; next != ""; {
		root := v.get(next).Root()
		for e := range root.Get("entry").All() {
			r := e.Get("resource")
			ref := r.Get("resourceType").Text() + "/" + r.Get("id").Text()
			if _, twice := out[ref]; twice {
				v.Fatalf("%s stands on two pages", ref)
			}
			out[ref] = bytes.Clone(r.Raw())
		}
		next = ""
		for l := range root.Get("link").All() {
			if l.Get("relation").Text() == "next" {
				u, err := url.Parse(l.Get("url").Text())
				if err != nil {
					v.Fatal(err)
				}
				next = strings.TrimPrefix(u.RequestURI(), v.app.basePath())
			}
		}
	}
	return out
}

// holds compares the store with the source: each name has one resource, which
// is, byte for byte but for white space, one that the source tells, save its id,
// the server's members of meta, and references; and there is nothing else but
// what others, such as the custodians, account for.
func (s shelf) holds(t testing.TB, v *visit, src source, others int) {
	t.Helper()
	back := map[string]string{} // our reference → the source's
	for key := range src {
		kind, known, _ := strings.Cut(key, " ")
		back[kind+"/"+v.app.gate.ImportID(v.grant.Organization, kind, known)] = known
	}
	for ours, known := range back {
		kind, _, _ := strings.Cut(ours, "/")
		stored, found := s[ours]
		if !found {
			t.Errorf("%s %s is missing", kind, known)
			continue
		}
		if told := src[name(kind, known)]; !restores(t, stored, told, back) {
			t.Errorf("%s is\n%s\nwhich is not\n%s", ours, stored, told[0])
			return // one says enough
		}
	}
	if len(s) != len(src)+others {
		t.Errorf("the store holds %d resources, want %d and %d others", len(s), len(src), others)
	}
}

// stamped are the members of meta that are the server's.
var stamped = regexp.MustCompile(`"versionId":"[0-9]+","lastUpdated":"[^"]+",?`)

// restores undoes what an import may change and looks for the result in what
// was told.
func restores(t testing.TB, stored []byte, told []json.RawMessage, back map[string]string) bool {
	t.Helper()
	doc, err := fhir.ParseDocument(stored)
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	for n := range doc.Root().Walk() {
		if known, ours := back[n.Text()]; ours && n.Key() == "reference" {
			pairs = append(pairs, `"`+n.Text()+`"`, `"`+known+`"`)
		}
	}
	text := strings.NewReplacer(pairs...).Replace(compact(t, stored))
	text = strings.Replace(stamped.ReplaceAllString(text, ""), `,"meta":{}`, "", 1)
	own := `"id":"` + doc.Root().Get("id").Text() + `"`
	for _, raw := range told {
		if strings.Replace(text, own, `"id":"`+header(t, raw).ID+`"`, 1) == compact(t, raw) {
			return true
		}
	}
	return false
}

func compact(t testing.TB, raw []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// linked checks that every reference within the store leads somewhere.
func (s shelf) linked(t testing.TB) {
	t.Helper()
	n := 0
	for from, raw := range s {
		doc, err := fhir.ParseDocument(raw)
		if err != nil {
			t.Fatal(err)
		}
		for r := range doc.Root().Walk() {
			if r.Key() != "reference" || strings.HasPrefix(r.Text(), "#") {
				continue
			}
			n++
			if _, found := s[r.Text()]; !found {
				t.Errorf("%s refers to %s, which is not there", from, r.Text())
			}
		}
	}
	if n == 0 {
		t.Error("no resource refers to another")
	}
}
