package differential

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"sluis/conformance/cast"
)

// orders are the orders in which pages are read. What changes meanwhile moves
// where a key is a value that changes: such a resource may then stand on no page
// or on several, which is a limit of the server.
var orders = []struct {
	sort  string
	moves bool
}{{"", false}, {"&_sort=_id", false}, {"&_sort=code,-_id", false}, {"&_sort=date", true}, {"&_sort=-date,code", true}, {"&_sort=_lastUpdated", true}}

// rest.md, Paging: while others create, change and delete, the pages of a search
// unite to what was there at the first page and still matches: each once, and
// nothing that came later.
func TestPaging_UnderWriters(t *testing.T) {
	seed := runSeed(t)
	crowded(t, func(c *crowd) {
		for n, order := range orders {
			run := &pagingRun{crowd: c, rng: rand.New(rand.NewPCG(seed, uint64(n))), code: fmt.Sprint("page", n), moves: order.moves}
			run.fill()
			if report := run.read("/Observation?code=" + run.code + "&_count=7" + order.sort); report != "" {
				c.Errorf("SLUIS_SEED=%d %s: %s", seed, order.sort, report)
			}
		}
	})
}

const stays, changes, goes = "stays", "changes", "goes"

// pagingRun is one search that is read while its resources change.
type pagingRun struct {
	*crowd
	rng   *rand.Rand
	code  string
	moves bool              // what changes may move
	fate  map[string]string // of each resource, by Type/id
}

func (p *pagingRun) body(id string, day int) string {
	patient := p.servers[0].A.AtHospital
	body := cast.Observation(patient, p.code, "x", "1")
	body = strings.Replace(body, "2026-03-01", fmt.Sprintf("2026-03-%02d", 1+day%28), 1)
	if id != "" {
		body = strings.Replace(body, `{"`, `{"id":"`+id+`","`, 1)
	}
	return body
}

func (p *pagingRun) fill() {
	p.fate = map[string]string{}
	for range 40 {
		ref := p.servers[0].Create(p.token, p.body("", p.rng.IntN(28)))
		p.fate[ref.String()] = []string{stays, stays, changes, goes}[p.rng.IntN(4)]
	}
}

// disturb changes what is to change and makes more that would match, between
// and during pages.
func (p *pagingRun) disturb(stop <-chan struct{}, all *sync.WaitGroup) {
	day := 0
	for ref, fate := range p.fate {
		if fate == stays {
			continue
		}
		all.Go(func() {
			_, id, _ := strings.Cut(ref, "/")
			for n := range 3 {
				select {
				case <-stop:
					return
				default:
				}
				if fate == goes {
					p.send(n, http.MethodDelete, "/"+ref, nil)
					return
				}
				p.send(n, http.MethodPut, "/"+ref, p.body(id, day+n*9))
				p.send(n, http.MethodPost, "/Observation", p.body("", n*9))
			}
		})
		day++
	}
}

// read follows the pages while writers run, and reports what is wrong with
// their union.
func (p *pagingRun) read(search string) string {
	v := viewer{name: "the hospital", token: p.token}
	first := getPage(p.servers[0], v, http.MethodGet, search, "")
	stop := make(chan struct{})
	var writers sync.WaitGroup
	p.disturb(stop, &writers)
	seen := map[string]int{}
	pages := 0
	for last := first; ; pages++ {
		if last.status != http.StatusOK {
			return fmt.Sprintf("page %d has status %d: %.200s", pages+1, last.status, last.body)
		}
		for _, m := range last.matches {
			seen[m]++
		}
		if last.next == "" || pages > maxPages {
			break
		}
		last = getPage(p.servers[pages%len(p.servers)], v, http.MethodGet, last.next, "")
	}
	close(stop)
	writers.Wait()
	return p.judge(seen)
}

func (p *pagingRun) judge(seen map[string]int) string {
	var wrong []string
	for ref, n := range seen {
		if n > 1 && !(p.moves && p.fate[ref] == changes) {
			wrong = append(wrong, fmt.Sprintf("%s, which %s, stands on %d pages", ref, p.fate[ref], n))
		}
		if p.fate[ref] == "" {
			wrong = append(wrong, ref+" came after the first page")
		}
	}
	for ref, fate := range p.fate {
		if seen[ref] == 0 && (fate == stays || fate == changes && !p.moves) {
			wrong = append(wrong, ref+", which "+fate+", matches all the time and stands on no page")
		}
	}
	return strings.Join(wrong, "; ")
}
