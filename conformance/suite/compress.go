package suite

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
)

// deflate is the body as its Content-Encoding says: gzip is done, any other is
// only claimed, which a server must refuse.
func deflate(h http.Header, body string) (io.Reader, error) {
	var b bytes.Buffer
	if h.Get("Content-Encoding") != "gzip" {
		b.WriteString(body)
		return &b, nil
	}
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, body); err != nil {
		return nil, err
	}
	return &b, z.Close()
}

// inflate reads the body of an answer, at most maxAnswer bytes of it. An answer
// is in gzip only where a case asked for it; otherwise the client does it unseen.
func inflate(resp *http.Response) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("the answer ended early: %w", err)
	}
	if resp.Header.Get("Content-Encoding") != "gzip" || len(text) == 0 {
		return text, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("the answer says that it is gzip: %w", err)
	}
	return io.ReadAll(io.LimitReader(z, maxAnswer))
}
