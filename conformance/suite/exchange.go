package suite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// request is one HTTP request, written out.
type request struct {
	method, target string
	header         http.Header
	body           string
}

// String is the request as a report shows it, without the token.
func (r request) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.method, r.target)
	for name, values := range r.header {
		if name != "Authorization" && name != "Accept" {
			fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(values, ", "))
		}
	}
	b.WriteString(r.body[:min(len(r.body), shown)])
	return strings.TrimRight(b.String(), "\n")
}

// write makes a step's request of its text.
func (c *conversation) write(s Step) request {
	r := request{method: s.Method, target: c.vars.target(s.Target), header: http.Header{}, body: c.vars.text(s.Body)}
	if s.Name != "" {
		r.target = "/" + resourceType(s.Body)
	}
	switch {
	case r.target == "/": // R4 has no slash behind the base
		r.target = c.target.Base
	case strings.HasPrefix(r.target, "/") || strings.HasPrefix(r.target, "?"):
		r.target = c.target.Base + r.target
	}
	if r.method == pages || r.method == until {
		r.method = http.MethodGet
	}
	r.header.Set("Authorization", "Bearer "+c.target.Token)
	r.header.Set("Accept", "application/fhir+json")
	if r.body != "" {
		r.header.Set("Content-Type", mediaTypeOf(r.body))
	}
	for _, h := range s.Header {
		if v := c.vars.text(h.Value); v != "" {
			r.header.Set(h.Name, v)
		} else {
			r.header.Del(h.Name)
		}
	}
	return r
}

// mediaTypeOf is the FHIR format that a body is written in.
func mediaTypeOf(body string) string {
	if strings.HasPrefix(body, "<") {
		return "application/fhir+xml"
	}
	return "application/fhir+json"
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 32 << 20

// send makes one exchange. Redirects are answers like others.
func (c *conversation) send(ctx context.Context, r request) (*answer, error) {
	body, err := deflate(r.header, r.body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.target, body)
	if err != nil {
		return nil, err
	}
	req.Header = r.header
	c.requests++
	resp, err := c.target.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	a := &answer{method: r.method, target: r.target, status: resp.StatusCode, header: resp.Header, pages: 1}
	if a.body, err = inflate(resp); err != nil {
		return nil, err
	}
	a.read()
	c.remember(a)
	return a, nil
}

// maxPages is where PAGES gives up: links that go on for ever are a failure.
const maxPages = 100

// all follows the next links and puts the entries of all pages into the first.
func (c *conversation) all(ctx context.Context, r request) (*answer, error) {
	first, err := c.page(ctx, r, 1)
	if err != nil {
		return first, err
	}
	entries := listAt(first.json, "entry")
	for next := textAt(first.json, "link[relation=next].url"); next != ""; first.pages++ {
		if first.pages == maxPages {
			return nil, errors.New("the next links do not end")
		}
		page, err := c.page(ctx, request{method: r.method, target: next, header: r.header}, first.pages+1)
		if err != nil {
			return page, err
		}
		entries = append(entries, listAt(page.json, "entry")...)
		next = textAt(page.json, "link[relation=next].url")
	}
	if bundle, ok := first.json.(map[string]any); ok && len(entries) > 0 {
		bundle["entry"] = entries
	}
	return first, nil
}

// page is one of PAGES; the rules that hold for every answer are held here,
// because all pages together may repeat an included resource.
func (c *conversation) page(ctx context.Context, r request, n int) (*answer, error) {
	a, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	if n > 1 && a.status != http.StatusOK {
		return a, fmt.Errorf("the status of page %d is %d", n, a.status)
	}
	if rule, err := invariant(a, c.target.Base); err != nil {
		return a, fmt.Errorf("on page %d, %s: %w", n, rule, err)
	}
	return a, nil
}
