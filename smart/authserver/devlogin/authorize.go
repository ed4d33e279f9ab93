package devlogin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// request is an authentication request (OpenID Connect Core 1.0 §3.1.2.1).
type request struct{ state, nonce, challenge string }

// read returns the request, or why it is refused. Nothing is sent to a
// redirect URI that is not the registered one, byte by byte.
func (p *Provider) read(q url.Values) (request, string) {
	req := request{q.Get("state"), q.Get("nonce"), q.Get("code_challenge")}
	switch {
	case q.Get("client_id") != p.config.ClientID || q.Get("redirect_uri") != p.config.RedirectURI:
		return request{}, "unknown client or redirect_uri"
	case q.Get("response_type") != "code" || !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		return request{}, "want response_type=code and scope openid"
	case req.challenge == "" || q.Get("code_challenge_method") != "S256":
		return request{}, "want PKCE with S256"
	case req.state == "" || req.nonce == "":
		return request{}, "want state and nonce"
	}
	return req, ""
}

// choose is GET authorize: the page with the people.
func (p *Provider) choose(w http.ResponseWriter, r *http.Request) {
	if _, why := p.read(r.URL.Query()); why != "" {
		p.page(w, http.StatusBadRequest, page{Refused: why})
		return
	}
	p.page(w, http.StatusOK, page{People: p.admitted(), Action: p.path + "/authorize?" + r.URL.RawQuery})
}

// chosen is POST authorize?…: a person was picked.
func (p *Provider) chosen(w http.ResponseWriter, r *http.Request) {
	req, why := p.read(r.URL.Query())
	if why != "" {
		p.page(w, http.StatusBadRequest, page{Refused: why})
		return
	}
	people := p.admitted()
	i, err := strconv.Atoi(r.PostFormValue("person"))
	if err != nil || i < 0 || i >= len(people) {
		p.page(w, http.StatusBadRequest, page{Refused: "nobody was chosen"})
		return
	}
	answer := url.Values{"code": {p.remember(people[i], req)}, "state": {req.state}, "iss": {p.config.Issuer}}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, p.config.RedirectURI+"?"+answer.Encode(), http.StatusSeeOther)
}

// remember keeps a login until its code is fetched, and forgets the stale ones.
func (p *Provider) remember(who Person, req request) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.config.Now()
	for c, login := range p.codes {
		if !now.Before(login.expires) {
			delete(p.codes, c)
		}
	}
	c := rand.Text()
	p.codes[c] = code{Person: who, nonce: req.nonce, challenge: req.challenge, expires: now.Add(codeLife)}
	return c
}

type page struct {
	People  []Person
	Action  string
	Refused string
}

const style = `body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: #17232e; background: #f2f5f8 }
main { max-width: 32rem; margin: 2rem auto; padding: 1.25rem; background: #fff; border: 1px solid #d5dee6; border-radius: .5rem }
h1 { margin-top: 0; font-size: 1.5rem }
.warning { padding: .6rem .8rem; background: #fdf1f1; border-left: .25rem solid #9d1c24 }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .5rem 1rem; color: #fff; background: #0a4f96; border: 0; border-radius: .3rem; cursor: pointer }
small { color: #52616f }`

// policy allows the page its own style, by its hash, and nothing else.
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; frame-ancestors 'none'"
}()

var pages = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Development login</title><style>` + style + `</style></head>
<body><main>
<h1>Development login</h1>
<p class="warning"><strong>Not for production: anyone can log in here as anyone, without proof.</strong></p>
{{with .Refused}}<p>Refused: {{.}}.</p>{{else}}{{if .People}}
<p>Log in as:</p>
<form method="post" action="{{.Action}}">
{{range $i, $p := .People}}<p><button name="person" value="{{$i}}">{{$p.Name}}</button><br><small>{{$p.FHIRUser}}, {{$p.ACR}}</small></p>
{{end}}</form>{{else}}<p>Nobody is here yet.</p>{{end}}{{end}}
</main></body>
</html>
`))

func (p *Provider) page(w http.ResponseWriter, status int, content page) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_ = pages.Execute(w, content) // the browser has gone: nobody is left to tell
}
