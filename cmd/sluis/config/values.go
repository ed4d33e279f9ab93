package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Secret is a text that does not print. Convert it to string where it is used.
type Secret string

const hidden = "[secret]"

func (Secret) String() string   { return hidden }
func (Secret) GoString() string { return hidden }

// MarshalText keeps the secret out of JSON and of structured logs.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// JSON is a JSON value, written in the file as JSON or as YAML.
type JSON []byte

// Label is a security label, written system|code.
type Label struct{ System, Code string }

// UnmarshalText reads system|code.
func (l *Label) UnmarshalText(text []byte) error {
	system, code, found := strings.Cut(string(text), "|")
	if !found || system == "" || code == "" || strings.ContainsAny(code, "| ") {
		return errors.New("a label is written system|code")
	}
	l.System, l.Code = system, code
	return nil
}

// Size is a number of bytes, written as a number with KiB, MiB, GiB or nothing
// behind it.
type Size int64

var units = []struct {
	suffix string
	factor int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"", 1}}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	for _, unit := range units {
		digits, found := strings.CutSuffix(string(text), unit.suffix)
		if !found {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 32)
		if err != nil || n < 0 {
			return fmt.Errorf("a size is a number of bytes such as 32MiB, not %q", text)
		}
		*s = Size(n * unit.factor)
		return nil
	}
	return nil
}
