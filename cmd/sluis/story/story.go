package story

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"sluis/cmd/sluis/demodata"
	"sluis/fhir"
	"sluis/smart"
)

// Stage is the server that the story plays on, and what an operator of it can
// do.
type Stage struct {
	Base string // FHIR base
	// Mint makes a token for a grant, as `sluis token` does.
	Mint func(scopes string, g smart.Grant) (string, error)
	// Backend gets a token for a custodian's EPD from the token endpoint, with
	// a signed assertion.
	Backend func(ctx context.Context, custodian string) (string, error)
	// MLLP sends one message over the feed's connection and returns the
	// acknowledgement's MSA segment.
	MLLP func(ctx context.Context, message []byte) (msa string, err error)
	// Verify seals the log and verifies its chain; it returns the report in
	// words.
	Verify func(ctx context.Context) (report string, ok bool, err error)
	Data   demodata.Data
	Out    io.Writer
}

// People are the tokens that the story leaves behind, ready to use.
type People struct {
	Patient, Other, GP, Stranger, Hospital Person
}

// Person is somebody with a token and, for a patient, an id to ask for.
type Person struct {
	Name, Token, ID string
}

// story is one telling.
type story struct {
	Stage
	failed []error

	hospital, practice    actor
	patient, gp, stranger actor
	anna, bert            demodata.Patient
	// The Patients of the two persons at the two custodians.
	annaHospital, annaPractice, bertHospital fhir.Ref
	gpRef, strangerRef                       fhir.Ref
}

// Run tells the story. The error names every step that was not as it should be.
func Run(ctx context.Context, stage Stage) (People, error) {
	s := &story{Stage: stage}
	for _, chapter := range []func(context.Context) error{s.enter, s.deliver, s.read, s.consent, s.looked} {
		if err := chapter(ctx); err != nil {
			return People{}, errors.Join(append(s.failed, err)...)
		}
	}
	return s.people(), errors.Join(s.failed...)
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(s.Out, format, args...) }

func (s *story) chapter(title string) {
	s.say("\n%s\n%s\n", title, strings.Repeat("─", len([]rune(title))))
}

// check prints what was expected, and keeps it when it was not so.
func (s *story) check(ok bool, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if ok {
		s.say("   ✓ %s\n", text)
		return
	}
	s.say("   ✗ %s\n", text)
	s.failed = append(s.failed, errors.New(text))
}

func (s *story) people() People {
	return People{
		Patient:  Person{s.anna.Name.String(), s.patient.token, s.annaPractice.ID},
		Other:    Person{Name: s.bert.Name.String(), ID: s.bertHospital.ID},
		GP:       Person{Name: s.gp.name, Token: s.gp.token},
		Stranger: Person{Name: s.stranger.name, Token: s.stranger.token},
		Hospital: Person{Name: s.hospital.name, Token: s.hospital.token},
	}
}

// find asks for one resource by an identifier, in the body of a POST: numbers
// of people do not belong in URLs.
func (s *story) find(ctx context.Context, who actor, resourceType, system, value string) (fhir.Ref, error) {
	form := url.Values{"identifier": {system + "|" + value}}.Encode()
	a, err := s.send(ctx, who, "POST", "/"+resourceType+"/_search", []byte(form))
	if err != nil {
		return fhir.Ref{}, err
	}
	found := a.entries()
	if len(found) != 1 {
		return fhir.Ref{}, fmt.Errorf("%d %s with an identifier that one has: %d %s", len(found), resourceType, a.status, short(string(a.raw), 300))
	}
	return fhir.Ref{Type: resourceType, ID: found[0].Get("id").Text()}, nil
}
