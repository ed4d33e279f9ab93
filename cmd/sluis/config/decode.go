package config

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// decoder fills a Config from a tree of YAML nodes that several sources wrote,
// noting where each setting stands and everything that does not fit.
type decoder struct {
	file     string
	placed   map[*yaml.Node]Place // nodes that did not come from the file
	at       map[string]Place     // where each setting was written
	problems Problems
}

func (d *decoder) where(n *yaml.Node) Place {
	if p, ok := d.placed[n]; ok {
		return p
	}
	return Place{Source: d.file, Line: n.Line}
}

func (d *decoder) fail(at Place, setting, format string, args ...any) {
	d.problems = append(d.problems, Problem{at, setting, fmt.Sprintf(format, args...)})
}

// value decodes one node by the type of v. A value that does not fit leaves v
// as it was.
func (d *decoder) value(path string, n *yaml.Node, v reflect.Value) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	at := d.where(n)
	if known, ok := d.at[path]; ok { // an alias stands where it is used
		at = known
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		d.fail(at, path, "has no value")
		return
	}
	if j, ok := v.Addr().Interface().(*JSON); ok {
		d.json(path, at, n, j)
		return
	}
	if scalar(v.Type()) {
		d.scalar(path, at, n, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.mapping(path, at, n, v)
	case reflect.Map:
		d.table(path, at, n, v)
	default:
		d.list(path, at, n, v)
	}
}

// scalar decodes a text, a number, a truth value or a duration.
func (d *decoder) scalar(path string, at Place, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		d.fail(at, path, "one value is expected here")
		return
	}
	if err := setScalar(n.Value, v); err != nil {
		d.fail(at, path, "%v", err)
	}
}

func setScalar(text string, v reflect.Value) error {
	switch target := v.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return target.UnmarshalText([]byte(text))
	case *time.Duration:
		duration, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("a duration such as 30s is expected, not %q", text)
		}
		*target = duration
	case *bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("true or false is expected, not %q", text)
		}
		*target = text == "true"
	case *int:
		number, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("a whole number is expected, not %q", text)
		}
		*target = number
	default:
		v.SetString(text)
	}
	return nil
}

// mapping decodes a struct: no unknown member and none twice.
func (d *decoder) mapping(path string, at Place, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.fail(at, path, "settings by name are expected here")
		return
	}
	fields := map[string]reflect.Value{}
	var names []string
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("yaml")
		fields[name], names = v.Field(i), append(names, name)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, below := n.Content[i], join(path, n.Content[i].Value)
		field, known := fields[key.Value]
		switch {
		case !known:
			d.fail(d.where(key), below, "no such setting; known here: %s", strings.Join(names, ", "))
		case seen[key.Value]:
			d.fail(d.where(key), below, "set twice")
		default:
			d.at[below] = d.where(key)
			d.value(below, n.Content[i+1], field)
		}
		seen[key.Value] = true
	}
}

// table decodes a map of texts.
func (d *decoder) table(path string, at Place, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.fail(at, path, "names with values are expected here")
		return
	}
	out := map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, below := n.Content[i], join(path, n.Content[i].Value)
		if _, twice := out[key.Value]; twice {
			d.fail(d.where(key), below, "set twice")
		}
		d.at[below] = d.where(key)
		var text string
		d.value(below, n.Content[i+1], reflect.ValueOf(&text).Elem())
		out[key.Value] = text
	}
	v.Set(reflect.ValueOf(out))
}

// list decodes a slice. It replaces a default.
func (d *decoder) list(path string, at Place, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.fail(at, path, "a list is expected here")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		below := fmt.Sprintf("%s[%d]", path, i)
		d.at[below] = d.where(item)
		d.value(below, item, out.Index(i))
	}
	v.Set(out)
}

// json decodes JSON that stands as a text, or as the YAML that all JSON is.
func (d *decoder) json(path string, at Place, n *yaml.Node, j *JSON) {
	if n.Kind == yaml.ScalarNode {
		*j = JSON(n.Value)
		return
	}
	var value any
	if err := n.Decode(&value); err != nil {
		d.fail(at, path, "not JSON: %v", err)
		return
	}
	text, err := json.Marshal(value)
	if err != nil {
		d.fail(at, path, "not JSON: %v", err)
		return
	}
	*j = text
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
