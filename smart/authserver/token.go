package authserver

import (
	"crypto/rand"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"time"

	"sluis/smart"
)

// backendLife is how long a backend's token lives; it gets no refresh token
// (SMART Backend Services: at most 300 seconds).
const backendLife = 300 * time.Second

// maxForm bounds the body of a token request in bytes.
const maxForm = 64 << 10

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// tokenResponse is RFC 6749 §5.1.
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"` // seconds
	Scope       string `json:"scope"`      // always what was granted
}

// token is POST /auth/token (SMART Backend Services, "Obtain access token").
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	response, err := s.exchange(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, response)
}

func (s *Server) exchange(w http.ResponseWriter, r *http.Request) (tokenResponse, error) {
	form, err := tokenForm(w, r)
	if err != nil {
		return tokenResponse{}, err
	}
	at := s.config.Now()
	client, err := s.authenticate(r.Context(), form.Get("client_assertion"), at)
	if err != nil {
		return tokenResponse{}, err
	}
	if id := form.Get("client_id"); id != "" && id != client.ID {
		return tokenResponse{}, invalidClient("client_id is not the one that signed the assertion")
	}
	scopes, err := client.granted(form.Get("scope"))
	if err != nil {
		return tokenResponse{}, err
	}
	token, err := smart.Mint(client.grant(scopes, rand.Text(), at.Add(backendLife)), s.tokens, s.config.Keys.Signing(), at)
	if err != nil {
		return tokenResponse{}, err
	}
	return tokenResponse{token, "Bearer", int(backendLife / time.Second), scopes.String()}, nil
}

// granted is the part of the request that was pre-authorised; where nothing is
// left, the request was for something else.
func (c *registered) granted(requested string) (smart.Scopes, error) {
	asked, err := smart.ParseScopes(requested)
	if err != nil {
		return smart.Scopes{}, invalidScope(err.Error())
	}
	scopes := asked.Within(c.ceiling)
	if scopes.IsZero() {
		return smart.Scopes{}, invalidScope("nothing of this was authorised for the client")
	}
	return scopes, nil
}

// tokenForm reads a token request: a form, in the body, with no parameter
// twice (RFC 6749 §3.2).
func tokenForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("the body is application/x-www-form-urlencoded")
	}
	if r.URL.RawQuery != "" {
		return nil, invalidRequest("parameters go in the body, never in the URL")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		var tooLong *http.MaxBytesError
		if errors.As(err, &tooLong) {
			return nil, &oauthError{status: http.StatusRequestEntityTooLarge, code: "invalid_request", description: "the body is too long"}
		}
		return nil, invalidRequest("the body is not a form")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			return nil, invalidRequest("a parameter stands twice: " + name)
		}
	}
	return r.PostForm, supported(r.PostForm)
}

func supported(form url.Values) error {
	switch {
	case form.Get("grant_type") == "":
		return invalidRequest("grant_type is missing")
	case form.Get("grant_type") != "client_credentials":
		return &oauthError{status: http.StatusBadRequest, code: "unsupported_grant_type", description: "grant_type is client_credentials"}
	case form.Get("client_assertion_type") != jwtBearer:
		return invalidClient("client_assertion_type is " + jwtBearer)
	}
	return nil
}

func noStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
}
