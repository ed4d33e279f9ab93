package portal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"

	"sluis/fhir"
	"sluis/fhir/query"
)

// aead encrypts places: their row numbers would tell how much the server holds.
func (p *portal) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(p.key("place"))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal writes where a page of a kind ended, for the link to the next.
func (p *portal) seal(kind string, at query.Position) (string, error) {
	aead, err := p.aead()
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(at)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, plain, []byte(kind))), nil
}

// open reads what seal wrote for the same kind; "" is the first page.
func (p *portal) open(kind, sealed string) (*query.Position, error) {
	if sealed == "" {
		return nil, nil
	}
	bad := fhir.NewError(fhir.Invalid, "value", "this is no place in the list")
	aead, err := p.aead()
	if err != nil {
		return nil, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return nil, bad
	}
	plain, err := aead.Open(nil, nil, raw, []byte(kind))
	if err != nil {
		return nil, bad
	}
	var at query.Position
	if err := json.Unmarshal(plain, &at); err != nil {
		return nil, bad
	}
	return &at, nil
}
