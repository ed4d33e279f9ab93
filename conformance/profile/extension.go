package profile

import (
	"strings"

	"sluis/conformance"
)

// extension holds an extension to its definition, where it is known, and to the
// places where that allows it. The parts of a complex extension have relative
// urls, and are judged with it.
func (r *run) extension(at *place) {
	url := at.element.Node.Get("url").Text()
	if !strings.Contains(url, ":") {
		return
	}
	p, issues, ok := r.library.Profile(url)
	switch {
	case ok && p.Type == "Extension":
		for _, i := range issues {
			r.issue(at, "warning", "invalid", "the definition of the extension cannot be relied on: "+i.Details)
		}
		if !placed(at.parent, p.contexts) {
			r.issue(at, "error", "extension", "the extension "+url+" is not for "+at.parent.element.Type.Name())
		}
		if p.Constraint && len(issues) == 0 {
			r.node(at, p.root)
		}
	case ok:
		r.issue(at, "error", "extension", url+" is not the definition of an extension")
	case at.name == "modifierExtension":
		r.issue(at, "warning", "extension", "the modifier extension "+url+" is not known, and may change the meaning of what it stands in")
	case strings.HasPrefix(url, structurePrefix):
		r.issue(at, "warning", "extension", "R4 has no extension "+url)
	}
}

// isExtensionOf reports whether an extension has its own definition for a
// profile, so that it is not judged twice.
func (r *run) isExtensionOf(at *place, canonical string) bool {
	return at.element.Type.Name() == "Extension" && at.element.Node.Get("url").Text() == unversioned(canonical)
}

// placed reports whether an extension may stand in an element
// (defining-extensions.html#context). Contexts other than elements are left alone.
func placed(in *place, contexts []context) bool {
	if len(contexts) == 0 {
		return true
	}
	for _, c := range contexts {
		switch {
		case c.kind == "extension":
			if in.element.Node.Get("url").Text() == c.expression {
				return true
			}
		case c.kind != "element", c.expression == "Element", isPlace(in, c.expression):
			return true
		}
	}
	return false
}

// isPlace reports whether an element is at a path such as Patient.contact.name,
// or of a type.
func isPlace(at *place, path string) bool {
	if at.element.Type.Path() == path || conformance.IsSubtype(at.element.Type.Name(), path) {
		return true
	}
	path = strings.ReplaceAll(path, "[x]", "")
	parent, name, nested := cutPath(path)
	if !nested || at.parent == nil || at.name != name {
		return false
	}
	return isPlace(at.parent, parent)
}

func cutPath(path string) (parent, name string, nested bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}
