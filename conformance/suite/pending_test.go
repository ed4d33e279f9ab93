package suite_test

import (
	_ "embed"
	"strings"
	"time"
)

// pending.txt names cases that this server does not yet pass, each group of
// lines under what is not served yet. A case that passes must leave the file.
//
//go:embed pending.txt
var pendingText string

func init() {
	reason := ""
	for line := range strings.Lines(pendingText) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "  "):
			deviations[strings.TrimSpace(line)] = reason
		default:
			reason = line
		}
	}
}

// patience is that of a run: while cases are pending, what they wait for does
// not come.
func patience() time.Duration {
	if pendingText != "" {
		return time.Second
	}
	return 0
}
