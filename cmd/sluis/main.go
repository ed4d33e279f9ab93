package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is the command line.
type commands struct {
	Serve       serveCommand       `cmd:"" help:"Serve FHIR, the feeds and, with a configured login, the portal."`
	Demo        demoCommand        `cmd:"" help:"Tell the whole story on made data, then keep serving."`
	Import      importCommand      `cmd:"" help:"Store bundles, NDJSON or HL7 v2 files for a custodian."`
	Send        sendCommand        `cmd:"" help:"Send HL7 v2 messages over MLLP and print the acknowledgements."`
	Token       tokenCommand       `cmd:"" help:"Mint an access token with the server's key."`
	Explain     explainCommand     `cmd:"" help:"Tell what would be decided about somebody's request, and by what."`
	Audit       auditCommand       `cmd:"" help:"Verify or export the log."`
	Conformance conformanceCommand `cmd:"" help:"Hold a FHIR server to the R4 specification and print a report."`
	Migrate     migrateCommand     `cmd:"" help:"Bring the database to this version's schema."`
	Health      healthCommand      `cmd:"" help:"Ask a server whether it is ready; for container health checks."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	k := kong.Parse(&c, kong.Name("sluis"), kong.ShortUsageOnError(),
		kong.Description("FHIR R4 interoperability server: every byte that leaves has passed four gates."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "sluis:", err)
		os.Exit(1)
	}
}
