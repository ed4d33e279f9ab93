package index

import (
	"net/url"
	"strings"

	"sluis/fhir"
)

// Base is the URL under which a server is reached. A literal reference to a URL
// below it is one to a resource here, whoever wrote it (R4
// references.html#literal): else a patient could be named without anyone
// noticing that it is he. The zero Base has nothing below it.
type Base struct{ scheme, host, path string }

// ParseBase reads an absolute http(s) URL; it is the zero Base for anything
// else, and for one that has a query, a fragment or a user.
func ParseBase(s string) Base {
	scheme, rest, ok := strings.Cut(s, "://")
	u, err := url.Parse(s)
	if !ok || err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(rest, "?#@") {
		return Base{}
	}
	host, path, _ := strings.Cut(rest, "/")
	scheme = strings.ToLower(scheme)
	if scheme != "http" && scheme != "https" {
		return Base{}
	}
	if path = strings.TrimSuffix(path, "/"); path != "" {
		path += "/"
	}
	return Base{scheme, canonicalHost(scheme, host), path}
}

// canonicalHost is a host in lower case without the port that goes without
// saying (RFC 3986, 6.2.3).
func canonicalHost(scheme, host string) string {
	host = strings.ToLower(host)
	if port := map[string]string{"http": ":80", "https": ":443"}[scheme]; strings.HasSuffix(host, port) {
		host = strings.TrimSuffix(host, port)
	}
	return strings.TrimSuffix(strings.TrimSuffix(host, ":"), ".")
}

// Ref reads a literal reference to a resource of this server: relative, or
// absolute below the base. Scheme and host are compared without regard to case,
// with and without the default port; the path exactly: one with dots or escapes
// in it is not resolved and names nothing here.
func (b Base) Ref(s string) (fhir.Ref, bool) {
	if ref, ok := fhir.ParseRef(s); ok || b.host == "" {
		return ref, ok
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if scheme = strings.ToLower(scheme); !ok || scheme != b.scheme {
		return fhir.Ref{}, false
	}
	host, path, ok := strings.Cut(rest, "/")
	if !ok || canonicalHost(scheme, host) != b.host {
		return fhir.Ref{}, false
	}
	relative, ok := strings.CutPrefix(path, b.path)
	if !ok {
		return fhir.Ref{}, false
	}
	return fhir.ParseRef(relative)
}
