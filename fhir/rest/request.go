package rest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"sluis/fhir"
	"sluis/smart"
)

// authenticate is step 1: the bearer token of the header, and nothing else; a
// token in the query is never looked at (RFC 6750 §2.3).
func (x *exchange) authenticate() (smart.Grant, error) {
	scheme, token, ok := strings.Cut(x.r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return smart.Grant{}, fhir.NewError(fhir.Unauthorized, "login", "a bearer token is needed")
	}
	return x.Verify(strings.TrimSpace(token))
}

const (
	// maxTrust is how many bytes are set aside for a body that is announced and
	// has not come.
	maxTrust = 1 << 20
	// maxValues bounds the values of a body, each of which takes far more memory
	// than the byte or two that it can be written in. A Bundle of 64 MiB of
	// ordinary resources has a third of that.
	maxValues = 6 << 20
)

// readBody reads and, where needed, inflates the body, both bounded.
func (x *exchange) readBody() ([]byte, error) {
	var in io.Reader = http.MaxBytesReader(x.w, x.r.Body, x.MaxBody)
	switch x.r.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fhir.NewError(fhir.Invalid, "structure", "the body is not gzip")
		}
		in = io.LimitReader(z, x.MaxBody+1)
	default:
		return nil, fhir.NewError(fhir.Unsupported, "not-supported", "Content-Encoding must be gzip or identity")
	}
	var buf bytes.Buffer
	if n := x.r.ContentLength; n > 0 {
		buf.Grow(int(min(n, maxTrust)))
	}
	_, err := buf.ReadFrom(in)
	var big *http.MaxBytesError
	if errors.As(err, &big) || int64(buf.Len()) > x.MaxBody {
		return nil, fhir.NewError(fhir.TooLarge, "too-long", "the body is too large")
	}
	if err != nil {
		return nil, fhir.NewError(fhir.Invalid, "incomplete", "the body could not be read to its end")
	}
	if values(buf.Bytes()) > maxValues {
		return nil, fhir.NewError(fhir.TooLarge, "too-costly", "the body has too many values")
	}
	return buf.Bytes(), x.contentType(buf.Len())
}

// values is how many values a JSON body holds at most: each is the first of an
// object or array, or stands behind a comma.
func values(body []byte) int {
	return bytes.Count(body, []byte{','}) + bytes.Count(body, []byte{'['}) + bytes.Count(body, []byte{'{'})
}

// contentType refuses media types that are not read (R4 http.html#mime-type).
func (x *exchange) contentType(length int) error {
	if length == 0 {
		return nil
	}
	t, params, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	charset := strings.ToLower(params["charset"])
	known := t == "application/fhir+json" || t == "application/json" || t == "application/x-www-form-urlencoded" && x.isFormSearch()
	if err != nil || !known || charset != "" && charset != "utf-8" || !ourVersion(params) {
		return fhir.NewError(fhir.Unsupported, "not-supported", "the body must be application/fhir+json in UTF-8")
	}
	return nil
}

func (x *exchange) isFormSearch() bool {
	return x.r.Method == http.MethodPost && strings.HasSuffix(x.r.URL.Path, "/_search")
}

// rawQuery is the query of the URL and, for POST _search, of the body.
func (x *exchange) rawQuery() (string, error) {
	q := x.r.URL.RawQuery
	if !x.isFormSearch() || len(x.body) == 0 {
		return q, nil
	}
	if len(x.body) > maxQuery {
		return "", fhir.NewError(fhir.TooLarge, "too-long", "the search is too long")
	}
	if q != "" {
		q += "&"
	}
	return q + string(x.body), nil
}

// preconditions reads the headers that make a write conditional; those of a
// read change the answer only (see notModified).
func (x *exchange) preconditions() error {
	h := x.r.Header
	var err error
	if m := h.Get("If-Match"); m != "" {
		if x.ix.IfMatch, err = fhir.ParseETag(m); err != nil {
			return err
		}
	}
	x.ix.IfNoneExist = h.Get("If-None-Exist")
	return nil
}

// acceptable refuses formats that are not written (406).
func acceptable(r *http.Request) error {
	wanted := r.Header.Get("Accept")
	if f := r.URL.Query().Get("_format"); f != "" {
		wanted = f
	}
	if wanted == "" {
		return nil
	}
	for _, part := range strings.Split(wanted, ",") {
		t, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		switch t {
		case "json", "*/*", "application/*", "application/json", "application/fhir+json", "text/json":
			if err == nil && ourVersion(params) {
				return nil
			}
		}
		if strings.HasPrefix(strings.TrimSpace(part), "application/fhir json") { // an unescaped + in a URL
			return nil
		}
	}
	return fhir.NewError(fhir.NotAcceptable, "not-supported", "only application/fhir+json is written")
}

// ourVersion reports whether a media type's fhirVersion, if it has one, is R4
// (R4 http.html#version-parameter). mime gives its name in lower case.
func ourVersion(params map[string]string) bool {
	v, named := params["fhirversion"]
	return !named || v == "4.0"
}

// searchable drops the parameters that concern the form of the answer only.
func searchable(params []fhir.Param) []fhir.Param {
	var out []fhir.Param
	for _, p := range params {
		if p.Name != "_format" && p.Name != "_pretty" && p.Name != pageParam {
			out = append(out, p)
		}
	}
	return out
}
