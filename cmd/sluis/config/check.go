package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checker looks at a decoded Config as a whole.
type checker struct {
	*Config
	file     string
	at       map[string]Place
	problems Problems
}

// fail notes a problem where the setting was written, or, for one that was
// not, where the setting above it was. A setting that could not be read has
// been named already.
func (c *checker) fail(setting, format string, args ...any) {
	if slices.ContainsFunc(c.problems, func(p Problem) bool { return p.Setting == setting }) {
		return
	}
	at, path := Place{}, setting
	for {
		if p, ok := c.at[path]; ok {
			at = p
			break
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			break
		}
		path = path[:i]
	}
	c.problems = append(c.problems, Problem{at, setting, fmt.Sprintf(format, args...)})
}

func (c *checker) all() {
	c.files()
	c.server()
	c.custodians()
	c.clients()
	c.feeds()
	c.policy()
	c.limits()
}

// files reads what is kept in files of its own.
func (c *checker) files() {
	c.Data = beside(c.file, c.at["data"], c.Data)
	c.Database = Secret(c.fromFile("database", string(c.Database), &c.DatabaseFile))
	up := &c.Portal.Upstream
	up.ClientSecret = Secret(c.fromFile("portal.upstream.client_secret", string(up.ClientSecret), &up.ClientSecretFile))
	for i := range c.Clients {
		client := &c.Clients[i]
		client.JWKS = JSON(c.fromFile(fmt.Sprintf("clients[%d].jwks", i), string(client.JWKS), &client.JWKSFile))
	}
	for i := range c.Feeds {
		tls := &c.Feeds[i].TLS
		at := fmt.Sprintf("feeds[%d].tls.", i)
		for name, file := range map[string]*string{"certificate_file": &tls.CertificateFile, "key_file": &tls.KeyFile, "client_ca_file": &tls.ClientCAFile} {
			*file = beside(c.file, c.at[at+name], *file)
		}
	}
}

// fromFile is the value itself, or what the file in its stead holds without
// white space around it.
func (c *checker) fromFile(setting, value string, file *string) string {
	if *file == "" {
		return value
	}
	setting += "_file"
	if value != "" {
		c.fail(setting, "the value and its file are both set")
		return value
	}
	*file = beside(c.file, c.at[setting], *file)
	text, err := os.ReadFile(*file)
	if err != nil {
		c.fail(setting, "%v", err)
		return value
	}
	if value = strings.TrimSpace(string(text)); value == "" {
		c.fail(setting, "%s is empty", *file)
	}
	return value
}

func (c *checker) server() {
	c.address("listen", c.Listen)
	if c.Data == "" {
		c.fail("data", "a directory is required")
	}
	if c.Database != "" {
		u, err := url.Parse(string(c.Database))
		if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Path == "" {
			c.fail("database", "not a postgres://USER@HOST/DATABASE URL") // the value may hold a password
		}
	}
	if c.BaseURL == "" {
		c.BaseURL = DefaultBase(c.Listen)
	}
	if c.BaseURL != "" {
		c.https("base_url", c.BaseURL)
	}
	if strings.HasSuffix(c.BaseURL, "/") {
		c.fail("base_url", "must not end in a slash")
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "" || c.Zone == "Local" {
		c.fail("zone", "%q is not a time zone such as Europe/Amsterdam", c.Zone)
	}
	c.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
}

// DefaultBase is the FHIR base of a server that listens there, or "" when the
// port is not known yet.
func DefaultBase(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port == "0" {
		return ""
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/fhir"
}

func (c *checker) address(setting, value string) {
	_, port, err := net.SplitHostPort(value)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n > 65535 {
		c.fail(setting, "%q is not an address such as 127.0.0.1:8080", value)
	}
}

// https demands an absolute URL under TLS; without TLS only on this machine,
// since tokens and records travel there.
func (c *checker) https(setting, value string) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		c.fail(setting, "%q is not an http(s) URL", value)
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		c.fail(setting, "must have no query, fragment or user")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		c.fail(setting, "%q: without TLS only this machine can be named; give the https URL that clients use", value)
	}
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}

func (c *checker) oneOf(setting, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		c.fail(setting, "%q is not one of: %s", value, strings.Join(allowed, ", "))
	}
}

func (c *checker) required(setting, value string) {
	if value == "" {
		c.fail(setting, "is required")
	}
}

// id is the shape of a FHIR id (R4 datatypes.html#id).
var id = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`)

// unique checks ids or names of a list.
func (c *checker) unique(seen map[string]bool, setting, value string, shape *regexp.Regexp) {
	switch {
	case value == "":
		c.fail(setting, "is required")
	case !shape.MatchString(value):
		c.fail(setting, "%q has a character that is not allowed, or is too long", value)
	case seen[value]:
		c.fail(setting, "%q is there twice", value)
	}
	seen[value] = true
}

// custodian checks a reference to one.
func (c *checker) custodian(setting, value string) {
	if _, found := c.Custodian(value); !found {
		c.fail(setting, "%q is not a custodian", value)
	}
}

var ura = regexp.MustCompile(`^[0-9]{8}$`)

func (c *checker) custodians() {
	if _, given := c.at["custodians"]; !given && c.Home == "" {
		c.Custodians, c.Home = []Custodian{DefaultCustodian}, DefaultCustodian.ID
	}
	seen := map[string]bool{}
	for i, custodian := range c.Custodians {
		at := fmt.Sprintf("custodians[%d].", i)
		c.unique(seen, at+"id", custodian.ID, id)
		c.required(at+"name", custodian.Name)
		if custodian.URA != "" && !ura.MatchString(custodian.URA) {
			c.fail(at+"ura", "%q is not eight digits", custodian.URA)
		}
		if custodian.PartOf != "" {
			c.custodian(at+"part_of", custodian.PartOf)
			c.ancestors(at+"part_of", custodian)
		}
	}
	if c.Home == "" {
		c.fail("home", "is required: what patients write belongs to a custodian")
		return
	}
	c.custodian("home", c.Home)
}

// ancestors refuses a custodian that is part of itself.
func (c *checker) ancestors(setting string, custodian Custodian) {
	start := custodian.ID
	for range c.Custodians {
		above, found := c.Custodian(custodian.PartOf)
		if !found {
			return
		}
		if above.ID == start {
			c.fail(setting, "%q would be part of itself", start)
			return
		}
		custodian = above
	}
}

func (c *checker) policy() {
	for i, system := range c.TrustedAssigners {
		c.uri(fmt.Sprintf("trusted_assigners[%d]", i), system)
	}
	c.oneOf("conditional_delete", c.ConditionalDelete, "single", "multiple")
	c.oneOf("consent.profile", c.Consent.Profile, "core", "pcf")
	c.oneOf("consent.strategy", c.Consent.Strategy, "deny-overrides")
	for i, code := range c.Consent.FloorPurposes {
		if !slices.Contains(purposes, code) {
			c.fail(fmt.Sprintf("consent.floor_purposes[%d]", i), "%q is not a purpose of use of v3-ActReason", code)
		}
	}
	c.upstream(c.Portal.Upstream)
}

func (c *checker) upstream(up Upstream) {
	if up.Issuer+up.ClientID+string(up.ClientSecret) == "" && len(up.ACR) == 0 {
		return
	}
	if len(up.ACR) == 0 {
		c.fail("portal.upstream.acr", "is required: a login is only as good as its authentication")
	}
	c.required("portal.upstream.issuer", up.Issuer)
	c.required("portal.upstream.client_id", up.ClientID)
	if up.Issuer != "" {
		c.https("portal.upstream.issuer", up.Issuer)
	}
}

func (c *checker) uri(setting, value string) {
	if u, err := url.Parse(value); err != nil || u.Scheme == "" || strings.ContainsAny(value, "| ") {
		c.fail(setting, "%q is not an absolute URI", value)
	}
}

func (c *checker) limits() {
	l := c.Limits
	if l.MaxBody < 1 {
		c.fail("limits.max_body", "must be at least one byte")
	}
	if l.LargeBodies < 1<<20 {
		c.fail("limits.large_bodies", "must be at least 1MiB")
	}
	if l.RequestTimeout <= 0 {
		c.fail("limits.request_timeout", "must be positive")
	}
}
