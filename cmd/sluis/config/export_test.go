package config

import (
	"iter"
	"reflect"
)

// Fields yields the names of all settings, those inside lists too.
func Fields() iter.Seq[string] {
	return func(yield func(string) bool) { fields(reflect.TypeFor[Config](), "", yield) }
}

func fields(t reflect.Type, path string, yield func(string) bool) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("yaml") == "" {
			continue
		}
		name, typ := join(path, f.Tag.Get("yaml")), f.Type
		if !yield(name) {
			return false
		}
		if typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() == reflect.Struct && !fields(typ, name, yield) {
			return false
		}
	}
	return true
}
