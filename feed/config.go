package feed

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Config is one feed: a sender, what it may send and for whom.
type Config struct {
	// Name identifies the feed in identifiers, records and logs; it never
	// changes: lower case letters, digits and hyphens.
	Name string

	// Custodian is the id of the Organization whose records these are.
	Custodian string

	// Application and Facility are the first components of MSH-3 and MSH-4.
	Application string
	Facility    string

	// Certificate is a DNS name that the sender's client certificate must
	// carry. With it, a message over a connection without that certificate is
	// refused.
	Certificate string

	// MessageTypes are the allowed values of MSH-9, such as ADT^A01; ADT^*
	// allows all events of a type. What is not listed is refused.
	MessageTypes []string

	// Charset is used where MSH-18 is empty, by its name in HL7 table 0211.
	Charset string

	// Assigners maps an assigning authority (CX-4 or EI-2: its namespace or
	// its universal id) to the identifier system of its numbers. The key "" is
	// for patient numbers without one.
	Assigners map[string]string

	// CodeSystems maps a name of a coding system (CWE-3) to its URI, before the
	// built-in names of HL7 table 0396.
	CodeSystems map[string]string
}

var (
	nameForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	typeForm = regexp.MustCompile(`^[A-Z0-9]{3}\^([A-Z0-9]{3}|\*)$`)
)

// Validate names everything that is wrong with the configuration.
func (c Config) Validate() error {
	var bad []error
	wrong := func(format string, args ...any) {
		bad = append(bad, fmt.Errorf("feed %q: "+format, append([]any{c.Name}, args...)...))
	}
	if !nameForm.MatchString(c.Name) {
		wrong("name is not of the form a-z, 0-9, hyphens")
	}
	for _, f := range [][2]string{{"custodian", c.Custodian}, {"application", c.Application}, {"facility", c.Facility}} {
		if strings.TrimSpace(f[1]) == "" {
			wrong("%s is missing", f[0])
		}
	}
	if len(c.MessageTypes) == 0 {
		wrong("message types are missing: nothing could be sent")
	}
	for _, t := range c.MessageTypes {
		if !typeForm.MatchString(t) {
			wrong("message types: %q is not of the form ADT^A01 or ADT^*", t)
		}
	}
	for _, system := range c.Assigners {
		if !strings.Contains(system, ":") {
			wrong("assigners: %q is not an absolute URI", system)
		}
	}
	for _, system := range c.CodeSystems {
		if !strings.Contains(system, ":") {
			wrong("code systems: %q is not an absolute URI", system)
		}
	}
	return errors.Join(bad...)
}

// Allows reports whether the feed may send this message type, given as MSH-9.1
// and MSH-9.2.
func (c Config) Allows(code, event string) bool {
	return slices.Contains(c.MessageTypes, code+"^"+event) || slices.Contains(c.MessageTypes, code+"^*")
}

// Feeds are all configured feeds. The zero Feeds knows no sender.
type Feeds struct {
	bySender map[sender]Config
}

type sender struct{ application, facility string }

// NewFeeds validates feeds together: names and senders are unique.
func NewFeeds(configs ...Config) (Feeds, error) {
	f := Feeds{bySender: map[sender]Config{}}
	names := map[string]bool{}
	var bad []error
	for _, c := range configs {
		if err := c.Validate(); err != nil {
			bad = append(bad, err)
		}
		s := sender{c.Application, c.Facility}
		if other, twice := f.bySender[s]; twice {
			bad = append(bad, fmt.Errorf("feeds %q and %q have the same application and facility", other.Name, c.Name))
		}
		if names[c.Name] {
			bad = append(bad, fmt.Errorf("two feeds are named %q", c.Name))
		}
		f.bySender[s], names[c.Name] = c, true
	}
	if len(bad) > 0 {
		return Feeds{}, errors.Join(bad...)
	}
	return f, nil
}

// Sender finds the feed of a sending application and facility.
func (f Feeds) Sender(application, facility string) (Config, bool) {
	c, ok := f.bySender[sender{application, facility}]
	return c, ok
}
