package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strings"

	"sluis/cmd/sluis/config"
	"sluis/feed"
	"sluis/feed/mllp"
	"sluis/gate"
	"sluis/smart"
	"sluis/storage"
)

// feedServer is one feed that listens.
type feedServer struct {
	*mllp.Server
	listener net.Listener
}

func (f feedServer) serve() error {
	if err := f.Serve(f.listener); !errors.Is(err, mllp.ErrServerClosed) {
		return err
	}
	return nil
}

// startFeeds listens for every configured feed; feeds of one address share a
// listener and are told apart by their sender.
func (a *app) startFeeds() ([]feedServer, error) {
	byAddress := map[string][]config.Feed{}
	for _, c := range a.config.Feeds {
		byAddress[c.Listen] = append(byAddress[c.Listen], c)
	}
	var out []feedServer
	for address, feeds := range byAddress {
		f, err := a.listenFeeds(address, feeds)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("feed: %w", err), closeAll(out))
		}
		out = append(out, f)
	}
	return out, nil
}

// listenFeeds opens one address. Its feeds agree about TLS, as the configuration
// is checked.
func (a *app) listenFeeds(address string, configs []config.Feed) (feedServer, error) {
	feeds, sink, err := a.feeds(configs)
	if err != nil {
		return feedServer{}, err
	}
	mutual, err := mutualTLS(configs[0].TLS)
	if err != nil {
		return feedServer{}, err
	}
	listener, err := net.Listen("tcp", address)
	return feedServer{&mllp.Server{Feeds: feeds, Sink: sink, TLS: mutual, Log: a.log}, listener}, err
}

// feeds are configured feeds and where they deliver.
func (a *app) feeds(configs []config.Feed) (feed.Feeds, feedSink, error) {
	sink := feedSink{a.gate, map[string]gate.Caller{}}
	var out []feed.Config
	for _, c := range configs {
		out = append(out, feedConfig(c))
		sink.callers[c.Name] = feedCaller(c)
	}
	feeds, err := feed.NewFeeds(out...)
	return feeds, sink, err
}

func closeAll(feeds []feedServer) error {
	var errs []error
	for _, f := range feeds {
		errs = append(errs, f.listener.Close())
	}
	return errors.Join(errs...)
}

func feedConfig(c config.Feed) feed.Config {
	return feed.Config{
		Name: c.Name, Custodian: c.Custodian, Application: c.Application, Facility: c.Facility, Certificate: c.Certificate,
		MessageTypes: c.MessageTypes, Charset: c.Charset, Assigners: c.Assigners, CodeSystems: c.CodeSystems,
	}
}

// feedCaller is the grant of a feed, its custodian's own backend, with the labels
// that it puts on what it delivers.
func feedCaller(c config.Feed) gate.Caller {
	var labels []storage.Label
	for _, l := range c.Labels {
		labels = append(labels, storage.Label{System: l.System, Code: l.Code, Origin: "feed:" + c.Name})
	}
	return gate.Caller{Feed: c.Name, Labels: labels, Grant: smart.Grant{
		Client: "feed:" + c.Name, Organization: c.Custodian, Scopes: everything(), Purposes: []string{"TREAT"},
	}}
}

// feedSink hands deliveries to the gate, each as the feed it came by.
type feedSink struct {
	gate    *gate.Gate
	callers map[string]gate.Caller
}

func (s feedSink) Deliver(ctx context.Context, d feed.Delivery) (feed.Receipt, error) {
	caller := s.callers[d.Feed]
	caller.Request = d.Feed + ":" + d.Key
	seen, err := s.gate.Deliver(ctx, caller, gate.Delivery{Source: d.Source, Key: d.Key, Bundle: d.Bundle})
	return feed.Receipt{Duplicate: seen}, err
}

func (s feedSink) Quarantine(ctx context.Context, d feed.Delivery, reason string) error {
	return s.gate.Quarantine.Keep(ctx, storage.Quarantined{
		ID: strings.ToLower(rand.Text()), Feed: d.Feed, Key: d.Key, Received: d.Received, Reason: reason, Message: d.Message,
	})
}
