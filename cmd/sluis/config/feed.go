package config

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// charsets are the codes of HL7 table 0211 that a feed may declare.
var charsets = []string{"", "ASCII", "8859/1", "8859/15", "UNICODE UTF-8"}

var (
	feedName    = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	messageType = regexp.MustCompile(`^[A-Z0-9]{3}\^([A-Z0-9]{3}|\*)$`)
)

// feeds of one address share a listener and are told apart by their sender.
func (c *checker) feeds() {
	names, listeners, senders := map[string]bool{}, map[string]FeedTLS{}, map[[2]string]bool{}
	for i, feed := range c.Feeds {
		at := fmt.Sprintf("feeds[%d].", i)
		c.unique(names, at+"name", feed.Name, feedName)
		c.oneOf(at+"kind", feed.Kind, "mllp")
		c.address(at+"listen", feed.Listen)
		shared, twice := listeners[feed.Listen]
		switch {
		case feed.Listen == c.Listen && !strings.HasSuffix(feed.Listen, ":0"):
			c.fail(at+"listen", "%q is the HTTP server's", feed.Listen)
		case twice && shared != feed.TLS:
			c.fail(at+"listen", "%q is another feed's with other tls: feeds that share a listener share that too", feed.Listen)
		}
		listeners[feed.Listen] = feed.TLS
		c.custodian(at+"custodian", feed.Custodian)
		c.required(at+"application", feed.Application)
		c.required(at+"facility", feed.Facility)
		sender := [2]string{feed.Application, feed.Facility}
		if senders[sender] && feed.Facility != "" {
			c.fail(at+"application", "another feed has the same application and facility")
		}
		senders[sender] = true
		c.tls(at, feed)
		c.message(at, feed)
	}
}

// tls checks that mutual TLS is asked for whole or not at all.
func (c *checker) tls(at string, feed Feed) {
	if feed.TLS == (FeedTLS{}) {
		if feed.Certificate != "" {
			c.fail(at+"certificate", "needs tls: without it no sender shows a certificate")
		}
		return
	}
	c.required(at+"certificate", feed.Certificate)
	c.readable(at+"tls.certificate_file", feed.TLS.CertificateFile)
	c.readable(at+"tls.key_file", feed.TLS.KeyFile)
	c.readable(at+"tls.client_ca_file", feed.TLS.ClientCAFile)
}

// readable checks that a file is given and can be opened.
func (c *checker) readable(setting, file string) {
	if file == "" {
		c.fail(setting, "is required")
		return
	}
	f, err := os.Open(file)
	if err != nil {
		c.fail(setting, "%v", err)
		return
	}
	f.Close()
}

// message checks what a feed says of its messages.
func (c *checker) message(at string, feed Feed) {
	if len(feed.MessageTypes) == 0 {
		c.fail(at+"message_types", "is required: a feed without message types accepts nothing")
	}
	for i, t := range feed.MessageTypes {
		if !messageType.MatchString(t) {
			c.fail(fmt.Sprintf("%smessage_types[%d]", at, i), "%q is not written as ADT^A01 or ADT^*", t)
		}
	}
	if !slices.Contains(charsets, feed.Charset) {
		c.fail(at+"charset", "%q is not one of: %s", feed.Charset, strings.Join(charsets[1:], ", "))
	}
	c.systems(at+"assigners.", feed.Assigners)
	c.systems(at+"code_systems.", feed.CodeSystems)
}

func (c *checker) systems(at string, systems map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(systems)) {
		c.uri(at+name, systems[name])
	}
}
