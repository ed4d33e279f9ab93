package mllp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"

	"sluis/feed/hl7v2"
	"sluis/feed/mllp"
)

// authority issues certificates for one test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{key: newKey(t), pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = parseCertificate(t, template, template, a.key, a.key)
	a.pool.AddCert(a.cert)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func parseCertificate(t *testing.T, template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func (a authority) issue(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key := newKey(t)
	cert := parseCertificate(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, a.cert, key, a.key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

// TestL1_MutualTLS: over TLS a message is taken only from the certificate that
// its feed names; a client of another authority does not get as far as a message.
func TestL1_MutualTLS(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	c := hospital
	c.Certificate = "epd.zh.example.org"
	sink := newMemory()
	s := server(t, sink, c)
	s.TLS = &tls.Config{
		Certificates: []tls.Certificate{ours.issue(t, "sluis.example.org")},
		ClientCAs:    ours.pool, ClientAuth: tls.RequireAndVerifyClientCert,
	}
	address := start(t, s)
	connect := func(cert tls.Certificate) net.Conn {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: ours.pool, ServerName: "sluis.example.org", Certificates: []tls.Certificate{cert}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	if ack := send(t, connect(ours.issue(t, "epd.zh.example.org")), message("1")); ack.Code != hl7v2.Accept {
		t.Errorf("the right certificate: %+v", ack)
	}
	if ack := send(t, connect(ours.issue(t, "lab.example.org")), message("2")); ack.Code != hl7v2.Reject {
		t.Errorf("another's certificate: %+v", ack)
	}
	if ack, err := mllp.Send(t.Context(), connect(theirs.issue(t, "epd.zh.example.org")), message("3")); err == nil {
		t.Errorf("another authority's certificate: %+v", ack)
	}
	if len(sink.order) != 1 || sink.order[0] != "1" {
		t.Errorf("committed %v", sink.order)
	}
}

// TestL1_ACertificateIsNeededWhereOneIsNamed: without TLS such a feed is
// refused.
func TestL1_ACertificateIsNeededWhereOneIsNamed(t *testing.T) {
	c := hospital
	c.Certificate = "epd.zh.example.org"
	sink := newMemory()
	if ack := send(t, dial(t, start(t, server(t, sink, c))), message("1")); ack.Code != hl7v2.Reject || len(sink.committed) != 0 {
		t.Errorf("%+v", ack)
	}
}

func TestServeRefusesOneSidedTLS(t *testing.T) {
	s := server(t, newMemory())
	s.TLS = &tls.Config{}
	if err := s.Serve(newPipes()); err == nil {
		t.Error("TLS without client certificates was accepted")
	}
}
