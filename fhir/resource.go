package fhir

import (
	"strconv"
	"strings"
	"time"
)

// Resource is one version of a stored resource. Body holds the bytes as they
// were received; only id, meta.versionId and meta.lastUpdated were rewritten.
type Resource struct {
	Type    string
	ID      string
	Version int64
	Updated time.Time // UTC, to the millisecond
	Method  string    // POST, PUT, PATCH or DELETE: how this version came to be
	Deleted bool      // then Body is empty
	Body    []byte
}

// Ref returns the reference to exactly this version.
func (r Resource) Ref() Ref { return Ref{Type: r.Type, ID: r.ID, Version: r.Version} }

// Ref names a resource of this server, or one version of it when Version > 0.
type Ref struct {
	Type    string
	ID      string
	Version int64
}

// IsZero reports whether the reference names nothing.
func (r Ref) IsZero() bool { return r.Type == "" && r.ID == "" }

// Latest drops the version.
func (r Ref) Latest() Ref { return Ref{Type: r.Type, ID: r.ID} }

// String is the relative form of R4 references.html#literal.
func (r Ref) String() string {
	if r.IsZero() {
		return ""
	}
	if r.Version > 0 {
		return r.Type + "/" + r.ID + "/_history/" + strconv.FormatInt(r.Version, 10)
	}
	return r.Type + "/" + r.ID
}

// ParseRef reads a relative literal reference, Type/id or
// Type/id/_history/version. It does not check that Type is a resource type.
func ParseRef(s string) (Ref, bool) {
	parts := strings.Split(s, "/")
	if len(parts) != 2 && (len(parts) != 4 || parts[2] != "_history") {
		return Ref{}, false
	}
	r := Ref{Type: parts[0], ID: parts[1]}
	if !IsTypeName(r.Type) || !IsID(r.ID) {
		return Ref{}, false
	}
	if len(parts) == 4 {
		v, ok := parseVersion(parts[3])
		if !ok {
			return Ref{}, false
		}
		r.Version = v
	}
	return r, true
}

// parseVersion reads a version number as we write it: decimal digits, from 1,
// without sign or leading zero.
func parseVersion(s string) (int64, bool) {
	if s == "" || s[0] < '1' || s[0] > '9' {
		return 0, false
	}
	v, err := strconv.ParseInt(s, 10, 64)
	return v, err == nil
}

// IsID reports whether s is a legal R4 id: [A-Za-z0-9\-\.]{1,64}.
func IsID[T string | []byte](s T) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return true
}

// IsTypeName reports whether s has the form of a resource type's name: an
// ASCII capital followed by ASCII letters.
func IsTypeName[T string | []byte](s T) bool {
	if len(s) < 2 || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}
