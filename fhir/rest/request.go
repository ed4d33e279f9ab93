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
	"sluis/fhir/patch"
	"sluis/fhir/xml"
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

// readBody reads and, where needed, inflates the body, both bounded, and turns
// XML into the JSON that everything else reads.
func (x *exchange) readBody() error {
	raw, err := x.receive()
	if err != nil || len(raw) == 0 && x.r.Header.Get("Content-Type") == "" {
		return err
	}
	t, err := x.mediaOf()
	if err != nil && len(raw) == 0 {
		return nil // nothing was sent, whatever it is called
	}
	switch x.body = raw; {
	case err != nil:
		return err
	case t == rawMedia:
		return x.wrap(raw)
	case t == xmlMedia && len(raw) > 0:
		if x.body, err = xml.ToJSON(raw); err != nil {
			return err
		}
	}
	if values(x.body) > maxValues && t != formMedia {
		return fhir.NewError(fhir.TooLarge, "too-costly", "the body has too many values")
	}
	return nil
}

// receive reads a body to its end.
func (x *exchange) receive() ([]byte, error) {
	var in io.Reader = http.MaxBytesReader(x.w, x.r.Body, x.MaxBody)
	switch x.r.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip", "x-gzip":
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
	_, err := buf.ReadFrom(&covered{Reader: in, ctx: x.r.Context(), claim: x.claim})
	var big *http.MaxBytesError
	if errors.As(err, &big) || int64(buf.Len()) > x.MaxBody {
		return nil, fhir.NewError(fhir.TooLarge, "too-long", "the body is too large")
	}
	if fhir.KindOf(err) == fhir.Unavailable {
		return nil, err
	}
	if err != nil {
		return nil, fhir.NewError(fhir.Invalid, "incomplete", "the body could not be read to its end")
	}
	return buf.Bytes(), nil
}

// values is how many values a JSON body holds at most: each is the first of an
// object or array, or stands behind a comma.
func values(body []byte) int {
	return bytes.Count(body, []byte{','}) + bytes.Count(body, []byte{'['}) + bytes.Count(body, []byte{'{'})
}

// media is what a body is said to be.
type media int

const (
	jsonMedia media = iota // also JSON Patch, which the interaction tells from others
	xmlMedia
	formMedia
	rawMedia // the content of a Binary
)

const formType = "application/x-www-form-urlencoded"

// mediaOf reads Content-Type and refuses what is not read (R4
// http.html#mime-type): FHIR in JSON or XML, a form for a search, JSON Patch for a
// patch, and anything at all for a Binary. FHIR is UTF-8.
func (x *exchange) mediaOf() (media, error) {
	name, params, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	isXML, isFHIR := formats[name]
	charset := strings.ToLower(params["charset"])
	switch {
	case err != nil || !strings.Contains(name, "/") || x.isFormSearch() && name != formType:
	case !isFHIR && x.writesBinary():
		return rawMedia, nil
	case charset != "" && charset != "utf-8" || !ourVersion(params):
	case name == patch.JSONMediaType && x.ix.Kind == fhir.Patch:
		return jsonMedia, nil
	case name == formType && x.isFormSearch():
		return formMedia, nil
	case isFHIR && isXML:
		return xmlMedia, nil
	case isFHIR:
		return jsonMedia, nil
	}
	return 0, fhir.NewError(fhir.Unsupported, "not-supported", "the body must be application/fhir+json or application/fhir+xml, of FHIR 4.0 and in UTF-8")
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
		if x.ix.IfMatch, err = fhir.ParseIfMatch(m); err != nil {
			return err
		}
	}
	x.ix.IfNoneExist = h.Get("If-None-Exist")
	return nil
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
