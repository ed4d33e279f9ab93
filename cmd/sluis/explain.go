package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/gate"
	"sluis/smart"
)

// explainCommand is `sluis explain`: $explain-access for the operator, of
// whatever is in the store. It is recorded as the operator's question.
type explainCommand struct {
	settings
	Actor        string   `help:"Practitioner/id, PractitionerRole/id or system|value; without it, the organisation's own system."`
	Organization string   `help:"Id, or system|value, of the custodian that the actor works for." required:""`
	Purpose      []string `help:"Purposes of use (v3-ActReason); TREAT for a person where none is given."`
	Action       string   `help:"access, collect, correct, disclose or use." default:"access"`
	Resource     string   `help:"What it is about, Type/id." xor:"target" required:""`
	Patient      string   `help:"All data about a person, Patient/id or id." xor:"target" required:""`
	Scope        string   `help:"SMART scopes of the actor's token; without them scopes are left out."`
	At           string   `help:"When, as 2030-01-02T15:04:05Z; now where none is given."`
	Language     string   `help:"nl or en." enum:"nl,en" default:"en"`
}

func (x *explainCommand) Run(ctx context.Context) error {
	c, err := x.load()
	if err != nil {
		return err
	}
	q, err := x.question()
	if err != nil {
		return err
	}
	a, err := open(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(a.sealing(func() error { return a.explain(ctx, os.Stdout, q, gate.Language(x.Language)) }), a.close())
}

// explain writes the answer: words, then what each gate says.
func (a *app) explain(ctx context.Context, out io.Writer, q gate.Question, l gate.Language) error {
	e, err := a.gate.ExplainToOperator(ctx, a.operator(a.config.Home), q)
	if err != nil {
		return err
	}
	lines := append(e.Words(l), "")
	for _, s := range e.Steps {
		lines = append(lines, stepLine(s))
	}
	_, err = fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

func stepLine(s gate.Step) string {
	words := []string{s.Gate, s.Effect}
	if s.Alarm {
		words = append(words, "ALARM")
	}
	if !s.Consent.IsZero() {
		words = append(words, s.Consent.String())
	}
	return strings.TrimSpace(strings.Join(append(words, s.Rule, s.Text), "\t"))
}

func (x *explainCommand) question() (gate.Question, error) {
	q := gate.Question{Purposes: x.Purpose, Action: consent.Action(x.Action)}
	var err error
	fail := func(flag, value string) {
		err = errors.Join(err, fmt.Errorf("--%s %q cannot be read", flag, value))
	}
	ref := func(flag, value string) (r fhir.Ref) {
		if value == "" {
			return fhir.Ref{}
		}
		r, ok := fhir.ParseRef(value)
		if !ok {
			fail(flag, value)
		}
		return r
	}
	if id, ok := businessIdentifier(x.Actor); ok {
		q.UserIdentifier = id
	} else {
		q.User = ref("actor", x.Actor)
	}
	if id, ok := businessIdentifier(x.Organization); ok {
		q.OrganizationIdentifier = id
	} else {
		q.Organization = strings.TrimPrefix(x.Organization, "Organization/")
	}
	q.Resource = ref("resource", x.Resource)
	if x.Patient != "" {
		q.Patient = ref("patient", "Patient/"+strings.TrimPrefix(x.Patient, "Patient/"))
	}
	if x.Scope != "" {
		var bad error
		if q.Scopes, bad = smart.ParseScopes(x.Scope); bad != nil {
			fail("scope", x.Scope)
		}
	}
	if x.At != "" {
		var bad error
		if q.At, bad = time.Parse(time.RFC3339, x.At); bad != nil {
			fail("at", x.At)
		}
	}
	return q, err
}

// businessIdentifier reads system|value.
func businessIdentifier(text string) (query.Coding, bool) {
	system, value, ok := strings.Cut(text, "|")
	return query.Coding{System: system, Code: value}, ok
}
