package main

import (
	"context"
	"io"
	"testing"

	"sluis/cmd/sluis/config"
	"sluis/internal/shared"
	"sluis/storage/postgres/pgtest"
)

// BenchmarkImport stores 80 Synthea patients, gates and records included.
func BenchmarkImport(b *testing.B) {
	path := shared.Path(b, "synthea/synthea-v2.4-smart-80-transaction-bundles.tgz")
	for _, backend := range []string{"sqlite", "postgres"} {
		b.Run(backend, func(b *testing.B) {
			resources := 0
			for b.Loop() {
				c := config.Default()
				c.Custodians, c.Home = []config.Custodian{config.DefaultCustodian}, config.DefaultCustodian.ID
				c.Data = b.TempDir()
				if backend == "postgres" {
					c.Database = config.Secret(pgtest.URL(b))
				}
				resources += importOnce(b, c, path)
			}
			b.ReportMetric(float64(resources)/b.Elapsed().Seconds(), "resources/s")
		})
	}
}

func importOnce(b *testing.B, c config.Config, path string) int {
	a, err := open(context.Background(), c)
	if err != nil {
		b.Fatal(err)
	}
	r, err := a.newImport(context.Background(), c.Home, newReport(io.Discard, io.Discard))
	if err != nil {
		b.Fatal(err)
	}
	if err := a.sealing(func() error { return r.run([]string{path}) }); err != nil {
		b.Fatal(err)
	}
	if err := a.close(); err != nil {
		b.Fatal(err)
	}
	sum := r.report.total()
	return sum.created + sum.updated + sum.unchanged
}
