package differential

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"sluis/conformance/cast"
)

// crowd is many clients of one or two servers on the same data.
type crowd struct {
	*testing.T
	servers []*cast.World
	token   string
}

// crowded runs a test with a crowd on each backend: on PostgreSQL the clients
// are spread over two servers, each with its own pool, gate and caches.
func crowded(t *testing.T, test func(*crowd)) {
	everywhere(t, func(t *testing.T, b backend) {
		store, again := b.open(t)
		w := cast.New(t, store)
		test(&crowd{t, []*cast.World{w, w.Beside(t, again())}, w.System(w.Hospital)})
	})
}

// send is one request of client i.
func (c *crowd) send(i int, method, path string, body any, headers ...string) cast.Response {
	return c.servers[i%len(c.servers)].Do(c.token, method, path, body, headers...)
}

// race lets n clients go at once and returns their answers.
func (c *crowd) race(n int, do func(i int) cast.Response) []cast.Response {
	answers := make([]cast.Response, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			answers[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return answers
}

// statuses counts answers, and fails on one that is not among those expected.
func (c *crowd) statuses(answers []cast.Response, allowed ...int) map[int]int {
	c.Helper()
	counts := map[int]int{}
	for _, a := range answers {
		counts[a.Status]++
		if !slices.Contains(allowed, a.Status) {
			c.Errorf("status %d, want one of %v: %.300s", a.Status, allowed, a.Body)
		}
	}
	return counts
}

func patientNumbered(number, family string) string {
	return fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":%q,"value":%q}],"name":[{"family":%q}]}`, numbers, number, family)
}

// only is the one resource that a search finds.
func (c *crowd) only(search string) string {
	c.Helper()
	found := c.send(0, http.MethodGet, search, nil).Refs()
	if len(found) != 1 {
		c.Fatalf("%s finds %v, want one", search, found)
	}
	return found[0]
}

// versions are those of a resource, newest first.
func (c *crowd) versions(ref string) []map[string]any {
	c.Helper()
	bundle, err := decode(c.send(0, http.MethodGet, "/"+ref+"/_history?_count=1000", nil).Expect(http.StatusOK).Body)
	if err != nil {
		c.Fatal(err)
	}
	var out []map[string]any
	for _, e := range items(bundle["entry"]) {
		r, _ := get(e, "resource").(map[string]any)
		out = append(out, r)
	}
	return out
}

// rest.md, Interactions: 64 conditional creates with one identifier make one
// resource, and all are told which.
func TestRace_ConditionalCreate(t *testing.T) {
	crowded(t, func(c *crowd) {
		for round := range 3 {
			number := fmt.Sprint("n", round)
			answers := c.race(64, func(i int) cast.Response {
				return c.send(i, http.MethodPost, "/Patient", patientNumbered(number, "x"), "If-None-Exist", "identifier="+numbers+"|"+number)
			})
			counts := c.statuses(answers, http.StatusCreated, http.StatusOK)
			ref := c.only("/Patient?identifier=" + numbers + "%7C" + number)
			if counts[http.StatusCreated] != 1 {
				c.Errorf("made %d times: %v", counts[http.StatusCreated], counts)
			}
			for _, a := range answers {
				if !strings.Contains(a.Header.Get("Location"), "/"+ref) {
					c.Errorf("told %q, want %s", a.Header.Get("Location"), ref)
				}
			}
			if n := len(c.versions(ref)); n != 1 {
				c.Errorf("%d versions", n)
			}
		}
	})
}

// rest.md, Headers: of updates that name the same version one is made.
func TestRace_IfMatch(t *testing.T) {
	crowded(t, func(c *crowd) {
		ref := c.servers[0].Create(c.token, patientNumbered("m", "x"))
		for version := 1; version <= 4; version++ {
			answers := c.race(32, func(i int) cast.Response {
				body := strings.Replace(patientNumbered("m", fmt.Sprint("client ", i)), `{"`, `{"id":"`+ref.ID+`","`, 1)
				return c.send(i, http.MethodPut, "/"+ref.String(), body, "If-Match", fmt.Sprintf(`W/"%d"`, version))
			})
			if counts := c.statuses(answers, http.StatusOK, http.StatusPreconditionFailed, http.StatusConflict); counts[http.StatusOK] != 1 {
				c.Fatalf("version %d was replaced %d times: %v", version, counts[http.StatusOK], counts)
			}
			winner := slices.IndexFunc(answers, func(a cast.Response) bool { return a.Status == http.StatusOK })
			if got := text(get(items(c.versions(ref.String())[0]["name"])[0], "family")); got != fmt.Sprint("client ", winner) {
				c.Errorf("client %d was told it had won, and %q stands", winner, got)
			}
		}
	})
}

// rest.md, Interactions: conditional updates of one identifier are made one
// after the other, of one resource, and none is lost.
func TestRace_ConditionalUpdate(t *testing.T) {
	crowded(t, func(c *crowd) {
		answers := c.race(32, func(i int) cast.Response {
			return c.send(i, http.MethodPut, "/Patient?identifier="+numbers+"%7Cu", patientNumbered("u", fmt.Sprint("client ", i)))
		})
		if counts := c.statuses(answers, http.StatusCreated, http.StatusOK); counts[http.StatusCreated] != 1 {
			c.Errorf("made %d times: %v", counts[http.StatusCreated], counts)
		}
		told, stand := map[string]bool{}, map[string]bool{}
		ref := c.only("/Patient?identifier=" + numbers + "%7Cu")
		versions := c.versions(ref)
		for _, v := range versions {
			stand[text(get(items(v["name"])[0], "family"))] = true
		}
		for i, a := range answers {
			told[a.Header.Get("ETag")] = true
			if !stand[fmt.Sprint("client ", i)] {
				c.Errorf("the update of client %d is in no version", i)
			}
		}
		if len(versions) != 32 || len(told) != 32 {
			c.Errorf("%d versions, %d told of, want 32", len(versions), len(told))
		}
	})
}

// rest.md, Interactions: conditional deletes of one identifier delete once.
func TestRace_ConditionalDelete(t *testing.T) {
	crowded(t, func(c *crowd) {
		ref := c.servers[0].Create(c.token, patientNumbered("d", "x"))
		answers := c.race(16, func(i int) cast.Response {
			return c.send(i, http.MethodDelete, "/Patient?identifier="+numbers+"%7Cd", nil)
		})
		c.statuses(answers, http.StatusNoContent, http.StatusOK, http.StatusNotFound)
		c.send(0, http.MethodGet, "/"+ref.String(), nil).Expect(http.StatusGone)
		if n := len(c.versions(ref.String())); n != 2 {
			c.Errorf("%d versions, want the resource and its deletion", n)
		}
	})
}

// transaction writes the same mark into several resources, in some order.
func transaction(refs []string, order []int, mark string) string {
	var entries []string
	for _, i := range order {
		_, id, _ := strings.Cut(refs[i], "/")
		body := strings.Replace(patientNumbered(fmt.Sprint("t", i), mark), `{"`, `{"id":"`+id+`","`, 1)
		entries = append(entries, fmt.Sprintf(`{"resource":%s,"request":{"method":"PUT","url":%q}}`, body, refs[i]))
	}
	return `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(entries, ",") + `]}`
}

// rest.md, Interactions: transactions that touch the same resources in different
// orders all succeed, never deadlock into an error, and are atomic: the marks
// stand in the same order in the history of every resource.
func TestRace_Transactions(t *testing.T) {
	seed := runSeed(t)
	crowded(t, func(c *crowd) {
		const resources, clients, each = 5, 12, 4
		refs := make([]string, resources)
		for i := range refs {
			refs[i] = c.servers[0].Create(c.token, patientNumbered(fmt.Sprint("t", i), "first")).String()
		}
		answers := c.race(clients, func(i int) cast.Response {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			var last cast.Response
			for n := range each {
				last = c.send(i+n, http.MethodPost, "", transaction(refs, rng.Perm(resources), fmt.Sprintf("%d.%d", i, n)))
				if last.Status != http.StatusOK {
					return last
				}
			}
			return last
		})
		c.statuses(answers, http.StatusOK)
		var first []string
		for i, ref := range refs {
			var marks []string
			for _, v := range c.versions(ref) {
				marks = append(marks, text(get(items(v["name"])[0], "family")))
			}
			if i == 0 {
				first = marks
			}
			if !slices.Equal(marks, first) || len(marks) != 1+clients*each {
				c.Errorf("SLUIS_SEED=%d: %s has the marks %v, the first of them %v", seed, ref, marks, first)
			}
		}
	})
}

// A transaction that fails leaves nothing behind, however many run beside it.
func TestRace_FailedTransactionsLeaveNothing(t *testing.T) {
	crowded(t, func(c *crowd) {
		stale := c.servers[0].Create(c.token, patientNumbered("stale", "x"))
		answers := c.race(24, func(i int) cast.Response {
			ok := fmt.Sprintf(`{"resource":%s,"request":{"method":"POST","url":"Patient"}}`, patientNumbered(fmt.Sprint("f", i), "x"))
			bad := fmt.Sprintf(`{"resource":%s,"request":{"method":"PUT","url":%q,"ifMatch":"W/\"9\""}}`,
				strings.Replace(patientNumbered("stale", "y"), `{"`, `{"id":"`+stale.ID+`","`, 1), stale)
			entries := ok
			if i%2 == 0 {
				entries += "," + bad
			}
			return c.send(i, http.MethodPost, "", `{"resourceType":"Bundle","type":"transaction","entry":[`+entries+`]}`)
		})
		for i, a := range answers {
			found := len(c.send(0, http.MethodGet, fmt.Sprintf("/Patient?identifier=%s%%7Cf%d", numbers, i), nil).Refs())
			want := map[bool][]int{true: {http.StatusPreconditionFailed, http.StatusConflict}, false: {http.StatusOK}}[i%2 == 0]
			if !slices.Contains(want, a.Status) || found != i%2 {
				c.Errorf("transaction %d: status %d and %d resources: %.200s", i, a.Status, found, a.Body)
			}
		}
	})
}

// rest.md, Interactions: patches of one resource at once are all applied to what
// the one before left, or told that they are not.
func TestRace_Patch(t *testing.T) {
	crowded(t, func(c *crowd) {
		ref := c.servers[0].Create(c.token, patientNumbered("p", "x"))
		patch := func(i int) cast.Response {
			body := fmt.Sprintf(`[{"op":"add","path":"/name/-","value":{"family":"client %d"}}]`, i)
			return c.send(i, http.MethodPatch, "/"+ref.String(), body, "Content-Type", "application/json-patch+json")
		}
		answers := c.race(16, patch)
		if bodyless := (page{status: answers[0].Status, body: answers[0].Body}); bodyless.notSupported() {
			c.Skip("the server does not have PATCH")
		}
		counts := c.statuses(answers, http.StatusOK, http.StatusPreconditionFailed, http.StatusConflict)
		names := map[string]int{}
		current := c.versions(ref.String())[0]
		for _, n := range items(current["name"]) {
			names[text(get(n, "family"))]++
		}
		for i, a := range answers {
			if (a.Status == http.StatusOK) != (names[fmt.Sprint("client ", i)] == 1) {
				c.Errorf("client %d was told %d, and its name is there %d times", i, a.Status, names[fmt.Sprint("client ", i)])
			}
		}
		if counts[http.StatusOK] == 0 || len(items(current["name"])) != 1+counts[http.StatusOK] {
			c.Errorf("%d patches made, %v names", counts[http.StatusOK], slices.Sorted(maps.Keys(names)))
		}
	})
}
