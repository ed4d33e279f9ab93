package rest

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sluis/fhir"
)

const contentType = "application/fhir+json; charset=utf-8"

// write sends a whole answer; for HEAD only its headers.
func (x *exchange) write(status int, body []byte) {
	h := x.w.Header()
	if len(body) > 0 {
		h.Set("Content-Type", contentType)
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	x.w.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(body) // a client that hangs up is its own affair
	}
}

// versioned sets the headers that name a version (R4 http.html#versioning).
func (x *exchange) versioned(r fhir.Resource) {
	x.w.Header().Set("ETag", etag(r.Version))
	x.w.Header().Set("Last-Modified", r.Updated.UTC().Format(http.TimeFormat))
}

func etag(version int64) string { return `W/"` + strconv.FormatInt(version, 10) + `"` }

// location is the absolute URL of a version.
func (x *exchange) location(r fhir.Resource) string { return x.Base + "/" + r.Ref().String() }

// quote writes a string that holds no clinical text, such as a URL, as JSON.
func quote(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 0x20:
			b.WriteString(`\u00`)
			b.WriteByte("0123456789abcdef"[c>>4])
			b.WriteByte("0123456789abcdef"[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}

// notModified reports whether a conditional read needs no body (R4
// http.html#cread): If-None-Match goes before If-Modified-Since (RFC 9110
// §13.2.2).
func notModified(h http.Header, r fhir.Resource) bool {
	if tags := h.Values("If-None-Match"); len(tags) > 0 {
		return names(strings.Join(tags, ","), r.Version)
	}
	since, err := http.ParseTime(h.Get("If-Modified-Since"))
	return err == nil && !r.Updated.Truncate(time.Second).After(since)
}

// names reports whether a list of entity tags, or "*", names the version. A tag
// that is not ours names nothing.
func names(tags string, version int64) bool {
	for tag := range strings.SplitSeq(tags, ",") {
		if strings.TrimSpace(tag) == "*" {
			return true
		}
		if v, err := fhir.ParseETag(tag); err == nil && v == version {
			return true
		}
	}
	return false
}
