package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"sluis/conformance/suite"
)

// conformanceCommand is `sluis conformance URL`: conversations written from the
// R4 specification with any FHIR server, and a report of them.
type conformanceCommand struct {
	URL     string `arg:"" help:"FHIR base of the server, for example http://127.0.0.1:8080/fhir."`
	Token   string `help:"Bearer token with the scopes system/*.cruds; better given in SLUIS_TOKEN, where others do not see it." env:"SLUIS_TOKEN" required:""`
	Chapter string `help:"Only this page of the specification, or a part of it: search, http.html, search.html/date."`
	HTML    string `help:"Write the report to this file as well, as one HTML page." placeholder:"FILE" name:"html"`
}

func (c *conformanceCommand) Run(ctx context.Context) error { return c.report(ctx, os.Stdout) }

// report plays the cases and tells what came of them; its error says how many
// failed.
func (c *conformanceCommand) report(ctx context.Context, out io.Writer) error {
	groups, err := suite.Cases()
	if err != nil {
		return err
	}
	target := suite.Target{Base: c.URL, Token: c.Token}
	declared, err := target.Declared(ctx)
	if err != nil {
		return err
	}
	if groups, err = suite.Select(append(groups, declared...), c.Chapter); err != nil {
		return err
	}
	report := target.Run(ctx, groups)
	if err := errors.Join(report.Write(out), c.page(report)); err != nil {
		return err
	}
	if n := report.Failed(); n > 0 {
		return fmt.Errorf("%d of %d cases failed", n, len(report.Results))
	}
	return nil
}

// page writes the report for a browser, where that was asked for.
func (c *conformanceCommand) page(report suite.Report) error {
	if c.HTML == "" {
		return nil
	}
	f, err := os.Create(c.HTML)
	if err != nil {
		return err
	}
	return errors.Join(report.WriteHTML(f), f.Close())
}
