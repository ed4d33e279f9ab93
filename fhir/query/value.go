package query

import (
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
)

// values reads the comma-separated values of a parameter.
func (l Language) values(p *conformance.Parameter, m Modifier, target, raw string) ([]Value, *problem) {
	parts := split(raw, ',')
	if len(parts) > MaxValues {
		return nil, tooCostly("too many values")
	}
	out := make([]Value, 0, len(parts))
	for _, part := range parts {
		if part == "" {
			return nil, invalid("an empty value")
		}
		vs, bad := l.meanings(p, m, target, part)
		if bad != nil {
			return nil, bad
		}
		for _, v := range vs {
			if implied := v.System == "" && v.Code != "" && !v.AnySystem; !implied || !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out, nil
}

// meanings reads one value: of a code that stands without a system in resources,
// what its value set says of it (R4 search.html#token).
func (l Language) meanings(p *conformance.Parameter, m Modifier, target, raw string) ([]Value, *problem) {
	v, bad := l.value(p, m, target, raw)
	if bad != nil || p.Type != conformance.TokenParam || v.System == "" || m != NoModifier && m != Differs {
		return []Value{v}, bad
	}
	codes, alone, listed := p.Implied(v.System, v.Code)
	if !listed {
		return nil, unsupported("every code of the system in %s", quote(raw))
	}
	if len(codes) == 0 {
		return []Value{v}, nil
	}
	var out []Value
	if !alone {
		out = append(out, v)
	}
	for _, code := range codes {
		out = append(out, Value{Code: code})
	}
	if len(out) > 1 && m == Differs {
		return nil, unsupported("ne with %s, which is several codes here,", quote(raw))
	}
	return out, nil
}

// value reads one value by the parameter's type. target is the type that the
// modifier :Type names, if it does.
func (l Language) value(p *conformance.Parameter, m Modifier, target, raw string) (Value, *problem) {
	switch p.Type {
	case conformance.TokenParam:
		return codeValue(m, raw)
	case conformance.StringParam:
		return stringValue(m, raw)
	case conformance.URIParam:
		return uriValue(m, raw)
	case conformance.DateParam:
		return dateValue(raw)
	case conformance.NumberParam:
		return numberValue(raw)
	case conformance.QuantityParam:
		return quantityValue(raw)
	case conformance.ReferenceParam:
		if m == IdentifierOf {
			return tokenValue(raw)
		}
		return l.referenceValue(p, target, raw)
	}
	return Value{}, unsupported("a parameter of type %s", p.Type)
}

func badEscape(raw string) *problem {
	return invalid(`a backslash in %s that escapes none of , $ | \`, quote(raw))
}

// codeValue reads what the modifier of a token parameter asks for.
func codeValue(m Modifier, raw string) (Value, *problem) {
	switch m {
	case Text:
		return stringValue(m, raw)
	case In:
		return valueSet(raw)
	case OfType:
		f, bad := bars(raw)
		if bad != nil {
			return Value{}, bad
		}
		if len(f) != 3 || slices.Contains(f, "") {
			return Value{}, invalid("%s is not system|code|value", quote(raw))
		}
		return Value{System: f[0], Code: f[1], Text: f[2]}, nil
	}
	v, bad := tokenValue(raw)
	if bad == nil && (m == Above || m == Below) && v.Code == "" {
		return Value{}, invalid("no code in %s", quote(raw))
	}
	return v, bad
}

// valueSet reads the canonical of a ValueSet, with a version or without, or the
// reference to one of this server.
func valueSet(raw string) (Value, *problem) {
	text, ok := unescape(raw)
	if !ok {
		return Value{}, badEscape(raw)
	}
	ref, local := fhir.ParseRef(text)
	if local && ref.Type != "ValueSet" || !local && !strings.Contains(text, ":") || strings.ContainsAny(text, " \t\r\n") {
		return Value{}, invalid("%s does not name a value set", quote(raw))
	}
	return Value{Text: text}, nil
}

// uriValue reads a uri; only URLs have something above and below them (R4
// search.html#uri).
func uriValue(m Modifier, raw string) (Value, *problem) {
	text, ok := unescape(raw)
	if !ok {
		return Value{}, badEscape(raw)
	}
	scheme, rest, hierarchical := strings.Cut(text, "://")
	if (m == Above || m == Below) && (!hierarchical || scheme == "" || strings.Trim(rest, "/") == "") {
		return Value{}, invalid("%s is not a URL, so nothing is :%s it", quote(raw), m)
	}
	return Value{Text: text}, nil
}

// tokenValue reads [system|]code (R4 search.html#token).
func tokenValue(raw string) (Value, *problem) {
	parts, bad := bars(raw)
	switch {
	case bad != nil:
		return Value{}, bad
	case len(parts) == 1:
		return Value{AnySystem: true, Code: parts[0]}, nil
	case len(parts) > 2:
		return Value{}, invalid("%s has more than one bar", quote(raw))
	case parts[0] == "" && parts[1] == "":
		return Value{}, invalid("neither system nor code in %s", quote(raw))
	}
	return Value{System: parts[0], Code: parts[1]}, nil
}

// bars splits at | and unescapes the parts.
func bars(raw string) ([]string, *problem) {
	parts := split(raw, '|')
	for i, p := range parts {
		text, ok := unescape(p)
		if !ok {
			return nil, badEscape(raw)
		}
		parts[i] = text
	}
	return parts, nil
}

func stringValue(m Modifier, raw string) (Value, *problem) {
	text, ok := unescape(raw)
	if !ok {
		return Value{}, badEscape(raw)
	}
	folded := index.Fold(text)
	if folded == "" && m != Exact {
		return Value{}, invalid("%s has no letter or digit to search for", quote(raw))
	}
	return Value{Text: text, Folded: folded}, nil
}

var prefixes = []Prefix{Eq, Ne, Gt, Lt, Ge, Le, Sa, Eb, Ap}

// cutPrefix takes the prefix off a number, date or quantity; none is eq.
func cutPrefix(raw string) (Prefix, string, *problem) {
	n := strings.IndexFunc(raw, func(r rune) bool { return r < 'a' || r > 'z' })
	if n < 0 {
		n = len(raw)
	}
	switch {
	case n == 0:
		return Eq, raw, nil
	case slices.Contains(prefixes, Prefix(raw[:n])):
		return Prefix(raw[:n]), raw[n:], nil
	}
	return "", "", invalid("%s does not begin with a prefix of R4", quote(raw))
}

func dateValue(raw string) (Value, *problem) {
	prefix, literal, bad := cutPrefix(raw)
	if bad != nil {
		return Value{}, bad
	}
	low, high, ok := index.DateRange(literal)
	switch {
	case !ok && strings.Contains(literal, " "):
		return Value{}, invalid("%s is not a date: the + of a zone must be sent as %%2B", quote(raw))
	case !ok:
		return Value{}, invalid("%s is not a date", quote(raw))
	}
	return Value{Raw: literal, Prefix: prefix, DateLow: low, DateHigh: high}, nil
}

func numberValue(raw string) (Value, *problem) {
	prefix, literal, bad := cutPrefix(raw)
	if bad != nil {
		return Value{}, bad
	}
	low, high, number, ok := index.NumberRange(literal)
	if !ok {
		return Value{}, invalid("%s is not a number", quote(raw))
	}
	return Value{Raw: literal, Prefix: prefix, Low: low, High: high, Number: number}, nil
}

// quantityValue reads number or number|system|code (R4 search.html#quantity).
func quantityValue(raw string) (Value, *problem) {
	parts, bad := bars(raw)
	if bad != nil {
		return Value{}, bad
	}
	if len(parts) != 1 && len(parts) != 3 {
		return Value{}, invalid("%s is neither number nor number|system|code", quote(raw))
	}
	v, bad := numberValue(parts[0])
	if bad != nil || len(parts) == 1 || parts[1] == "" && parts[2] == "" {
		return v, bad
	}
	v.System, v.Code = parts[1], parts[2]
	v.Raw += "|" + escape(v.System) + "|" + escape(v.Code)
	return inBaseUnits(v, strings.TrimPrefix(parts[0], string(v.Prefix))), nil
}

// inBaseUnits makes a value in a unit of UCUM one in its base units, as the
// index has it. About a temperature in degrees "approximately" means degrees:
// it stays as written.
func inBaseUnits(v Value, literal string) Value {
	if v.System != index.UCUM {
		return v
	}
	unit, ok := index.UnitOf(v.Code)
	if !ok || v.Code == "" || unit.Affine && v.Prefix == Ap {
		return v
	}
	low, high, n, ok := unit.Range(literal)
	if !ok {
		return v
	}
	v.System, v.Code = index.CanonicalUCUM, unit.Code
	v.Low, v.High, v.Number = low, high, n
	return v
}

// referenceValue reads id, Type/id[/_history/version] or a URL (R4
// search.html#reference).
func (l Language) referenceValue(p *conformance.Parameter, target, raw string) (Value, *problem) {
	text, ok := unescape(raw)
	if !ok {
		return Value{}, badEscape(raw)
	}
	ref, literal := l.Base.Ref(text)
	switch {
	case literal && target != "" && ref.Type != target:
		return Value{}, invalid("%s is not a %s", quote(raw), target)
	case literal && !slices.Contains(p.Targets, ref.Type):
		return Value{}, invalid("%s cannot point at %s", p.Code, quote(ref.Type))
	case literal:
		return Value{Ref: ref}, nil
	case fhir.IsID(text):
		if target == "" && len(p.Targets) == 1 {
			target = p.Targets[0]
		}
		return Value{Ref: fhir.Ref{Type: target, ID: text}}, nil
	case target == "" && strings.Contains(text, ":"):
		return Value{URL: text}, nil
	}
	return Value{}, invalid("%s is not a reference", quote(raw))
}
