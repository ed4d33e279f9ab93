package portal

import (
	"net/http"
	"strings"
)

// words are the texts of one language, by their name. A test holds the two
// languages together.
type words map[string]string

// language is the first of ours that the browser asks for (RFC 9110 §12.5.4;
// browsers list their languages in order), else Dutch.
func language(r *http.Request) words {
	for _, part := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		tag, quality, _ := strings.Cut(strings.TrimSpace(strings.ToLower(part)), ";")
		primary, _, _ := strings.Cut(tag, "-")
		switch {
		case strings.TrimSpace(quality) == "q=0":
		case primary == "en":
			return english
		case primary == "nl":
			return dutch
		}
	}
	return dutch
}
