package authserver

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"

	jose "github.com/go-jose/go-jose/v4"

	"sluis/smart"
)

// Keys are the server's own secrets: the Ed25519 key that signs access tokens,
// the Ed25519 key that signs checkpoints of the audit chain, and a secret from
// which symmetric keys are derived.
type Keys struct {
	access     jose.JSONWebKey
	verifying  smart.KeySet
	checkpoint ed25519.PrivateKey
	secret     []byte
}

// OpenKeys reads the keys in a folder and makes those that are absent, so that
// a first start needs no ceremony; processes that start at the same time agree.
// The folder must be open to its owner alone (0700) and each file readable by
// its owner alone (0600): anything wider, or anything but a plain file, is an
// error, because a key that others could read is no longer ours.
func OpenKeys(dir string) (*Keys, error) {
	if err := privateDir(dir); err != nil {
		return nil, err
	}
	access, err := signingKey(filepath.Join(dir, "access-token.pem"))
	if err != nil {
		return nil, err
	}
	checkpoint, err := signingKey(filepath.Join(dir, "checkpoint.pem"))
	if err != nil {
		return nil, err
	}
	secret, err := privateFile(filepath.Join(dir, "secret.pem"), "SLUIS SECRET", newSecret)
	if err != nil {
		return nil, err
	}
	if len(secret) != secretBytes {
		return nil, fmt.Errorf("authserver: secret.pem holds %d bytes, not %d", len(secret), secretBytes)
	}
	return newKeys(access, checkpoint, secret)
}

const secretBytes = 32

func newKeys(access, checkpoint ed25519.PrivateKey, secret []byte) (*Keys, error) {
	jwk := jose.JSONWebKey{Key: access, Algorithm: string(jose.EdDSA), Use: "sig"}
	print, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, err
	}
	jwk.KeyID = base64.RawURLEncoding.EncodeToString(print) // RFC 7638
	verifying, err := smart.NewKeySet(jwk.Public())
	if err != nil {
		return nil, err
	}
	return &Keys{access: jwk, verifying: verifying, checkpoint: checkpoint, secret: secret}, nil
}

// Signing is the private key for smart.Mint.
func (k *Keys) Signing() jose.JSONWebKey { return k.access }

// Public is the other side of Signing, for smart.Verify.
func (k *Keys) Public() smart.KeySet { return k.verifying }

// Checkpoint signs checkpoints of the audit chain, and nothing else: a token
// signed with it is no token.
func (k *Keys) Checkpoint() ed25519.PrivateKey { return k.checkpoint }

// Secret derives 32 bytes for one purpose (HKDF-SHA256, RFC 5869), so that a
// page token can never pass for a login or the other way round.
func (k *Keys) Secret(purpose string) []byte {
	out, err := hkdf.Key(sha256.New, k.secret, nil, "sluis "+purpose, secretBytes)
	if err != nil {
		panic(err) // only for an impossible length
	}
	return out
}

// jwks is Public as anybody may read it.
func (k *Keys) jwks() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{k.access.Public()}}
}

func newSecret() ([]byte, error) {
	b := make([]byte, secretBytes)
	_, err := rand.Read(b)
	return b, err
}

func newSigningKey() ([]byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(key)
}

func signingKey(path string) (ed25519.PrivateKey, error) {
	der, err := privateFile(path, "PRIVATE KEY", newSigningKey)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("authserver: %s: %w", filepath.Base(path), err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("authserver: " + filepath.Base(path) + " is not an Ed25519 key")
	}
	return key, nil
}
