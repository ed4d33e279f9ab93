package profile

import "strings"

// node is an element of a snapshot with what stands below it.
type node struct {
	*Element
	name     string // the last part of the path: value[x]
	parent   *node
	children []*node
	slices   []*node // of this element, or reslices of this slice
	expanded bool    // its children are here; otherwise they are its type's
}

// parseTree puts the elements of a snapshot into a tree, by their ids or, where
// those are missing, by paths and slice names.
func parseTree(elements []*Element) (*node, bool) {
	if len(elements) == 0 {
		return nil, false
	}
	root := &node{Element: elements[0], name: elements[0].Path}
	byID := map[string]*node{elements[0].Path: root}
	for _, e := range elements[1:] {
		id := idOf(e)
		parent, own := cutLast(id)
		name, slice, sliced := strings.Cut(own, ":")
		n := &node{Element: e, name: name}
		switch of := byID[parent]; {
		case of == nil:
			return nil, false
		case !sliced:
			of.add(n)
		default:
			host := byID[join(parent, name)]
			if host == nil {
				return nil, false
			}
			if outer, _, nested := cutReslice(slice); nested && host.slice(outer) != nil {
				host = host.slice(outer)
			}
			n.parent = of
			host.slices = append(host.slices, n)
		}
		byID[id] = n
	}
	return root, true
}

func (n *node) add(child *node) {
	child.parent = n
	n.children = append(n.children, child)
	n.expanded = true
}

// idOf is the element's id, or the path with the slice name where it has none.
// Type prefixes differ between profiles, paths do not: the id starts with the
// path's first part.
func idOf(e *Element) string {
	if e.ID != "" {
		return e.ID
	}
	if e.SliceName != "" {
		return e.Path + ":" + e.SliceName
	}
	return e.Path
}

// cutLast splits an id at its last point.
func cutLast(id string) (parent, last string) {
	i := strings.LastIndexByte(id, '.')
	if i < 0 {
		return "", id
	}
	return id[:i], id[i+1:]
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

// cutReslice splits a/b/c into a/b and c.
func cutReslice(slice string) (outer, inner string, nested bool) {
	i := strings.LastIndexByte(slice, '/')
	if i < 0 {
		return "", slice, false
	}
	return slice[:i], slice[i+1:], true
}

func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// slice finds a slice by its name, reslices included.
func (n *node) slice(name string) *node {
	for _, s := range n.slices {
		if s.SliceName == name {
			return s
		}
		if found := s.slice(name); found != nil {
			return found
		}
	}
	return nil
}

// clone copies a tree under a parent; its elements are copied, what they point
// at is shared and never changed.
func (n *node) clone(parent *node) *node {
	e := *n.Element
	out := &node{Element: &e, name: n.name, parent: parent, expanded: n.expanded}
	for _, c := range n.children {
		out.children = append(out.children, c.clone(out))
	}
	for _, s := range n.slices {
		out.slices = append(out.slices, s.clone(parent))
	}
	return out
}

// rename gives a tree the ids and paths of the place where it stands now.
func (n *node) rename(id, path string) {
	n.ID, n.Path = id, path
	for _, c := range n.children {
		c.rename(id+"."+c.name, path+"."+c.name)
	}
	base := id
	if n.SliceName != "" {
		base = strings.TrimSuffix(id, ":"+n.SliceName)
	}
	for _, s := range n.slices {
		s.rename(base+":"+s.SliceName, path)
	}
}

// elements lists a tree in the order of a snapshot.
func (n *node) elements(out []*Element) []*Element {
	out = append(out, n.Element)
	for _, c := range n.children {
		out = c.elements(out)
	}
	for _, s := range n.slices {
		out = s.elements(out)
	}
	return out
}
