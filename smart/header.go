package smart

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v4/json"
)

// MaxTokenBytes bounds a token before anything in it is read.
const MaxTokenBytes = 16 << 10

// Header is the protected header of a signed token. It is all a token may say
// about its own verification.
type Header struct{ Algorithm, KeyID, Type string }

var errHeader = errors.New("not a compact JWS with exactly the header alg, kid and typ")

// ParseHeader reads the header of a compact JWS (RFC 7515 §7.1) whose members
// are exactly alg, kid and typ, each a string that is not empty. A token that
// brings or points at its own key (jwk, jku, x5c, x5u), asks for extensions
// (crit, b64) or repeats a member is refused. Nothing is verified yet.
func ParseHeader(token string) (Header, error) {
	protected, rest, _ := strings.Cut(token, ".")
	if len(token) > MaxTokenBytes || strings.Count(rest, ".") != 1 {
		return Header{}, errHeader
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(protected)
	if err != nil {
		return Header{}, errHeader
	}
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil || len(members) != 3 {
		return Header{}, errHeader
	}
	var h Header
	for name, to := range map[string]*string{"alg": &h.Algorithm, "kid": &h.KeyID, "typ": &h.Type} {
		if *to, _ = members[name].(string); *to == "" {
			return Header{}, errHeader
		}
	}
	return h, nil
}
