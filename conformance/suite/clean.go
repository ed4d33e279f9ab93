package suite

import (
	"context"
	"net/http"
	"regexp"
	"slices"
)

var locationPath = regexp.MustCompile(`(?:^|/)([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?$`)

// locationRef is the Type/id that a Location names.
func locationRef(location string) (string, bool) {
	m := locationPath.FindStringSubmatch(location)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// remember keeps what an answer says it created, so that it can be taken away.
func (c *conversation) remember(a *answer) {
	if a.status == http.StatusCreated {
		c.keep(a.header.Get("Location"))
	}
	for _, e := range listAt(a.json, "entry") {
		if s := textAt(e, "response.status"); len(s) >= 3 && s[:3] == "201" {
			c.keep(textAt(e, "response.location"))
		}
	}
}

func (c *conversation) keep(location string) {
	if ref, ok := locationRef(location); ok {
		c.made = append(c.made, c.target.Base+"/"+ref)
	}
}

// clean deletes what the conversation created, the newest first, and counts
// what stays: some servers keep some types.
func (c *conversation) clean(ctx context.Context) {
	slices.Reverse(c.made)
	for _, url := range c.made {
		a, err := c.send(ctx, c.write(Step{Method: http.MethodDelete, Target: url}))
		if err != nil || a.status >= 300 && a.status != http.StatusGone && a.status != http.StatusNotFound {
			c.left++
		}
	}
	c.made = nil
}
