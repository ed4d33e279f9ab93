package patch

import (
	"slices"

	"sluis/fhir"
)

// AddMeta adds the profiles, tags and security labels of a Meta to those that a
// resource has (R4 resource-operation-meta-add.html). Nothing else of the Meta
// counts.
func AddMeta(meta fhir.Node) Patch { return Patch{[]operation{metaChange{meta: meta, add: true}}} }

// DeleteMeta takes those of the Meta away, as far as the resource has them (R4
// resource-operation-meta-delete.html).
func DeleteMeta(meta fhir.Node) Patch { return Patch{[]operation{metaChange{meta: meta}}} }

// metaLists are the members of a Meta that can be added and deleted.
var metaLists = []string{"profile", "security", "tag"}

type metaChange struct {
	meta fhir.Node
	add  bool
}

func (m metaChange) apply(t *target) error {
	meta := t.root.get("meta")
	if meta == nil {
		meta = newObject()
	}
	for _, list := range metaLists {
		var has []*value
		if old := meta.get(list); old != nil {
			has = old.opened().elements
		}
		for given := range m.meta.Get(list).All() {
			one := received(given)
			same := func(v *value) bool { return sameMeta(v, one) }
			switch {
			case !m.add:
				has = slices.DeleteFunc(has, same)
			case !slices.ContainsFunc(has, same):
				has = append(has, one)
			}
		}
		if len(has) == 0 {
			meta.set(list, nil)
			continue
		}
		meta.set(list, newArray(has))
	}
	if len(meta.members) == 0 {
		meta = nil
	}
	t.root.set("meta", meta)
	return nil
}

// sameMeta compares profiles by their canonical, and tags and labels by system
// and code.
func sameMeta(a, b *value) bool {
	if a.kind != fhir.Object || b.kind != fhir.Object {
		return a.equal(b)
	}
	for _, name := range []string{"system", "code"} {
		x, y := a.get(name), b.get(name)
		if (x == nil) != (y == nil) || x != nil && !x.equal(y) {
			return false
		}
	}
	return true
}
