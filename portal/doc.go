// Package portal is the patient's own pages: my data, my consents, who looked.
//
// It owns HTML, its two languages and its protection against forged requests.
// It holds no data and decides nothing: each page asks gate with the patient's
// own token, and is recorded like any other access.
//
// The one path through it: the session's token becomes a grant, a page's
// function asks gate, a template writes the answer.
package portal
