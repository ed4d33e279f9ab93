package rest

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"

	kgzip "github.com/klauspost/compress/gzip"
)

// packFrom is the length below which an answer is not packed: it would fill one
// network packet either way.
const packFrom = 512 // bytes

var packers = sync.Pool{New: func() any {
	w, err := kgzip.NewWriterLevel(nil, kgzip.BestSpeed)
	if err != nil {
		panic(err) // the level is one that there is
	}
	return w
}}

// pack is a body in gzip, where that is accepted and worth it. An ETag names the
// version of a resource, not its bytes, and is weak for that reason. That the
// length of a packed answer tells how alike its parts are (BREACH) is no concern
// here: no answer holds a secret of the caller, and none is given to a caller who
// shows no bearer token, which a page of a stranger cannot add.
func (x *exchange) pack(body []byte) []byte {
	if len(body) < packFrom || !acceptsGzip(x.r.Header) {
		return body
	}
	var out bytes.Buffer
	out.Grow(len(body) / 4)
	w := packers.Get().(*kgzip.Writer)
	defer packers.Put(w)
	w.Reset(&out)
	_, err := w.Write(body)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return body // cannot be: the buffer takes everything
	}
	x.w.Header().Set("Content-Encoding", "gzip")
	return out.Bytes()
}

// acceptsGzip reads Accept-Encoding with its quality values (RFC 9110 §12.5.3).
func acceptsGzip(h http.Header) bool {
	any := false
	for part := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		coding, params, _ := strings.Cut(part, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		name, value, weighted := strings.Cut(strings.TrimSpace(params), "=")
		quality, err := 1.0, error(nil)
		if weighted && strings.EqualFold(strings.TrimSpace(name), "q") {
			quality, err = strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
		switch {
		case err != nil:
		case coding == "gzip" || coding == "x-gzip":
			return quality > 0
		case coding == "*":
			any = quality > 0
		}
	}
	return any
}
