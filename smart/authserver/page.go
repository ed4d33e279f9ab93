package authserver

import (
	"errors"
	"html/template"
	"net/http"
)

var errorPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Login</title></head>
<body><main><h1>Login</h1><p>{{.Text}}</p><p><a href="{{.Again}}">Log in again</a></p></main></body>
</html>
`))

// page tells a person that a login failed. The cause goes to the log; it names
// no person and holds no token.
func (s *Server) page(w http.ResponseWriter, r *http.Request, status int, text string, cause error) {
	s.log.InfoContext(r.Context(), "login", "status", status, "cause", cause)
	noStore(w)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_ = errorPage.Execute(w, map[string]string{"Text": text, "Again": s.LoginURL(s.login.Home)}) // the browser has gone
}

// refusal words a failed identification for the person.
func refusal(err error) (status int, text string) {
	switch {
	case errors.Is(err, errAssurance):
		return http.StatusForbidden, "A stronger way to log in is needed to see medical data."
	case errors.Is(err, errNotPatient):
		return http.StatusForbidden, "These pages are for patients and their representatives."
	}
	return http.StatusBadGateway, "The login service did not confirm who you are. Begin again."
}
