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
	byAddress := map[string][]feed.Config{}
	sink := feedSink{a.gate, map[string]gate.Caller{}}
	for _, c := range a.config.Feeds {
		byAddress[c.Listen] = append(byAddress[c.Listen], feedConfig(c))
		sink.callers[c.Name] = feedCaller(c)
	}
	var out []feedServer
	for address, configs := range byAddress {
		feeds, err := feed.NewFeeds(configs...)
		if err != nil {
			return nil, errors.Join(err, closeAll(out))
		}
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("feed: %w", err), closeAll(out))
		}
		out = append(out, feedServer{&mllp.Server{Feeds: feeds, Sink: sink, Log: a.log}, listener})
	}
	return out, nil
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

// feedCaller is the grant of a feed: its custodian's own backend.
func feedCaller(c config.Feed) gate.Caller {
	return gate.Caller{Feed: c.Name, Grant: smart.Grant{
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
