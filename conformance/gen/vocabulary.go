package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// coreFile is the package hl7.fhir.r4.core: alone it has the tables of HL7 v2
// and v3.
const coreFile = "hl7.fhir.r4.core-4.0.1.tgz"

// codeSystem is what is kept of a CodeSystem: what its concepts are and mean,
// not who published it and how it is drawn.
type codeSystem struct {
	ResourceType     string              `json:"resourceType"`
	URL              string              `json:"url"`
	Version          string              `json:"version,omitempty"`
	Name             string              `json:"name,omitempty"`
	Title            string              `json:"title,omitempty"`
	Status           string              `json:"status,omitempty"`
	Experimental     *bool               `json:"experimental,omitempty"`
	Date             string              `json:"date,omitempty"`
	CaseSensitive    *bool               `json:"caseSensitive,omitempty"`
	ValueSet         string              `json:"valueSet,omitempty"`
	HierarchyMeaning string              `json:"hierarchyMeaning,omitempty"`
	Content          string              `json:"content,omitempty"`
	Supplements      string              `json:"supplements,omitempty"`
	Filter           json.RawMessage     `json:"filter,omitempty"`
	Property         json.RawMessage     `json:"property,omitempty"`
	Concept          []codeSystemConcept `json:"concept,omitempty"`
}

type codeSystemConcept struct {
	Code        string              `json:"code"`
	Display     string              `json:"display,omitempty"`
	Definition  string              `json:"definition,omitempty"`
	Designation json.RawMessage     `json:"designation,omitempty"`
	Property    json.RawMessage     `json:"property,omitempty"`
	Concept     []codeSystemConcept `json:"concept,omitempty"`
}

// valueSetDefinition is what is kept of a ValueSet: what is in it.
type valueSetDefinition struct {
	ResourceType string          `json:"resourceType"`
	URL          string          `json:"url"`
	Version      string          `json:"version,omitempty"`
	Name         string          `json:"name,omitempty"`
	Title        string          `json:"title,omitempty"`
	Status       string          `json:"status,omitempty"`
	Experimental *bool           `json:"experimental,omitempty"`
	Date         string          `json:"date,omitempty"`
	Compose      json.RawMessage `json:"compose,omitempty"`
}

// vocabulary is the code systems and value sets of R4.
type vocabulary struct {
	systems []codeSystem
	sets    []valueSetDefinition
}

// readVocabulary reads the package, and adds what R4 has in its expansions
// alone: see derived.go.
func readVocabulary(dir string) (vocabulary, error) {
	var v vocabulary
	if err := eachCoreFile(filepath.Join(dir, coreFile), v.add); err != nil {
		return v, err
	}
	published, err := readBundle(filepath.Join(dir, expansionsFile))
	if err != nil {
		return v, err
	}
	if err := v.derive(published); err != nil {
		return v, err
	}
	return v, v.unpin()
}

// eachCoreFile hands over the JSON files of an npm package in their order.
func eachCoreFile(file string, add func(raw []byte) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case path.Ext(header.Name) != ".json" || strings.HasPrefix(path.Base(header.Name), "."):
			continue
		}
		raw, err := io.ReadAll(files)
		if err == nil {
			err = add(raw)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
}

// add files a resource; other types are passed over.
func (v *vocabulary) add(raw []byte) error {
	var head struct{ ResourceType string }
	if err := json.Unmarshal(raw, &head); err != nil {
		return err
	}
	switch head.ResourceType {
	case "CodeSystem":
		return appendDecoded(&v.systems, raw)
	case "ValueSet":
		return appendDecoded(&v.sets, raw)
	}
	return nil
}

// maxMember is where a member of the compressed file ends: small enough that
// reading one resource is quick, large enough that it compresses well.
const maxMember = 64 << 10

// library is a compressed file of resources, one a line, and its index. The
// file is gzip of several members, each of which can be read by itself.
type library struct {
	index  *table
	file   bytes.Buffer
	member bytes.Buffer
	line   int
}

// write adds a resource; content and implicit are what the index says of a
// CodeSystem besides.
func (l *library) write(url, version, content, implicit string, resource any) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(resource); err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	l.index.line("%s", strings.Join([]string{url, dash(version), dash(content), dash(implicit), strconv.Itoa(l.file.Len()), strconv.Itoa(l.line)}, "\t"))
	l.member.Write(line.Bytes())
	if l.line++; l.member.Len() < maxMember {
		return nil
	}
	return l.close()
}

// close ends a member.
func (l *library) close() error {
	w, err := gzip.NewWriterLevel(&l.file, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(l.member.Bytes()); err != nil {
		return err
	}
	l.member.Reset()
	l.line = 0
	return w.Close()
}

// tables writes both libraries, sorted by canonical.
func (v *vocabulary) tables() (map[string][]byte, error) {
	slices.SortFunc(v.systems, func(a, b codeSystem) int { return strings.Compare(a.URL, b.URL) })
	slices.SortFunc(v.sets, func(a, b valueSetDefinition) int { return strings.Compare(a.URL, b.URL) })
	systems := library{index: newTable("url, version, content, canonical of the value set of all codes, member of codesystems.ndjson.gz (byte), line; tab-separated")}
	for _, s := range v.systems {
		if err := systems.write(s.URL, s.Version, s.Content, s.ValueSet, s); err != nil {
			return nil, err
		}
	}
	sets := library{index: newTable("url, version, -, -, member of valuesets.ndjson.gz (byte), line; tab-separated")}
	for _, s := range v.sets {
		if err := sets.write(s.URL, s.Version, "", "", s); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(systems.close(), sets.close()); err != nil {
		return nil, err
	}
	return map[string][]byte{
		"codesystems.tsv": systems.index.Bytes(), "codesystems.ndjson.gz": systems.file.Bytes(),
		"valuesets.tsv": sets.index.Bytes(), "valuesets.ndjson.gz": sets.file.Bytes(),
	}, nil
}
