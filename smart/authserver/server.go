package authserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"sluis/smart"
	"sluis/storage"
)

// Config is everything the authorization server needs.
type Config struct {
	Issuer   string // public URL, the iss of every token; its endpoints stand below it in /auth
	FHIRBase string // public base of the FHIR server, the aud of every token
	Keys     *Keys
	Clients  []Client
	Replay   storage.Replay
	Login    *Login           // nil: nobody logs in here
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: slog.Default
}

// Server is the authorization server. Its methods are safe for concurrent use.
type Server struct {
	config        Config
	log           *slog.Logger
	clients       map[string]*registered
	tokenURL      string
	tokens        smart.Expectation // what tokens are made for
	login         *login            // nil: nobody logs in here
	configuration []byte
	jwks          []byte
}

// New checks the configuration whole: a client that could never get a token,
// or a login that could never end in a session, is an error here and not later.
func New(c Config) (*Server, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Keys == nil || c.Replay == nil {
		return nil, errors.New("authserver: keys and a replay memory are required")
	}
	if err := errors.Join(publicURL("issuer", c.Issuer), publicURL("FHIR base", c.FHIRBase)); err != nil {
		return nil, err
	}
	s := &Server{
		config: c, log: c.Log, tokenURL: c.Issuer + "/auth/token",
		tokens:  smart.Expectation{Issuer: c.Issuer, Audience: c.FHIRBase},
		clients: make(map[string]*registered, len(c.Clients)),
	}
	if err := errors.Join(s.registerAll(), s.openLogin(), s.documents()); err != nil {
		return nil, err
	}
	return s, nil
}

// registerAll makes each client's largest token once, for the sake of the error.
func (s *Server) registerAll() error {
	var all []error
	for _, c := range s.config.Clients {
		client, err := register(c)
		if err != nil {
			all = append(all, err)
			continue
		}
		at := s.config.Now()
		if _, err := smart.Mint(client.grant(client.ceiling, "check", at.Add(backendLife)), s.tokens, s.config.Keys.Signing(), at); err != nil {
			all = append(all, fmt.Errorf("client %q: %w", c.ID, err))
		}
		if s.clients[c.ID] != nil {
			all = append(all, fmt.Errorf("client %q stands twice", c.ID))
		}
		s.clients[c.ID] = client
	}
	return errors.Join(all...)
}

func (s *Server) documents() (err error) {
	if s.configuration, err = s.smartConfiguration(); err != nil {
		return err
	}
	s.jwks, err = json.Marshal(s.config.Keys.jwks())
	return err
}

// Routes mounts the endpoints on a router that stands at the root of the host:
// below the path of the issuer, and discovery below the path of the FHIR base.
func (s *Server) Routes(r chi.Router) {
	r.Get(pathOf(s.config.FHIRBase)+"/.well-known/smart-configuration", public(s.configuration))
	auth := pathOf(s.config.Issuer) + "/auth"
	r.Post(auth+"/token", s.token)
	r.Get(auth+"/jwks", public(s.jwks))
	if s.login == nil {
		return
	}
	r.Get(auth+"/login", s.startLogin)
	r.Get(auth+"/callback", s.finishLogin)
	r.Method(http.MethodPost, auth+"/logout", http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.logout)))
}

// publicURL refuses what cannot be compared byte by byte or has a second
// spelling.
func publicURL(what, raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil ||
		strings.ContainsAny(raw, "?#") || strings.HasSuffix(raw, "/") {
		return fmt.Errorf("authserver: %s %q: want an absolute http or https URL without query, fragment or slash at its end", what, raw)
	}
	return nil
}

// pathOf is the path of a URL that publicURL accepted.
func pathOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Path
}
