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
	"sluis/smart/authserver/devlogin"
)

// demoCommand is `sluis demo`: the whole story on the embedded store.
type demoCommand struct {
	Check    bool   `help:"Tell the story, check every step, and end."`
	Listen   string `help:"TCP address of the HTTP server." default:"127.0.0.1:8080"`
	MLLP     string `name:"mllp" help:"TCP address of the HL7 v2 feed." default:"127.0.0.1:2575"`
	Data     string `help:"Directory to keep the demo in; without it, a temporary one." type:"path"`
	JWKS     string `name:"jwks" help:"File with the public keys (JWK set) of an app of your own: it becomes the client my-app of the practice, with system/*.rs (see docs/smart.md)." type:"existingfile"`
	Patients int    `help:"How many patients to make." default:"8"`
	Seed     uint64 `help:"Seed of the made data." default:"1"`
}

// demoTime bounds the story.
const demoTime = 2 * time.Minute

func (d *demoCommand) Run(ctx context.Context) (err error) {
	if d.Check { // beside a server that may be running
		d.Listen, d.MLLP = "127.0.0.1:0", "127.0.0.1:0"
	}
	dir, remove, err := d.directory()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s, err := d.start(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { stop(); err = errors.Join(err, s.wait()) }()
	people, err := s.tell(ctx, os.Stdout)
	if err != nil {
		return err
	}
	fmt.Println("\nEvery step is as it should be.")
	if d.Check {
		return nil
	}
	s.invite(people)
	<-s.ctx.Done()
	return nil
}

// show is the demo's server with its made world.
type show struct {
	*running
	data demodata.Data
	epds backends
}

// start makes the world and serves it from the directory, until ctx ends.
func (d *demoCommand) start(ctx context.Context, dir string) (*show, error) {
	s := &show{data: demodata.Make(d.Seed, d.Patients)}
	var err error
	if s.epds, err = newBackends(s.data); err != nil {
		return nil, err
	}
	c, err := d.config(dir, s.data, s.epds)
	if err != nil {
		return nil, err
	}
	a, err := open(ctx, c)
	if err != nil {
		return nil, err
	}
	listener, err := a.listen()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w (choose other addresses with --listen and --mllp)", err), a.close())
	}
	if err := a.embedLogin(); err != nil {
		return nil, errors.Join(err, listener.Close(), a.close())
	}
	if s.running, err = a.start(ctx, listener); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return s, nil
}

// tell tells the story and then lets its patients log in.
func (s *show) tell(ctx context.Context, out io.Writer) (story.People, error) {
	ctx, cancel := context.WithTimeout(ctx, demoTime)
	defer cancel()
	people, err := story.Run(ctx, s.stage(out))
	if err != nil {
		return people, fmt.Errorf("the story failed:\n%w", err)
	}
	for _, p := range []story.Person{people.Patient, people.Other} {
		s.develop.Admit(devlogin.Person{Name: p.Name, FHIRUser: "Patient/" + p.ID, ACR: demoACR})
	}
	return people, nil
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

// config is the configuration of the demo: two custodians, their EPDs and the
// visitor's own app as clients, and the hospital's feed.
func (d *demoCommand) config(dir string, data demodata.Data, epds backends) (config.Config, error) {
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
	if d.JWKS != "" {
		keys, err := os.ReadFile(d.JWKS)
		if err != nil {
			return c, err
		}
		c.Clients = append(c.Clients, config.Client{ID: "my-app", Organization: data.Practice.ID, Scopes: []string{"system/*.rs"}, JWKS: config.JSON(keys)})
	}
	return c, nil
}

// stage is what the story needs of the running server.
func (s *show) stage(out io.Writer) story.Stage {
	return story.Stage{
		Base: s.config.BaseURL, Data: s.data, Out: out,
		Mint: func(scopes string, g smart.Grant) (string, error) {
			var err error
			if g.Scopes, err = smart.ParseScopes(scopes); err != nil {
				return "", err
			}
			g.Expires = time.Now().Add(time.Hour)
			return s.mint(g)
		},
		Backend: func(ctx context.Context, custodian string) (string, error) {
			return s.epds[custodian].token(ctx, s.issuer()+"/auth/token")
		},
		MLLP: func(ctx context.Context, message []byte) (string, error) {
			return sendOne(ctx, s.feeds[0].listener.Addr().String(), message)
		},
		Verify: func(ctx context.Context) (string, bool, error) {
			if _, err := s.store.Seal(ctx, audit.Signer(s.keys.Checkpoint())); err != nil {
				return "", false, err
			}
			report, err := s.verifyLog(ctx)
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
func (s *show) invite(p story.People) {
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
  curl -H "Authorization: Bearer $PATIENT" '%[1]s/AuditEvent?_count=3'      # who looked
  curl -H "Authorization: Bearer $GP" '%[1]s/Observation?_summary=count&patient=%[7]s'
  curl -H "Authorization: Bearer $GP" '%[1]s/Patient/%[8]s'      # somebody this GP does not treat: 404
`, s.config.BaseURL, s.issuer(), p.Patient.Name, s.feeds[0].listener.Addr(), p.Patient.Token, p.GP.Token, p.Patient.ID, p.Other.ID)
}
