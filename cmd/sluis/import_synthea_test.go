package main

import (
	"strconv"
	"testing"

	"sluis/internal/shared"
)

const (
	bundles80 = "synthea/synthea-v2.4-smart-80-transaction-bundles.tgz"
	lines20   = "synthea/bulk-ndjson-20-patients.tgz"
)

// home is a configuration with one custodian.
const home = "home: home\ncustodians: [{id: home, name: Home}]\n"

// TestImport_SyntheaIsTakenWhole: nothing of 80 bundles is rejected, the store
// counts for each type what the bundles name, and each resource reads back as it
// was, save id, meta and references, which all lead somewhere.
func TestImport_SyntheaIsTakenWhole(t *testing.T) {
	archive := shared.Path(t, bundles80)
	src := bundleSource(t, unpacked(t, archive))
	everywhere(t, home, func(t *testing.T, s site) {
		s.imports("home", archive).expect(t, 0)
		v := s.visit("home")
		for kind, n := range src.perType() {
			if kind == "Organization" {
				n++ // the custodian
			}
			if got := v.count(kind + "?_summary=count"); got != strconv.Itoa(n) {
				t.Errorf("%s: the store counts %s, the bundles name %d", kind, got, n)
			}
		}
		stored := v.everything()
		stored.holds(t, v, src, 1)
		stored.linked(t)
		s.verified()
	})
}
