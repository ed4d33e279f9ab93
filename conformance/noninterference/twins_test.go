package noninterference

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluis/conformance/cast"
	"sluis/smart"
)

// clock is the time of both servers of a pair. It stands still while a request
// is answered, so that what they write has the same times.
type clock struct{ milliseconds atomic.Int64 }

func (c *clock) now() time.Time { return time.UnixMilli(c.milliseconds.Load()).UTC() }

func (c *clock) forward(d time.Duration) { c.milliseconds.Add(d.Milliseconds()) }

// viewer is a token: what it may not see is what the twins differ in.
type viewer struct {
	name, scopes string
	grant        smart.Grant
}

// request is one request, the same for both servers save for the names that
// they gave to the same thing: ids of what they made, and continuation links.
type request struct {
	method, path string
	header       []string // name, value, …
	body         string
	links        *[2]string // instead of path: each server's own link
}

func (r request) String() string {
	path := r.path
	if r.links != nil {
		path = r.links[0] + " (and the other's own link)"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %v\n%s", r.method, path, r.header, r.body))
}

// twins are two servers that differ only in what the viewers may not see.
type twins struct {
	worlds [2]*cast.World
	clock  *clock
	asked  int
	names  [2]map[string]string // of what the servers made, by first appearance
	made   []made
}

// made is one resource that both servers made for the same request, each under
// its own id. Requests name it by placeholder.
type made struct {
	kind string
	ids  [2]string
}

func placeholder(i int) string { return fmt.Sprintf("{made %d}", i) }

// on is a text of a request as one of the servers gets it.
func (t *twins) on(side int, text string) string {
	if !strings.Contains(text, "{made ") {
		return text
	}
	for i, m := range t.made {
		text = strings.ReplaceAll(text, placeholder(i), m.ids[side])
	}
	return text
}

// ask sends a request to both and says how their answers differ, or "".
func (t *twins) ask(v viewer, r request) (answers [2]cast.Response, difference string) {
	t.asked++
	v.grant.JTI = fmt.Sprintf("token-%d", t.asked)
	var both sync.WaitGroup
	for side, w := range t.worlds {
		token := w.Token(v.scopes, v.grant)
		both.Go(func() { answers[side] = t.send(side, token, r) })
	}
	both.Wait()
	difference = firstDifference(t.normal(0, answers[0]), t.normal(1, answers[1]))
	t.remember(answers)
	return answers, difference
}

func (t *twins) send(side int, token string, r request) cast.Response {
	header := []string{"X-Request-Id", fmt.Sprintf("request-%d", t.asked)}
	for _, h := range r.header {
		header = append(header, t.on(side, h))
	}
	path := t.on(side, r.path)
	if r.links != nil {
		path = r.links[side]
	}
	var body any
	if r.body != "" {
		body = t.on(side, r.body)
	}
	return t.worlds[side].Do(token, r.method, path, body, header...)
}

// Ids that servers make are 26 characters of base32; the ids of scenes are not.
var (
	serverMade = regexp.MustCompile(`\b[a-z2-7]{26}\b`)
	sealedLink = regexp.MustCompile(`_page=[A-Za-z0-9_-]+`)
)

// normal is an answer as it is compared: all of it, with ids that the server
// made replaced by the order in which they first appeared, and sealed links,
// which are ciphertext, by their length.
func (t *twins) normal(side int, r cast.Response) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d\n", r.Status)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if name != "Date" {
			fmt.Fprintf(&out, "%s: %s\n", name, strings.Join(r.Header[name], ", "))
		}
	}
	out.WriteByte('\n')
	out.Write(r.Body)
	text := sealedLink.ReplaceAllStringFunc(out.String(), func(link string) string { return fmt.Sprintf("_page=<%d characters>", len(link)) })
	return serverMade.ReplaceAllStringFunc(text, func(id string) string {
		if t.names[side][id] == "" {
			t.names[side][id] = fmt.Sprintf("<id %d>", len(t.names[side]))
		}
		return t.names[side][id]
	})
}

var createdAt = regexp.MustCompile(`([A-Z][A-Za-z]+)/([a-z2-7]{26})/_history/1\b`)

// remember notes what a create made on both sides.
func (t *twins) remember(answers [2]cast.Response) {
	var found [2][][]string
	for side, a := range answers {
		text := a.Header.Get("Location")
		if a.Status == http.StatusOK && strings.Contains(string(a.Body), `"type":"transaction-response"`) {
			text = string(a.Body)
		}
		found[side] = createdAt.FindAllStringSubmatch(text, -1)
	}
	for i := range min(len(found[0]), len(found[1])) {
		t.made = append(t.made, made{found[0][i][1], [2]string{found[0][i][2], found[1][i][2]}})
	}
}

var length = regexp.MustCompile(`(?m)^Content-Length: .*\n`)

// firstDifference shows where two answers part, with what stands around it. The
// length is the last to be told: it follows from something else.
func firstDifference(a, b string) string {
	if a == b {
		return ""
	}
	if x, y := length.ReplaceAllString(a, ""), length.ReplaceAllString(b, ""); x != y {
		a, b = x, y
	}
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	around := func(s string) string { return s[max(0, i-400):min(len(s), i+400)] }
	return fmt.Sprintf("left:\n%s\n\nright:\n%s", around(a), around(b))
}

// next are the links to the next page, when there is one.
func next(answers [2]cast.Response) *[2]string {
	if answers[0].Status != http.StatusOK || !strings.Contains(string(answers[0].Body), `"relation":"next"`) {
		return nil
	}
	return &[2]string{answers[0].Link("next"), answers[1].Link("next")}
}

// beside is the same pair of servers, each on a store made of its own: for
// stores that leak on purpose.
func (t *twins) beside(tb testing.TB, store func(cast.Backend) cast.Backend) *twins {
	other := &twins{clock: t.clock, names: [2]map[string]string{{}, {}}}
	for side, w := range t.worlds {
		other.worlds[side] = w.Beside(tb, store(w.Store))
	}
	return other
}
