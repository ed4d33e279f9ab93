package files

import (
	"bufio"
	"bytes"
	"errors"
)

// messages reads HL7 v2: MSH at the start of a line starts a message. The
// envelope segments of a batch (FHS, BHS, BTS, FTS) and the block characters of
// MLLP are passed over.
func (s source) messages() bool {
	in := bufio.NewScanner(s.in)
	in.Buffer(nil, s.max)
	in.Split(scanSegment)
	var message []byte
	first, line := 0, 0
	flush := func() bool {
		if len(message) == 0 {
			return true
		}
		item := Item{Path: s.path, Line: first, Kind: Message, Bytes: message}
		message = nil
		if len(item.Bytes) > s.max {
			return s.bad(first, errTooLarge)
		}
		return s.yield(item, nil)
	}
	for in.Scan() {
		line++
		segment := unframed(in.Bytes())
		switch {
		case isEnvelope(segment):
		case bytes.HasPrefix(segment, []byte("MSH")):
			if !flush() {
				return false
			}
			message, first = segment, line
		case message == nil && len(bytes.TrimSpace(segment)) > 0:
			if !s.bad(line, errors.New("a segment stands before the first MSH")) {
				return false
			}
		case message != nil && len(message) <= s.max: // beyond it, only the error is left to report
			message = append(message, segment...)
		}
	}
	return flush() && s.end(line, in.Err())
}

// scanSegment cuts behind a line end: CR LF, CR or LF.
func scanSegment(data []byte, atEOF bool) (advance int, token []byte, err error) {
	i := bytes.IndexAny(data, "\r\n")
	last := i == len(data)-1
	switch {
	case len(data) == 0:
		return 0, nil, nil
	case i < 0 && atEOF:
		return len(data), data, nil
	case i < 0, last && data[i] == '\r' && !atEOF: // a line feed may follow
		return 0, nil, nil
	case !last && data[i] == '\r' && data[i+1] == '\n':
		i++
	}
	return i + 1, data[:i+1], nil
}

// unframed copies a segment without a byte order mark and the block characters
// of MLLP.
func unframed(line []byte) []byte {
	body := bytes.TrimRight(line, "\r\n")
	end := line[len(body):]
	body = bytes.Trim(bytes.TrimPrefix(body, []byte("\uFEFF")), "\x0b\x1c")
	return append(bytes.Clone(body), end...)
}

func isEnvelope(segment []byte) bool {
	for _, name := range []string{"FHS", "BHS", "BTS", "FTS"} {
		if bytes.HasPrefix(segment, []byte(name)) {
			return true
		}
	}
	return false
}
