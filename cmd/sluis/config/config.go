package config

import (
	"time"
	_ "time/tzdata" // Zone must resolve in an image without a zone database
)

// Config is every setting. The yaml tags are the names in the file; Variables
// derives the names in the environment from the same tags.
type Config struct {
	// Listen is the TCP address of the HTTP server, host:port.
	Listen string `yaml:"listen"`
	// Data is the directory of keys and, without Database, of the SQLite files.
	Data string `yaml:"data"`
	// Database is a postgres:// URL; empty means SQLite in Data.
	Database     Secret `yaml:"database"`
	DatabaseFile string `yaml:"database_file"`
	// BaseURL is the FHIR base as clients see it, without a final slash. Its
	// default is DefaultBase(Listen); it stays empty when Listen asks for any
	// free port.
	BaseURL string `yaml:"base_url"`
	// Home is the id of the custodian that what patients write belongs to. It
	// must be given with Custodians; where neither is, Load makes it that of
	// DefaultCustodian.
	Home string `yaml:"home"`
	// Zone is the IANA name of the zone of times written without one.
	Zone string `yaml:"zone"`

	Custodians []Custodian `yaml:"custodians"`
	Clients    []Client    `yaml:"clients"`
	Feeds      []Feed      `yaml:"feeds"`

	// ConditionalDelete is what a delete by search does where several resources
	// match: single refuses it, multiple deletes them all.
	ConditionalDelete string `yaml:"conditional_delete"`

	// TrustedAssigners are the identifier systems whose valid numbers denote a
	// person, so that Patients of several custodians are linked by them.
	TrustedAssigners []string `yaml:"trusted_assigners"`

	Consent Consent `yaml:"consent"`
	Portal  Portal  `yaml:"portal"`
	Log     Log     `yaml:"log"`
	Limits  Limits  `yaml:"limits"`
}

// Custodian is a controller of data: an Organization of this server.
type Custodian struct {
	ID     string `yaml:"id"` // logical id of the Organization
	Name   string `yaml:"name"`
	URA    string `yaml:"ura"`     // eight digits; may be empty
	PartOf string `yaml:"part_of"` // id of the custodian it belongs to; may be empty
}

// Client is a registered OAuth client.
type Client struct {
	ID string `yaml:"id"`
	// Organization is the custodian the client acts for. Required for scopes of
	// the user and system levels.
	Organization string   `yaml:"organization"`
	Scopes       []string `yaml:"scopes"`
	// JWKS holds the client's public keys (RFC 7517). A client with system
	// scopes must have one.
	JWKS     JSON   `yaml:"jwks"`
	JWKSFile string `yaml:"jwks_file"`
	// ChooseIDs lets the client create resources under ids of its own choice,
	// which also tells it which ids exist.
	ChooseIDs bool `yaml:"choose_ids"`
}

// Feed is a channel by which records of an EPD come in.
type Feed struct {
	Name        string `yaml:"name"`
	Kind        string `yaml:"kind"`        // mllp
	Listen      string `yaml:"listen"`      // host:port
	Custodian   string `yaml:"custodian"`   // whose data they are
	Application string `yaml:"application"` // the only MSH-3 accepted
	Facility    string `yaml:"facility"`    // the only MSH-4 accepted
	// TLS turns on mutual TLS; Certificate is then the DNS name that the
	// sender's client certificate must carry.
	TLS         FeedTLS `yaml:"tls"`
	Certificate string  `yaml:"certificate"`
	// MessageTypes are the MSH-9 accepted, as ADT^A01, or ADT^* for all events.
	MessageTypes []string `yaml:"message_types"`
	// Charset is the character set of messages without MSH-18, as in HL7 table
	// 0211.
	Charset string `yaml:"charset"`
	// Assigners maps an assigning authority of the feed (CX.4) to the system of
	// a FHIR identifier.
	Assigners map[string]string `yaml:"assigners"`
	// CodeSystems maps the name of a coding system (CWE.3) to its URI, before the
	// names of HL7 table 0396.
	CodeSystems map[string]string `yaml:"code_systems"`
	// Labels are put on everything the feed delivers.
	Labels []Label `yaml:"labels"`
}

// FeedTLS names PEM files: the certificate and key of this end, and the
// authorities that may vouch for senders. All three, or none.
type FeedTLS struct {
	CertificateFile string `yaml:"certificate_file"`
	KeyFile         string `yaml:"key_file"`
	ClientCAFile    string `yaml:"client_ca_file"`
}

// Consent says how Consents are read.
type Consent struct {
	Profile  string `yaml:"profile"`  // core or pcf
	Strategy string `yaml:"strategy"` // deny-overrides
	// FloorPurposes are purposes of use (v3-ActReason) for which no consent can
	// open anything.
	FloorPurposes []string `yaml:"floor_purposes"`
}

// Portal configures the pages for people.
type Portal struct {
	Upstream Upstream `yaml:"upstream"`
}

// Upstream is the OpenID provider that authenticates people. Without an issuer
// nobody can log in: `serve` has no portal then.
type Upstream struct {
	Issuer           string `yaml:"issuer"`
	ClientID         string `yaml:"client_id"`
	ClientSecret     Secret `yaml:"client_secret"`
	ClientSecretFile string `yaml:"client_secret_file"`
	// ACR are the authentication contexts that are good enough; at least one.
	ACR []string `yaml:"acr"`
}

// Log configures the technical log, which never holds clinical data.
type Log struct {
	Level string `yaml:"level"` // debug, info, warn or error
}

// Limits bound what one FHIR request can ask for.
type Limits struct {
	MaxBody        Size          `yaml:"max_body"`        // of a FHIR request, inflated, in bytes
	LargeBodies    Size          `yaml:"large_bodies"`    // of all of more than 1 MiB that are worked on at once, in bytes
	RequestTimeout time.Duration `yaml:"request_timeout"` // of the work on a FHIR request
}

// DefaultCustodian is the one of a server for which none is configured.
var DefaultCustodian = Custodian{ID: "home", Name: "Home"}

// Default is what holds where nothing is set. Load completes it by what follows
// from other settings: BaseURL, and DefaultCustodian.
func Default() Config {
	return Config{
		Listen:            "127.0.0.1:8080",
		Data:              "data",
		Zone:              "Europe/Amsterdam",
		TrustedAssigners:  []string{"http://fhir.nl/fhir/NamingSystem/bsn"},
		ConditionalDelete: "single",
		Consent:           Consent{Profile: "core", Strategy: "deny-overrides", FloorPurposes: []string{"HPAYMT"}},
		Log:               Log{Level: "info"},
		Limits:            Limits{MaxBody: 64 << 20, LargeBodies: 64 << 20, RequestTimeout: 2 * time.Minute},
	}
}

// Location is Zone, loaded. It is UTC only for a Config that Load did not
// make.
func (c Config) Location() *time.Location {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Custodian returns the custodian of that id.
func (c Config) Custodian(id string) (Custodian, bool) {
	for _, custodian := range c.Custodians {
		if custodian.ID == id {
			return custodian, true
		}
	}
	return Custodian{}, false
}
