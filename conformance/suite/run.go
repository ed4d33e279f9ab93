package suite

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Target is the server under test, and how to ask it.
type Target struct {
	Base   string       // the FHIR base, without a slash at its end
	Token  string       // bearer token that may do everything the cases do
	Client *http.Client // nil: one that waits 30 seconds and follows no redirects
	// Parallel is how many groups run side by side; 0 is 4.
	Parallel int
	// Patience is how long UNTIL asks again; 0 is 20 seconds.
	Patience time.Duration
}

func (t Target) withDefaults() Target {
	t.Base = strings.TrimSuffix(t.Base, "/")
	if t.Client == nil {
		t.Client = &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if t.Parallel <= 0 {
		t.Parallel = 4
	}
	if t.Patience <= 0 {
		t.Patience = patience
	}
	return t
}

// Run plays the groups and reports on every case, in their order. It never
// stops at a failure; a context that ends fails the cases that are left.
func (t Target) Run(ctx context.Context, groups []Group) Report {
	t = t.withDefaults()
	parts := make([]Report, len(groups))
	var running sync.WaitGroup
	slots := make(chan struct{}, t.Parallel)
	for i, g := range groups {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			parts[i] = t.play(ctx, g)
		})
	}
	running.Wait()
	whole := Report{Base: t.Base}
	for _, p := range parts {
		whole.add(p)
	}
	return whole
}

// play runs one group: what its cases share, then each case, then the cleaning.
func (t Target) play(ctx context.Context, g Group) (r Report) {
	shared := &conversation{target: t, vars: variables{groupToken: unique(), baseURL: t.Base}}
	given, _ := shared.steps(ctx, Case{Steps: g.Given})
	for _, c := range g.Cases {
		result := Result{Chapter: g.Chapter, Group: g.Name, Case: c, Failures: given}
		if len(given) == 0 {
			own := &conversation{target: t, vars: shared.vars.inner()}
			own.vars[caseToken] = unique()
			result.Failures, result.Skipped = own.steps(ctx, c)
			own.clean(ctx)
			r.count(own)
		}
		r.Results = append(r.Results, result)
	}
	shared.clean(ctx)
	r.count(shared)
	return r
}

// unique is a token of this run: lower-case letters and digits, so that it can
// stand in ids, codes and names, and no two begin alike.
func unique() string { return "s" + strings.ToLower(rand.Text()[:15]) }

// conversation is one client's exchange with the server.
type conversation struct {
	target   Target
	vars     variables
	made     []string // URLs of what it created, oldest first
	requests int
	left     int // of made, how many could not be deleted
}

// steps plays a case. Unless its steps stand apart, the first failure ends it.
func (c *conversation) steps(ctx context.Context, in Case) (failures []Failure, skipped string) {
	for _, s := range in.Steps {
		failure, skip := c.step(ctx, s)
		if skip != "" {
			return failures, skip
		}
		if failure == nil {
			continue
		}
		if failures = append(failures, *failure); !in.Apart {
			break
		}
	}
	return failures, ""
}

// step makes one exchange and holds the answer to what is expected of it.
func (c *conversation) step(ctx context.Context, s Step) (failure *Failure, skipped string) {
	r := c.write(s)
	a, err := c.ask(ctx, s, r)
	fail := func(expected string, err error) (*Failure, string) {
		f := &Failure{Place: s.Place, Request: r.String(), Expected: expected, Because: err.Error()}
		if a != nil {
			f.Came = a.String()
		}
		return f, ""
	}
	if err != nil {
		return fail("an answer", err)
	}
	if s.skips(a) {
		return nil, fmt.Sprintf("%s %s is answered %d here", r.method, strings.TrimPrefix(r.target, c.target.Base), a.status)
	}
	if bad := s.unmet(a, c.vars); bad != nil {
		return fail(c.vars.text(bad.Text), bad.holds(a, c.vars))
	}
	if rule, err := invariant(a, c.target.Base); err != nil && s.Method != pages {
		return fail("every answer: "+rule, err)
	}
	if err := c.save(s, a); err != nil {
		return fail("a value to go on with", err)
	}
	return nil, ""
}

// ask makes the requests of a step.
func (c *conversation) ask(ctx context.Context, s Step, r request) (*answer, error) {
	switch s.Method {
	case pages:
		return c.all(ctx, r)
	case until:
		return c.until(ctx, r, s)
	}
	return c.send(ctx, r)
}

func (s Step) skips(a *answer) bool { return slices.Contains(s.Skip, strconv.Itoa(a.status)) }

// unmet is the first expectation that does not hold, or nil.
func (s Step) unmet(a *answer, v variables) *Expectation {
	for _, e := range s.expected() {
		if e.holds(a, v) != nil {
			return &e
		}
	}
	return nil
}

func (s Step) expected() []Expectation {
	if s.Name == "" {
		return s.Expect
	}
	return append(status("201"), s.Expect...)
}

// save gives variables their values out of an answer.
func (c *conversation) save(s Step, a *answer) error {
	if s.Name != "" {
		ref, ok := locationRef(a.header.Get("Location"))
		if !ok {
			return fmt.Errorf("Location is %q", a.header.Get("Location"))
		}
		_, id, _ := strings.Cut(ref, "/")
		c.vars[s.Name], c.vars[s.Name+".id"] = ref, id
	}
	for _, v := range s.Save {
		value, err := v.read(a, c.vars)
		if err != nil {
			return err
		}
		c.vars[v.Name] = value
	}
	return nil
}
