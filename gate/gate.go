package gate

import (
	"crypto/rand"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sluis/consent"
	"sluis/consent/label"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/smart"
	"sluis/storage"
)

// Config is what a Gate is made of.
type Config struct {
	Store      storage.Store
	Log        storage.Log
	Quarantine storage.Quarantine
	Jobs       storage.Jobs // of requests answered later; nil: none are
	Labels     label.Table

	Home     string          // custodian of what patients write
	Trusted  []string        // identifier systems that denote a person for certain
	Profile  consent.Profile // "" is core
	Zone     *time.Location  // of dates without one; nil is Europe/Amsterdam
	Floor    []string        // purposes that no consent can permit
	Now      func() time.Time
	RemapKey []byte // secret of Import's ids; nil: Import is refused

	// DeleteMany lets a conditional delete be of several resources; without it
	// that is Precondition (R4 http.html#3.1.0.7.1).
	DeleteMany bool

	Base     string           // URL under which clients reach the server; "" where none do
	Indexing storage.Indexing // of the store; nil: only R4's search parameters are served
}

// Gate is the corridor. It is safe for concurrent use.
type Gate struct {
	Config
	facts factsCache
	rules ruleCache
	turns chan struct{} // of those who change policy: see turn

	parameters atomic.Pointer[parameters] // as last heard of
	hearing    sync.Mutex                 // one asks at a time
}

// New makes a Gate. It panics when a part is missing: a gate without its log or
// its store must not start.
func New(c Config) *Gate {
	if c.Store == nil || c.Log == nil || c.Quarantine == nil || c.Now == nil || c.Home == "" {
		panic("gate: store, log, quarantine, clock and home custodian are all needed")
	}
	if c.Profile == "" {
		c.Profile = consent.Core
	}
	g := &Gate{Config: c, turns: make(chan struct{}, 1)}
	g.parameters.Store(newParameters(index.ParseBase(c.Base)))
	return g
}

// Caller is who asks, as a surface has established it, and what the record
// needs to know of the request.
type Caller struct {
	Grant   smart.Grant
	Request string // X-Request-Id
	Network string // address of the client
	Raw     string // the request as received, for the record of a search
	Feed    string // name of the feed, for deliveries

	// Labels are put on everything that the caller writes.
	Labels []storage.Label
}

// party classes the caller for the decision. What is neither is nobody.
func (c Caller) party() consent.Party {
	switch {
	case c.Grant.Supervisor:
		return consent.Nobody // records only
	case c.Grant.OwnToken():
		return consent.Own
	case c.Grant.Organization == "":
		return consent.Nobody
	case c.Grant.User.IsZero():
		return consent.Backend
	case c.Grant.User.Type == "Practitioner" || c.Grant.User.Type == "PractitionerRole":
		return consent.Professional
	}
	return consent.Nobody
}

// newID makes an unguessable public id: 130 random bits, lower case.
func newID() string { return strings.ToLower(rand.Text()) }

func (g *Gate) at() time.Time { return g.Now().UTC().Truncate(time.Millisecond) }

// custodianFor is the custodian of what the caller creates.
func (g *Gate) custodianFor(c Caller) string {
	if c.party() == consent.Own {
		return g.Home
	}
	return c.Grant.Organization
}

func forbidden(text string) *fhir.Error { return fhir.NewError(fhir.Forbidden, "forbidden", text) }
