package rest

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sluis/fhir"
)

// form is how an answer is written (R4 http.html#mime-type, #parameters).
type form struct {
	xml    bool
	pretty bool // _pretty: each element on a line of its own
	named  bool // FHIR's own media type, or _format, was asked for
}

// formats are the media types of FHIR and the names that _format may have; true
// is XML.
var formats = map[string]bool{
	"application/fhir+json": false, "application/json": false, "text/json": false, "json": false,
	"application/fhir+xml": true, "application/xml": true, "text/xml": true, "xml": true,
}

// negotiate reads how an answer is to be written: _format goes before Accept,
// whose quality values count (RFC 9110 §12.5.1). Of two that are equally welcome,
// the one named before the one that a wildcard stands for, then the first. What
// cannot be written is NotAcceptable.
func negotiate(h http.Header, params []fhir.Param) (form, error) {
	pretty, err := flag(params, "_pretty")
	if err != nil {
		return form{}, err
	}
	f := form{pretty: pretty}
	name, given, err := single(params, "_format")
	if err != nil {
		return form{}, err
	}
	if given {
		f.named = true
		isXML, known := written(name)
		if f.xml = isXML; !known {
			return form{}, notAcceptable()
		}
		return f, nil
	}
	accept := strings.Join(h.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return f, nil
	}
	best, ok := welcome(ranges(accept))
	if !ok {
		return form{}, notAcceptable()
	}
	f.xml, f.named = best.xml, strings.HasPrefix(best.name, "application/fhir+")
	return f, nil
}

func notAcceptable() error {
	return fhir.NewError(fhir.NotAcceptable, "not-supported", "only application/fhir+json and application/fhir+xml of FHIR 4.0 are written")
}

// written tells whether a value of _format is XML, and whether it is written at
// all. A plus sign that was not escaped arrives as a space.
func written(name string) (isXML, known bool) {
	t, params, err := mime.ParseMediaType(strings.Replace(name, "application/fhir ", "application/fhir+", 1))
	isXML, known = formats[t]
	return isXML, known && err == nil && ourVersion(params)
}

// mediaRange is one part of Accept.
type mediaRange struct {
	name    string
	xml     bool
	known   bool // a type that is written, or a wildcard
	any     bool // a wildcard
	quality float64
}

// ranges reads an Accept header; what is malformed is left out.
func ranges(accept string) []mediaRange {
	var out []mediaRange
	for part := range strings.SplitSeq(accept, ",") {
		t, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		m := mediaRange{name: t, quality: 1, any: t == "*/*" || t == "application/*"}
		if q, given := params["q"]; given {
			if m.quality, err = strconv.ParseFloat(q, 64); err != nil || m.quality < 0 || m.quality > 1 {
				continue
			}
		}
		m.xml, m.known = formats[t]
		m.known = (m.known || m.any) && ourVersion(params) && strings.Contains(t, "/")
		out = append(out, m)
	}
	return out
}

// welcome is the range to answer with. A wildcard stands for JSON, unless that is
// refused by name.
func welcome(all []mediaRange) (mediaRange, bool) {
	refused := func(isXML bool) bool {
		return slices.ContainsFunc(all, func(m mediaRange) bool { return m.known && !m.any && m.quality == 0 && m.xml == isXML })
	}
	var best mediaRange
	for _, m := range all {
		if !m.known || m.quality == 0 {
			continue
		}
		if m.any && refused(false) {
			if m.xml = true; refused(true) {
				continue
			}
		}
		if m.quality > best.quality || m.quality == best.quality && best.any && !m.any {
			best = m
		}
	}
	return best, best.quality > 0
}

// ourVersion reports whether a media type's fhirVersion, if it has one, is R4
// (R4 http.html#version-parameter). mime gives its name in lower case.
func ourVersion(params map[string]string) bool {
	v, named := params["fhirversion"]
	return !named || v == "4.0" || v == "4.0.1"
}

// single is the value of a parameter that may be given once.
func single(params []fhir.Param, name string) (value string, given bool, err error) {
	for _, p := range params {
		if p.Name != name {
			continue
		}
		if given {
			return "", false, fhir.NewError(fhir.Invalid, "invalid", "given more than once", name)
		}
		value, given = p.Value, true
	}
	return value, given, nil
}

// flag is the value of a parameter that is true or false.
func flag(params []fhir.Param, name string) (bool, error) {
	value, given, err := single(params, name)
	if err != nil || !given {
		return false, err
	}
	if value != "true" && value != "false" {
		return false, fhir.NewError(fhir.Invalid, "value", "true or false is expected", name)
	}
	return value == "true", nil
}
