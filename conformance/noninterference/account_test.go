package noninterference

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// count notes what kind of answer it was.
func (r *run) count(q request, status int, body string) {
	r.kinds[fmt.Sprintf("%s %d", q.method, status)]++
	for name, sign := range map[string]string{
		"with matches": `"mode":"match"`, "with includes": `"mode":"include"`, "with a total": `"total":`, "with a next page": `"relation":"next"`,
		"histories": `"type":"history"`, "of the log": `"resourceType":"AuditEvent"`, "transactions": `"type":"transaction-response"`, "batches": `"type":"batch-response"`,
	} {
		if strings.Contains(body, sign) {
			r.kinds[name]++
		}
	}
}

// account prints what the run was made of.
func (r *run) account(t *testing.T) {
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(r.kinds)) {
		out = append(out, fmt.Sprintf("%s: %d", kind, r.kinds[kind]))
	}
	t.Logf("%d requests; %s", r.asked, strings.Join(out, ", "))
}
