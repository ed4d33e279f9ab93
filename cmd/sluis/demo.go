package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sluis/audit"
	"sluis/cmd/sluis/config"
	"sluis/cmd/sluis/demodata"
	"sluis/cmd/sluis/story"
	"sluis/feed/mllp"
	"sluis/smart"
)

// demoCommand is `sluis demo`: the whole story on the embedded store.
type demoCommand struct {
	Check    bool   `help:"Tell the story, check every step, and end."`
	Listen   string `help:"TCP address of the HTTP server." default:"127.0.0.1:8080"`
	MLLP     string `name:"mllp" help:"TCP address of the HL7 v2 feed." default:"127.0.0.1:2575"`
	Data     string `help:"Directory to keep the demo in; without it, a temporary one." type:"path"`
	Patients int    `help:"How many patients to make." default:"8"`
	Seed     uint64 `help:"Seed of the made data." default:"1"`
}

// demoTime bounds the story.
const demoTime = 2 * time.Minute

func (d *demoCommand) Run(ctx context.Context) (err error) {
	if d.Check { // beside a server that may be running
		d.Listen, d.MLLP = "127.0.0.1:0", "127.0.0.1:0"
	}
	data := demodata.Make(d.Seed, d.Patients)
	dir, remove, err := d.directory()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	epds, err := newBackends(data)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	a, err := open(ctx, d.config(dir, data, epds))
	if err != nil {
		return err
	}
	r, err := a.start(ctx)
	if err != nil {
		return errors.Join(err, a.close())
	}
	defer func() { stop(); err = errors.Join(err, r.wait()) }()
	telling, cancel := context.WithTimeout(ctx, demoTime)
	defer cancel()
	people, err := story.Run(telling, r.stage(data, epds, os.Stdout))
	if err != nil {
		return fmt.Errorf("the story failed:\n%w", err)
	}
	fmt.Println("\nEvery step is as it should be.")
	if d.Check {
		return nil
	}
	r.invite(people)
	<-ctx.Done()
	return nil
}

// directory is where the demo lives: a fresh place each time unless one is
// named.
func (d *demoCommand) directory() (string, func() error, error) {
	if d.Data != "" {
		if found, err := filepath.Glob(filepath.Join(d.Data, "*.db")); err != nil || len(found) > 0 {
			return "", nil, fmt.Errorf("%s already holds a database; the demo begins with an empty one", d.Data)
		}
		return d.Data, func() error { return nil }, nil
	}
	dir, err := os.MkdirTemp("", "sluis-demo-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}

// config is the configuration of the demo: two custodians, their EPDs as
// clients, and the hospital's feed.
func (d *demoCommand) config(dir string, data demodata.Data, epds backends) config.Config {
	c := config.Default()
	c.Listen, c.Data, c.Home, c.Log.Level = d.Listen, dir, data.Practice.ID, "warn"
	if _, port, err := net.SplitHostPort(d.Listen); err == nil && port != "0" {
		c.BaseURL = config.DefaultBase(d.Listen)
	}
	for _, custodian := range []demodata.Custodian{data.Hospital, data.Practice} {
		c.Custodians = append(c.Custodians, config.Custodian{ID: custodian.ID, Name: custodian.Name, URA: custodian.URA})
		c.Clients = append(c.Clients, epds[custodian.ID].client())
	}
	c.Feeds = []config.Feed{{
		Name: "hospital-epd", Kind: "mllp", Listen: d.MLLP, Custodian: data.Hospital.ID,
		Application: data.Hospital.Application, Facility: data.Hospital.Facility,
		MessageTypes: []string{"ADT^A01", "ADT^A08", "ORU^R01"}, Charset: "UNICODE UTF-8",
		Assigners: map[string]string{data.Hospital.Authority: data.Hospital.MRN, "NLMINBIZA": demodata.BSNSystem},
	}}
	return c
}

// stage is what the story needs of the running server.
func (r *running) stage(data demodata.Data, epds backends, out io.Writer) story.Stage {
	return story.Stage{
		Base: r.config.BaseURL, Data: data, Out: out,
		Mint: func(scopes string, g smart.Grant) (string, error) {
			var err error
			if g.Scopes, err = smart.ParseScopes(scopes); err != nil {
				return "", err
			}
			g.Expires = time.Now().Add(time.Hour)
			return r.mint(g)
		},
		Backend: func(ctx context.Context, custodian string) (string, error) {
			return epds[custodian].token(ctx, r.issuer()+"/auth/token")
		},
		MLLP: func(ctx context.Context, message []byte) (string, error) {
			return sendOne(ctx, r.feeds[0].listener.Addr().String(), message)
		},
		Verify: func(ctx context.Context) (string, bool, error) {
			if _, err := r.store.Seal(ctx, audit.Signer(r.keys.Checkpoint())); err != nil {
				return "", false, err
			}
			report, err := r.verifyLog(ctx)
			return report.String(), report.OK(), err
		},
	}
}

// sendOne sends a message on a connection of its own and returns the
// acknowledgement's code and control id.
func sendOne(ctx context.Context, address string, message []byte) (string, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	ack, err := mllp.Send(ctx, conn, message)
	return strings.TrimSuffix(fmt.Sprintf("MSA|%s|%s|%s", ack.Code, ack.Control, ack.Text), "|"), err
}

// invite prints what to try.
func (r *running) invite(p story.People) {
	fmt.Printf(`
The server keeps running; end it with Ctrl-C.

  FHIR base    %[1]s
  Metadata     %[1]s/metadata
  Portal       %[2]s/portal/   (log in as %[3]s)
  HL7 v2       %[4]s   (MLLP)

Tokens, valid for an hour:

  export PATIENT=%[5]s
  export GP=%[6]s

Try:

  curl -H "Authorization: Bearer $PATIENT" '%[1]s/Observation?_count=3&_sort=-date'
  curl -H "Authorization: Bearer $GP" '%[1]s/Observation?_summary=count&patient=%[7]s'
  curl -H "Authorization: Bearer $GP" '%[1]s/Patient/%[8]s'      # somebody he does not treat
`, r.config.BaseURL, r.issuer(), p.Patient.Name, r.feeds[0].listener.Addr(), p.Patient.Token, p.GP.Token, p.Patient.ID, p.Other.ID)
}
