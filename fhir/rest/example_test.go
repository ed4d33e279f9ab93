package rest_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"time"

	"sluis/fhir"
	"sluis/fhir/rest"
	"sluis/smart"
)

// The handler of a FHIR base. Whoever shows no token learns nothing but that
// one is needed.
func ExampleNew() {
	handler := rest.New(rest.Config{
		Verify: func(string) (smart.Grant, error) {
			return smart.Grant{}, fhir.NewError(fhir.Unauthorized, "login", "invalid_token")
		},
		Base: "https://sluis.example/fhir", PageKey: []byte("a secret of the server"),
		Software: rest.Software{Version: "1.0.0", Date: time.Unix(0, 0)}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/Patient/1", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	fmt.Println(w.Body)

	w = httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/metadata", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output:
	// 401 Bearer realm="fhir"
	// {"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"login","details":{"text":"a bearer token is needed"}}]}
	// 200 application/fhir+json; charset=utf-8
}
