package naive

// This file knows the CodeSystems and ValueSets among the data, by listing
// them; what is built into a server it does not know.

// terminology is :in a value set, :above or :below a code (R4
// search.html#modifiers).
func (d *Data) terminology(t token, modifier, want string) bool {
	if modifier == "in" {
		return d.contains(unescape(want), t, 0)
	}
	for _, asked := range d.asked(want) {
		if asked.system != t.system {
			continue
		}
		if modifier == "below" && d.subsumes(t.system, asked.code, t.code) || modifier == "above" && d.subsumes(t.system, t.code, asked.code) {
			return true
		}
	}
	return false
}

// asked is the code that a value names: with its system, or in every system
// that is known.
func (d *Data) asked(want string) []token {
	parts := split(want, '|')
	if len(parts) == 2 {
		return []token{{unescape(parts[0]), unescape(parts[1])}}
	}
	var out []token
	for _, r := range d.Resources {
		if r.Type() == "CodeSystem" {
			out = append(out, token{str(r["url"]), unescape(want)})
		}
	}
	return out
}

// subsumes reports whether a code of the system is another, or above it in the
// hierarchy of the CodeSystem.
func (d *Data) subsumes(system, above, below string) bool {
	for _, r := range d.Resources {
		if r.Type() == "CodeSystem" && str(r["url"]) == system {
			return subsumed(r["concept"], above, below, false)
		}
	}
	return false
}

// subsumed looks for below among concepts, where inside says that above was
// met on the way.
func subsumed(concepts any, above, below string, inside bool) bool {
	for _, c := range list(concepts) {
		code := str(dig(c, "code"))
		within := inside || code == above
		if within && code == below || subsumed(dig(c, "concept"), above, below, within) {
			return true
		}
	}
	return false
}

// contains reports whether the value set of that canonical has the code.
func (d *Data) contains(url string, t token, depth int) bool {
	for _, r := range d.Resources {
		if r.Type() != "ValueSet" || str(r["url"]) != url || depth > 8 {
			continue
		}
		for _, x := range list(dig(r["compose"], "exclude")) {
			if d.selects(x, t, depth) {
				return false
			}
		}
		for _, x := range list(dig(r["compose"], "include")) {
			if d.selects(x, t, depth) {
				return true
			}
		}
	}
	return false
}

// selects is one include or exclude of a ValueSet (R4 valueset.html#compositions):
// a system whole or by its concepts, and the value sets that it is cut with.
func (d *Data) selects(x any, t token, depth int) bool {
	for _, v := range list(dig(x, "valueSet")) {
		if !d.contains(str(v), t, depth+1) {
			return false
		}
	}
	system := str(dig(x, "system"))
	if system == "" {
		return dig(x, "valueSet") != nil
	}
	concepts := list(dig(x, "concept"))
	for _, c := range concepts {
		if system == t.system && str(dig(c, "code")) == t.code {
			return true
		}
	}
	return len(concepts) == 0 && system == t.system && d.subsumesAny(system, t.code)
}

func (d *Data) subsumesAny(system, code string) bool { return d.subsumes(system, code, code) }
