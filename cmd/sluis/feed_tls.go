package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"sluis/cmd/sluis/config"
)

// mutualTLS loads what a feed's listener shows and whom it believes; nil when
// the feed has no TLS.
func mutualTLS(c config.FeedTLS) (*tls.Config, error) {
	if c == (config.FeedTLS{}) {
		return nil, nil
	}
	own, err := tls.LoadX509KeyPair(c.CertificateFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.CertificateFile, err)
	}
	pem, err := os.ReadFile(c.ClientCAFile)
	if err != nil {
		return nil, err
	}
	senders := x509.NewCertPool()
	if !senders.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", c.ClientCAFile)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{own}, ClientCAs: senders, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}, nil
}
