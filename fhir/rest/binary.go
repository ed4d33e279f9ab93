package rest

import (
	"bytes"
	"encoding/base64"
	"mime"
	"net/http"
	"strings"

	"sluis/fhir"
)

// securityContext names the resource whose access rules a Binary should have, in
// an upload of the content alone (R4 binary.html#rest). It is kept as
// Binary.securityContext and gives nobody access: a Binary is its custodian's
// own, and is refused to the tokens of patients and users.
const securityContext = "X-Security-Context"

// writesBinary reports whether the body is, or may be, the content of a Binary.
func (x *exchange) writesBinary() bool {
	return x.ix.Type == "Binary" && (x.ix.Kind == fhir.Create || x.ix.Kind == fhir.Update)
}

// wrap makes the Binary of which the body is the content (R4 binary.html#rest).
// From here on it is a body like any other.
func (x *exchange) wrap(content []byte) error {
	var buf bytes.Buffer
	buf.Grow(base64.StdEncoding.EncodedLen(len(content)) + 256)
	buf.WriteString(`{"resourceType":"Binary"`)
	if x.ix.ID != "" {
		buf.WriteString(`,"id":"` + x.ix.ID + `"`)
	}
	buf.WriteString(`,"contentType":`)
	quote(&buf, strings.TrimSpace(x.r.Header.Get("Content-Type")))
	switch all := x.r.Header.Values(securityContext); {
	case len(all) > 1:
		return fhir.NewError(fhir.Invalid, "invalid", securityContext+" names one resource", securityContext)
	case len(all) == 1:
		buf.WriteString(`,"securityContext":{"reference":`)
		quote(&buf, all[0])
		buf.WriteByte('}')
	}
	if len(content) > 0 {
		buf.WriteString(`,"data":"`)
		buf.WriteString(base64.StdEncoding.EncodeToString(content))
		buf.WriteByte('"')
	}
	buf.WriteByte('}')
	x.body = buf.Bytes()
	return nil
}

// readsContent reports whether a read of a Binary wants its content: it does,
// unless FHIR's own media type or _format asks for the resource.
func (x *exchange) readsContent() bool {
	return x.ix.Type == "Binary" && (x.ix.Kind == fhir.Read || x.ix.Kind == fhir.VRead) && !x.form.named && x.subset.IsZero()
}

// content sends what a Binary holds, as what it was said to be. Whoever wrote it
// chose both, so a browser is told to keep it apart.
func (x *exchange) content(r fhir.Resource) error {
	doc, err := fhir.ParseDocument(r.Body)
	if err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(doc.Root().Get("data").Text()), ""))
	if err != nil {
		return err
	}
	t := doc.Root().Get("contentType").Text()
	if name, _, err := mime.ParseMediaType(t); err != nil || !strings.Contains(name, "/") || !printableASCII(t) {
		t = "application/octet-stream"
	}
	h := x.w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Disposition", "attachment")
	if of := doc.Root().At("securityContext", "reference").Text(); of != "" && printableASCII(of) {
		h.Set(securityContext, of)
	}
	h.Set("Content-Type", t)
	x.send(http.StatusOK, t, data)
	return nil
}

func printableASCII(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c > '~' }) < 0
}
