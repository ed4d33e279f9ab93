package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Flag is a setting given on the command line. Name is the setting's own, with
// dots (log.level); Value is written as in a variable.
type Flag struct{ Name, Value string }

// Load reads the file (none when path is ""), lets the SLUIS_* variables among
// environ override it, and flags override both, then checks the whole.
// A variable or flag with an empty value counts as not given. The error is
// Problems, or that of a file that cannot be read.
//
// Relative paths in the file are relative to the file, others to the working
// directory.
func Load(path string, environ []string, flags ...Flag) (Config, error) {
	d := decoder{file: path, placed: map[*yaml.Node]Place{}, at: map[string]Place{}}
	root, err := d.parse(path)
	if err != nil {
		return Config{}, err
	}
	d.variables(root, environ)
	d.flags(root, flags)

	cfg := Default()
	d.value("", root, reflect.ValueOf(&cfg).Elem())
	c := checker{Config: &cfg, file: path, at: d.at, problems: d.problems}
	c.all()
	if len(c.problems) > 0 {
		return Config{}, c.problems.sorted()
	}
	return cfg, nil
}

// parse reads the file as one YAML mapping.
func (d *decoder) parse(path string) (*yaml.Node, error) {
	empty := &yaml.Node{Kind: yaml.MappingNode}
	if path == "" {
		return empty, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	defer f.Close()
	var doc, second yaml.Node
	dec := yaml.NewDecoder(f)
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return empty, nil
	case err != nil:
		return nil, Problems{syntax(path, err)}
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, Problems{{Place: Place{Source: path, Line: second.Line}, Text: "a configuration is one YAML document"}}
	}
	return doc.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax turns an error of the YAML parser into a Problem.
func syntax(source string, err error) Problem {
	text := err.Error()
	m := yamlLine.FindStringSubmatch(text)
	if m == nil {
		return Problem{Place: Place{Source: source}, Text: text}
	}
	line, _ := strconv.Atoi(m[1])
	return Problem{Place: Place{Source: source, Line: line}, Text: "not YAML: " + strings.TrimPrefix(text, m[0])}
}

// beside makes a path that was written at place independent of the working
// directory.
func beside(file string, place Place, path string) string {
	if path == "" || filepath.IsAbs(path) || place.rank != fromFile || place.Source == "" {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}
