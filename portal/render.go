package portal

import (
	"bytes"
	"embed"
	"html/template"
)

//go:embed pages/*.html
var pages embed.FS

var templates = template.Must(template.ParseFS(pages, "pages/*.html"))

// show writes a page, whole or not at all.
func (v *visit) show(name string, data map[string]any) {
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.render(name, data)
}

func (v *visit) render(name string, data map[string]any) {
	data["W"], data["Page"], data["Path"], data["Logout"] = v.words, name, Path, v.Logout
	var buf bytes.Buffer
	if err := templates.ExecuteTemplate(&buf, name, data); err != nil {
		v.Log.Error("portal template", "page", name, "error", err)
		buf.Reset()
		buf.WriteString("internal error")
	}
	_, _ = buf.WriteTo(v.w) // a browser that hangs up is its own affair
}
