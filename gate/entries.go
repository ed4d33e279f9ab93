package gate

import (
	"strings"

	"sluis/conformance"
	"sluis/fhir"
)

// naming tells by what names the entries of a transaction refer to each other
// (R4 bundle.html#references): the fullUrl of each, and, from an entry whose own
// fullUrl is that of a server, Type/id on that server.
type naming struct {
	entries map[string]entryName // by fullUrl
}

// entryName is what an entry is called once it is stored.
type entryName struct {
	ref     fhir.Ref
	created bool // for certain, so that its version is the first
}

// name notes an entry; the error says why its fullUrl is none.
func (n naming) name(e BundleEntry, id string) error {
	switch _, twice := n.entries[e.FullURL]; {
	case e.FullURL == "":
		return nil
	case twice:
		return fhir.NewError(fhir.Invalid, "duplicate", "fullUrl stands twice")
	}
	ix := e.Interaction
	n.entries[e.FullURL] = entryName{
		ref:     fhir.Ref{Type: ix.Type, ID: id},
		created: ix.Kind == fhir.Create && ix.IfNoneExist == "",
	}
	return nil
}

// unknownVersion replaces a reference to a version that only the commit gives.
const unknownVersion = ""

// from is how an entry refers to the others. A reference to a version stays one
// (R4 http.html#trules); that of what is created here is the first.
func (n naming) from(e BundleEntry) Links {
	base := serverOf(e.FullURL)
	return func(text string, reference bool) (string, bool) {
		url, version, versioned := strings.Cut(text, "/_history/")
		name, ok := n.entries[url]
		if !ok && reference && base != "" {
			name, ok = n.entries[base+url]
		}
		switch {
		case !ok || versioned && !fhir.IsID(version):
			return "", false
		case !versioned:
			return name.ref.String(), true
		case !name.created:
			return unknownVersion, true
		}
		ref := name.ref
		ref.Version = 1
		return ref.String(), true
	}
}

// serverOf is the base of the server that a fullUrl is a resource of, with its
// slash; "" where it is none.
func serverOf(fullURL string) string {
	parts := strings.Split(fullURL, "/")
	n := len(parts)
	if n < 4 || !strings.HasPrefix(fullURL, "http") || !conformance.IsType(parts[n-2]) || !fhir.IsID(parts[n-1]) {
		return ""
	}
	return strings.TrimSuffix(fullURL, parts[n-2]+"/"+parts[n-1])
}

// checkFullURL holds an entry to what R4 says of its fullUrl (bundle.html#resource,
// bdl-8): absolute, of no version, and not of another id than the resource.
func checkFullURL(fullURL string, ix fhir.Interaction, resource fhir.Node) error {
	bad := func(text string) error { return fhir.NewError(fhir.Invalid, "value", text) }
	switch urn := strings.HasPrefix(fullURL, "urn:"); {
	case fullURL == "" || urn:
		return nil
	case !strings.Contains(fullURL, "://"):
		return bad("fullUrl must be an absolute URI")
	case strings.Contains(fullURL, "/_history/"):
		return bad("fullUrl must not be of a version")
	}
	id := resource.Get("id").Text()
	if serverOf(fullURL) == "" || ix.Kind != fhir.Update || id == "" {
		return nil
	}
	if !strings.HasSuffix(fullURL, "/"+ix.Type+"/"+id) {
		return bad("fullUrl is not that of the resource's id")
	}
	return nil
}
