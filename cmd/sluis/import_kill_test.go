package main

import (
	"bufio"
	"cmp"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluis/internal/shared"
)

// seed makes the random choices of a test repeatable by SLUIS_TEST_SEED.
func seed(t testing.TB) *rand.Rand {
	t.Helper()
	n := rand.Uint64()
	if given := os.Getenv("SLUIS_TEST_SEED"); given != "" {
		var err error
		if n, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("SLUIS_TEST_SEED=%d", n)
	return rand.New(rand.NewPCG(n, 0))
}

// smallest are the n smallest of Synthea's Bundles, in files of their own.
func smallest(t *testing.T, n int) (dir string, bundles map[string]source) {
	t.Helper()
	all := unpacked(t, shared.Path(t, bundles80))
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(all[a]), len(all[b])), cmp.Compare(a, b))
	})
	dir, bundles = t.TempDir(), map[string]source{}
	for _, name := range names[:n] {
		path := write(t, filepath.Join(dir, name), string(all[name]))
		bundles[path+":1"] = bundleSource(t, map[string][]byte{name: all[name]})
	}
	return dir, bundles
}

// TestImport_Kill9LeavesWholeBundles: an import that dies at any moment leaves
// each Bundle whole or absent, and whole when it was acknowledged; the log
// verifies; a further run does the rest.
func TestImport_Kill9LeavesWholeBundles(t *testing.T) {
	const rounds = 4
	dir, bundles := smallest(t, 24)
	everywhere(t, home, func(t *testing.T, s site) {
		rng := seed(t)
		for range rounds {
			acknowledged := s.killed(dir, rng.IntN(len(bundles)), time.Duration(rng.IntN(40))*time.Millisecond)
			s.whole(bundles, acknowledged)
			s.verified()
		}
		s.imports("home", dir).expect(t, 0)
		s.whole(bundles, slices.Collect(maps.Keys(bundles)))
		s.verified()
		s.imports("home", dir).expect(t, 0).says(t, " 0 created        0 updated")
	})
}

// killed runs an import and kills it a while after so many acknowledgements. It
// returns the places acknowledged until then.
func (s site) killed(dir string, after int, pause time.Duration) (acknowledged []string) {
	s.Helper()
	cmd := command(s, "import", "--config", s.file, "--custodian", "home", dir)
	progress, err := cmd.StderrPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	kill := func() {
		time.Sleep(pause)
		_ = cmd.Process.Kill() // it may have ended just now
	}
	if after == 0 {
		go kill()
	}
	for lines := bufio.NewScanner(progress); lines.Scan(); {
		place, ok := strings.CutPrefix(lines.Text(), "committed ")
		if !ok {
			if strings.HasPrefix(lines.Text(), "rejected ") {
				s.Error(lines.Text())
			}
			continue
		}
		place, _, _ = strings.Cut(place, ": ")
		if acknowledged = append(acknowledged, place); len(acknowledged) == after {
			go kill()
		}
	}
	_ = cmd.Wait() // killed
	s.Logf("killed %v after %d of %d acknowledgements", pause, after, len(acknowledged))
	return acknowledged
}

// whole checks which resources of each Bundle are there: all of an acknowledged
// one; of any other, of what no other Bundle names, all or none.
func (s site) whole(bundles map[string]source, acknowledged []string) {
	s.Helper()
	v := s.visit("home")
	stored := v.everything()
	named := map[string]int{}
	for _, src := range bundles {
		for key := range src {
			named[key]++
		}
	}
	for place, src := range bundles {
		var present, absent []string
		acked := slices.Contains(acknowledged, place)
		for key := range src {
			kind, known, _ := strings.Cut(key, " ")
			_, there := stored[kind+"/"+v.app.gate.ImportID("home", kind, known)]
			switch {
			case there && named[key] == 1:
				present = append(present, key)
			case !there && (acked || named[key] == 1):
				absent = append(absent, key)
			}
		}
		if acked && len(absent) > 0 {
			s.Errorf("%s was acknowledged and lacks %v", place, absent)
		}
		if len(present) > 0 && len(absent) > 0 {
			s.Errorf("%s is half there: %d resources are, %d are not", place, len(present), len(absent))
		}
	}
}
