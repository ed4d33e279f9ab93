package suite

import (
	"fmt"
	"slices"
	"strings"
)

// Select keeps the groups of one chapter, such as search.html or search, or one
// group, such as search.html/date. The error names the chapters there are.
func Select(groups []Group, chapter string) ([]Group, error) {
	if chapter == "" {
		return groups, nil
	}
	var kept []Group
	var chapters []string
	for _, g := range groups {
		if g.Chapter == chapter || strings.TrimSuffix(g.Chapter, ".html") == chapter || g.Chapter+"/"+g.Name == chapter {
			kept = append(kept, g)
		}
		chapters = append(chapters, g.Chapter)
	}
	if len(kept) == 0 {
		slices.Sort(chapters)
		return nil, fmt.Errorf("no chapter %q; there are %s", chapter, strings.Join(slices.Compact(chapters), ", "))
	}
	return kept, nil
}
