package portal

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
)

//go:embed pages/*.html
var pages embed.FS

//go:embed pages/style.css
var stylesheet []byte

var templates = template.Must(template.New("").Option("missingkey=error").Funcs(template.FuncMap{
	"pair":  func(w words, b any) pair { return pair{w, b} },
	"lower": strings.ToLower,
}).ParseFS(pages, "pages/*.html"))

// pair hands words to a template within a template.
type pair struct {
	W words
	B any
}

// frame is what every page has: B is its own.
type frame struct {
	W            words
	Page         string
	Path, Logout string
	Login        string
	In           bool // somebody is logged in
	B            any
}

// show writes a page, whole or not at all.
func (v *visit) show(status int, name string, body any) {
	f := frame{W: v.words, Page: name, Path: Path, Logout: v.Logout, Login: v.Login(Home), In: v.token != "", B: body}
	var buf bytes.Buffer
	if err := templates.ExecuteTemplate(&buf, name, f); err != nil {
		v.Log.ErrorContext(v.r.Context(), "portal template", "page", name, "error", err)
		http.Error(v.w, "internal error", http.StatusInternalServerError)
		return
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.words["lang"])
	v.w.WriteHeader(status)
	_, _ = buf.WriteTo(v.w) // a browser that hangs up is its own affair
}

// style is the one style sheet; it holds nothing of anybody.
func style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(stylesheet) // a browser that hangs up is its own affair
}

// ok shows a page that has nothing to complain of.
func (v *visit) ok(name string, body any) error {
	v.show(http.StatusOK, name, body)
	return nil
}
