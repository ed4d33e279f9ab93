package smart

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"

	jose "github.com/go-jose/go-jose/v4"
)

// KeySet is the public keys whose signature makes a token ours. The zero KeySet
// verifies nothing.
type KeySet struct{ keys map[string]jose.JSONWebKey }

// NewKeySet takes public Ed25519 (EdDSA) and P-384 (ES384) keys, each with a
// kid of its own. Private keys, other kinds of key, a missing and a repeated
// kid are refused.
func NewKeySet(keys ...jose.JSONWebKey) (KeySet, error) {
	set := KeySet{keys: make(map[string]jose.JSONWebKey, len(keys))}
	for _, k := range keys {
		alg, ok := algorithm(k.Key)
		if _, double := set.keys[k.KeyID]; double || k.KeyID == "" || !ok {
			return KeySet{}, fmt.Errorf("key %q: want a public Ed25519 or P-384 key with a kid of its own", k.KeyID)
		}
		k.Algorithm = string(alg)
		set.keys[k.KeyID] = k
	}
	return set, nil
}

// find returns the key that a header names, when its algorithm is the key's own:
// the key decides the algorithm, never the token.
func (s KeySet) find(h Header) (jose.JSONWebKey, bool) {
	k, ok := s.keys[h.KeyID]
	return k, ok && k.Algorithm == h.Algorithm
}

// algorithm is the one algorithm that a public key is used with.
func algorithm(public any) (jose.SignatureAlgorithm, bool) {
	switch k := public.(type) {
	case ed25519.PublicKey:
		return jose.EdDSA, len(k) == ed25519.PublicKeySize
	case *ecdsa.PublicKey:
		return jose.ES384, k != nil && k.Curve == elliptic.P384()
	}
	return "", false
}
