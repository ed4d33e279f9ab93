package terminology

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sluis/conformance"
	"sluis/fhir"
)

// library reads the resources of one type that R4 defines. The index is read
// when it is first asked for something, each resource when it is first needed;
// what was read is kept, and never changes.
type library[T any] struct {
	source conformance.Library
	read   func(*fhir.Document) (*T, error)
	index  func() libraryIndex
	known  sync.Map // canonical → func() *T
}

type libraryIndex struct {
	places   map[string]libraryPlace // by canonical
	implicit map[string]string       // value set of all codes → code system
}

type libraryPlace struct {
	version      string
	content      content
	member, line int
}

var (
	builtinSystems = newLibrary(conformance.CodeSystems(), readBuiltinSystem)
	builtinSets    = newLibrary(conformance.ValueSets(), readValueSet)
)

func newLibrary[T any](source conformance.Library, read func(*fhir.Document) (*T, error)) *library[T] {
	l := &library[T]{source: source, read: read}
	l.index = sync.OnceValue(func() libraryIndex { return readIndex(source.Index) })
	return l
}

// readIndex reads the table that gen wrote.
func readIndex(table string) libraryIndex {
	out := libraryIndex{places: map[string]libraryPlace{}, implicit: map[string]string{}}
	for line := range strings.Lines(table) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 6 || line[0] == '#' {
			continue
		}
		member, err := strconv.Atoi(f[4])
		at, errLine := strconv.Atoi(f[5])
		if err != nil || errLine != nil {
			panic("terminology: the index of R4's vocabulary is broken: " + line) // a broken build: the tests read every line
		}
		out.places[f[0]] = libraryPlace{version: strings.TrimPrefix(f[1], "-"), content: content(f[2]), member: member, line: at}
		if f[3] != "-" {
			out.implicit[f[3]] = f[0]
		}
	}
	return out
}

// find is the resource with that canonical and, where one is given, version; nil
// when R4 has none.
func (l *library[T]) find(url, version string) *T {
	at, ok := l.index().places[url]
	if !ok || version != "" && version != at.version {
		return nil
	}
	once, ok := l.known.Load(url)
	if !ok {
		once, _ = l.known.LoadOrStore(url, sync.OnceValue(func() *T { return l.load(url, at) }))
	}
	return once.(func() *T)()
}

// load reads one resource. That it cannot be read is a broken build: the tests
// load every one.
func (l *library[T]) load(url string, at libraryPlace) *T {
	line, err := libraryLine(l.source.File[at.member:], at.line)
	if err != nil {
		panic(fmt.Sprintf("terminology: %s: %v", url, err)) // a broken build
	}
	doc, err := fhir.ParseDocument(line)
	if err != nil {
		panic(fmt.Sprintf("terminology: %s: %v", url, err)) // a broken build
	}
	out, err := l.read(doc)
	if err != nil {
		panic(fmt.Sprintf("terminology: %s: %v", url, err)) // a broken build
	}
	return out
}

// libraryLine unzips one member and copies one of its lines.
func libraryLine(from string, n int) ([]byte, error) {
	unzipped, err := gzip.NewReader(strings.NewReader(from))
	if err != nil {
		return nil, err
	}
	unzipped.Multistream(false)
	text, err := io.ReadAll(unzipped)
	if err != nil {
		return nil, err
	}
	for ; n > 0; n-- {
		_, text, _ = bytes.Cut(text, []byte{'\n'})
	}
	line, _, ok := bytes.Cut(text, []byte{'\n'})
	if !ok {
		return nil, io.ErrUnexpectedEOF
	}
	return bytes.Clone(line), nil
}

// Systems lists the code systems that are here whole, or follow a rule, without
// any upload; sorted.
func Systems() []string {
	out := slices.Collect(maps.Keys(grammars))
	for url, at := range builtinSystems.index().places {
		if at.content == complete {
			out = append(out, url)
		}
	}
	slices.Sort(out)
	return out
}
