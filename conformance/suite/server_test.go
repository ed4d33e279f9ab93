package suite_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"sluis/conformance/cast"
	"sluis/conformance/suite"
	"sluis/smart/authserver"
	"sluis/storage/postgres"
	"sluis/storage/postgres/pgtest"
	"sluis/storage/sqlite"
)

// backends open the worlds that the suite is run against.
var backends = map[string]func(*testing.T) *cast.World{
	"sqlite": func(t *testing.T) *cast.World {
		store, err := sqlite.Open(context.Background(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return cast.New(t, store)
	},
	"postgres": func(t *testing.T) *cast.World {
		store, err := postgres.Open(context.Background(), pgtest.URL(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return cast.New(t, store)
	},
}

// serve puts a handler on a loopback port that every host name leads to, so
// that the URLs the server writes are those of its own base.
func serve(t *testing.T, h http.Handler) *http.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, server.Listener.Addr().String())
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 8}}
}

// indexing makes the index of the world's own search parameters, as `sluis serve`
// does, until the test ends.
func indexing(t *testing.T, w *cast.World) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		for ctx.Err() == nil {
			if _, err := w.Gate.Reindex(ctx, 200); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	t.Cleanup(func() { cancel(); work.Wait() })
}

// whole is the world's FHIR base with the discovery that stands below it.
func whole(t *testing.T, w *cast.World) http.Handler {
	t.Helper()
	indexing(t, w)
	keys, err := authserver.OpenKeys(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	auth, err := authserver.New(authserver.Config{
		Issuer: "http://sluis.test", FHIRBase: cast.Base, Keys: keys, Replay: w.Store, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	r := chi.NewRouter()
	auth.Routes(r)
	r.Handle("/fhir", w.Handler)
	r.Handle("/fhir/*", w.Handler)
	return r
}

func cases(t *testing.T) []suite.Group {
	t.Helper()
	groups, err := suite.Cases()
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

func declared(t *testing.T, target suite.Target) []suite.Group {
	t.Helper()
	groups, err := target.Declared(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return groups
}
