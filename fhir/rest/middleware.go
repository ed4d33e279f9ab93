package rest

import (
	"context"
	"crypto/rand"
	"net/http"
	"runtime/debug"

	"sluis/fhir"
)

type requestIDKey struct{}

// identify echoes X-Request-Id, or makes one, on every response (BALP's
// transaction entity). One that is not a plain token is replaced.
func (s *server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !fhir.IsID(id) {
			id = rand.Text()
		}
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// guard sets the headers of every answer and turns a panic into a 500 that
// says nothing.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p) // an answer that is broken off on purpose
			default:
				s.Log.Error("panic", "request", requestID(r.Context()), "panic", p, "stack", string(debug.Stack()))
				s.exchange(w, r).fail(fhir.NewError(fhir.Internal, "exception", "internal error"))
			}
		}()
		next.ServeHTTP(w, r)
	})
}
