package portal_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"sluis/consent/label"
	"sluis/gate"
	"sluis/portal"
	"sluis/smart"
	"sluis/storage/sqlite"
)

// Who has no session is shown the way to the login, and nothing else.
func ExampleNew() {
	dir, err := os.MkdirTemp("", "portal-example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	store, err := sqlite.Open(context.Background(), dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	labels, err := label.Reviewed()
	if err != nil {
		fmt.Println(err)
		return
	}
	pages, err := portal.New(portal.Config{
		Gate:    gate.New(gate.Config{Store: store, Log: store, Quarantine: store, Labels: labels, Home: "practice", Now: time.Now}),
		Session: func(*http.Request) (string, bool) { return "", false },
		Verify:  func(string) (smart.Grant, error) { return smart.Grant{}, http.ErrNoCookie },
		Login:   func(returnTo string) string { return "/auth/login?return=" + returnTo }, Logout: "/auth/logout",
		Names: map[string]string{"practice": "Praktijk De Kade"}, FormKey: make([]byte, 32), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := http.StripPrefix(portal.Path, pages)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/portal/log", nil))
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output:
	// 303 /auth/login?return=/portal/log
}
