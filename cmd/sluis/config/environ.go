package config

import (
	"encoding"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

const prefix = "SLUIS_"

// foreign are variables of that prefix that are no settings: the file's own
// path, and those the tests read.
var foreign = []string{"SLUIS_CONFIG", "SLUIS_REQUIRE_ALL", "SLUIS_SHARED_DATA"}

// testPrefix begins the names of variables for tests alone.
const testPrefix = "SLUIS_TEST_"

// setting is a leaf of Config.
type setting struct {
	path []string
	typ  reflect.Type
}

func (s setting) name() string { return strings.Join(s.path, ".") }
func (s setting) variable() string {
	return prefix + strings.ToUpper(strings.Join(s.path, "_"))
}

// settings lists the leaves of Config. Lists and maps are leaves.
func settings(t reflect.Type, path ...string) []setting {
	var out []setting
	for i := range t.NumField() {
		f := t.Field(i)
		p := append(slices.Clone(path), f.Tag.Get("yaml"))
		if f.Type.Kind() == reflect.Struct {
			out = append(out, settings(f.Type, p...)...)
		} else {
			out = append(out, setting{p, f.Type})
		}
	}
	return out
}

// Variables are the names of all variables, in the order of the file. A list
// of texts is written with commas; custodians, clients and feeds are written as
// YAML in flow style.
func Variables() []string {
	var names []string
	for _, s := range settings(reflect.TypeFor[Config]()) {
		names = append(names, s.variable())
	}
	return names
}

// variables puts what environ sets into the tree.
func (d *decoder) variables(root *yaml.Node, environ []string) {
	known := map[string]setting{}
	for _, s := range settings(reflect.TypeFor[Config]()) {
		known[s.variable()] = s
	}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, prefix) || slices.Contains(foreign, name) || strings.HasPrefix(name, testPrefix) {
			continue
		}
		place := Place{Source: name, rank: fromVariable}
		s, found := known[name]
		if !found {
			d.fail(place, "", "no such setting")
			continue
		}
		d.override(root, s, value, place)
	}
}

// flags puts what the command line sets into the tree.
func (d *decoder) flags(root *yaml.Node, flags []Flag) {
	all := settings(reflect.TypeFor[Config]())
	for _, f := range flags {
		place := Place{Source: "--" + strings.NewReplacer("_", "-", ".", "-").Replace(f.Name), rank: fromFlag}
		i := slices.IndexFunc(all, func(s setting) bool { return s.name() == f.Name })
		if i < 0 {
			d.fail(place, "", "no such setting")
			continue
		}
		d.override(root, all[i], f.Value, place)
	}
}

// override sets one leaf of the tree. A secret and the file it may come from
// are one setting: giving either replaces both of an earlier source.
func (d *decoder) override(root *yaml.Node, s setting, value string, place Place) {
	if value == "" {
		return
	}
	node, err := textNode(s.typ, value)
	if err != nil {
		d.fail(place, s.name(), "%s", syntax(place.Source, err).Text)
		return
	}
	d.place(node, place)
	parent := root
	for _, key := range s.path[:len(s.path)-1] {
		parent = d.child(parent, key, place)
	}
	last := s.path[len(s.path)-1]
	d.remove(parent, last, place.rank)
	if base, isFile := strings.CutSuffix(last, "_file"); isFile {
		d.remove(parent, base, place.rank)
	} else {
		d.remove(parent, last+"_file", place.rank)
	}
	key := text(last)
	d.placed[key] = place
	parent.Content = append(parent.Content, key, node)
}

// textNode is a variable's value as the YAML node of its setting.
func textNode(t reflect.Type, value string) (*yaml.Node, error) {
	if scalar(t) {
		return text(value), nil
	}
	if t == reflect.TypeFor[[]string]() && !strings.HasPrefix(value, "[") {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for item := range strings.SplitSeq(value, ",") {
			list.Content = append(list.Content, text(strings.TrimSpace(item)))
		}
		return list, nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(value), &doc); err != nil {
		return nil, err
	}
	return doc.Content[0], nil
}

func text(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}

// scalar reports whether a value of the type is written as one text.
func scalar(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return true
	}
	return !slices.Contains([]reflect.Kind{reflect.Struct, reflect.Slice, reflect.Map}, t.Kind())
}

// place says that a node and all below it were written there.
func (d *decoder) place(n *yaml.Node, at Place) {
	d.placed[n] = at
	for _, c := range n.Content {
		d.place(c, at)
	}
}

// child is the mapping under a key, made when there is none.
func (d *decoder) child(parent *yaml.Node, key string, at Place) *yaml.Node {
	for i := 0; i+1 < len(parent.Content); i += 2 {
		if parent.Content[i].Value == key {
			return parent.Content[i+1]
		}
	}
	k, v := text(key), &yaml.Node{Kind: yaml.MappingNode}
	d.placed[k], d.placed[v] = at, at
	parent.Content = append(parent.Content, k, v)
	return v
}

// remove drops a key that a source of lower rank wrote.
func (d *decoder) remove(parent *yaml.Node, key string, below rank) {
	for i := 0; i+1 < len(parent.Content); i += 2 {
		if k := parent.Content[i]; k.Value == key && d.where(k).rank < below {
			parent.Content = slices.Delete(parent.Content, i, i+2)
			return
		}
	}
}
