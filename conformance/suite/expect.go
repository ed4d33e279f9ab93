package suite

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Expectation is one line that begins with "=".
type Expectation struct {
	Text  string // without the "="
	holds func(*answer, variables) error
}

// Save is one line that begins with "save": it gives a variable a value out of
// the answer.
type Save struct {
	Name string
	Text string // the source
	read func(*answer, variables) (string, error)
}

var statuses = regexp.MustCompile(`^[1-5][0-9]{2}(\|[1-5][0-9]{2})*$`)

// parseExpectation reads what follows "=".
func parseExpectation(text string) (Expectation, error) {
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	e := Expectation{Text: text}
	var err error
	switch {
	case statuses.MatchString(text):
		e.holds = statusIs(strings.Split(text, "|"))
	case text == "empty":
		e.holds = isEmpty
	case word == "header":
		e.holds, err = parseAbout(rest, headerSource)
	case word == "json":
		e.holds, err = parseAbout(rest, jsonSource)
	case word == "xml" && strings.Contains(rest, " count "):
		e.holds, err = parseAbout(rest, xmlList)
	case word == "xml":
		e.holds, err = parseAbout(rest, xmlSource)
	case word == "body":
		e.holds, err = parseAbout(text, bodySource)
	case word == "same" && rest != "":
		e.holds = sameAs(rest)
	case word == "finds", word == "includes", word == "has", word == "lacks":
		e.holds = entriesAre(word, strings.Fields(rest))
	case word == "issue" || word == "warning":
		e.holds, err = parseIssue(word, rest)
	case word == "pages":
		e.holds, err = pageCount(rest)
	default:
		err = errors.New("no such expectation")
	}
	return e, err
}

// status is the expectation of one of several statuses.
func status(allowed ...string) []Expectation {
	return []Expectation{{Text: strings.Join(allowed, "|"), holds: statusIs(allowed)}}
}

func statusIs(allowed []string) func(*answer, variables) error {
	return func(a *answer, _ variables) error {
		if slices.Contains(allowed, strconv.Itoa(a.status)) {
			return nil
		}
		return fmt.Errorf("the status is %d", a.status)
	}
}

func isEmpty(a *answer, _ variables) error {
	if len(a.body) > 0 {
		return errors.New("there is a body")
	}
	return nil
}

// sameAs compares JSON by value and digits; the order of members is free.
func sameAs(text string) func(*answer, variables) error {
	return func(a *answer, v variables) error {
		want, err := decodeJSON([]byte(v.text(text)))
		if err != nil {
			return fmt.Errorf("the expectation is no JSON: %w", err)
		}
		if !reflect.DeepEqual(a.json, want) {
			return errors.New("the body is another")
		}
		return nil
	}
}

// source finds a part of an answer, as text or JSON.
type source func(a *answer, name string) (value any, found bool)

func headerSource(a *answer, name string) (any, bool) {
	values := a.header.Values(name)
	return strings.Join(values, ", "), len(values) > 0
}

func bodySource(a *answer, _ string) (any, bool) { return string(a.body), len(a.body) > 0 }

func jsonSource(a *answer, path string) (any, bool) { return at(a.json, path) }

// parseAbout reads NAME is [not] VALUE, NAME ~ REGEXP, NAME !~ REGEXP, NAME
// count N, NAME present or NAME absent.
func parseAbout(text string, from source) (func(*answer, variables) error, error) {
	name, rest, _ := strings.Cut(text, " ")
	word, value, _ := strings.Cut(strings.TrimSpace(rest), " ")
	test, err := parseTest(word, strings.TrimSpace(value))
	if name == "" || err != nil {
		return nil, errors.Join(err, fmt.Errorf("%q says nothing about an answer", text))
	}
	return func(a *answer, v variables) error {
		found, ok := from(a, v.text(name))
		if err := test(found, ok, v); err != nil {
			return fmt.Errorf("%s %w", v.text(name), err)
		}
		return nil
	}, nil
}

// test holds a value found, or not found, to what is expected of it.
type test func(value any, found bool, v variables) error

func parseTest(word, arg string) (test, error) {
	switch {
	case word == "present" && arg == "":
		return func(_ any, found bool, _ variables) error {
			if !found {
				return errors.New("is absent")
			}
			return nil
		}, nil
	case word == "absent" && arg == "":
		return func(value any, found bool, _ variables) error {
			if found {
				return fmt.Errorf("is %s", show(value))
			}
			return nil
		}, nil
	case word == "is" && arg != "":
		literal, differs := strings.CutPrefix(arg, "not ")
		_, err := decodeJSON([]byte(literal))
		return equals(literal, !differs), err
	case (word == "~" || word == "!~") && arg != "":
		_, err := regexp.Compile(arg)
		return matches(arg, word == "~"), err
	case word == "count":
		n, err := strconv.Atoi(arg)
		return counts(n), err
	}
	return nil, fmt.Errorf("%q is no test", word)
}

func equals(literal string, equal bool) test {
	return func(value any, found bool, v variables) error {
		want, err := decodeJSON([]byte(v.text(literal)))
		switch {
		case err != nil:
			return fmt.Errorf("cannot be compared: %w", err)
		case !found:
			return errors.New("is absent")
		case reflect.DeepEqual(value, want) != equal:
			return fmt.Errorf("is %s", show(value))
		}
		return nil
	}
}

func matches(pattern string, match bool) test {
	return func(value any, found bool, v variables) error {
		re, err := v.pattern(pattern)
		s, isText := value.(string)
		switch {
		case err != nil:
			return err
		case !found:
			return errors.New("is absent")
		case !isText || re.MatchString(s) != match:
			return fmt.Errorf("is %s", show(value))
		}
		return nil
	}
}

func counts(n int) test {
	return func(value any, _ bool, _ variables) error {
		if list, _ := value.([]any); len(list) != n {
			return fmt.Errorf("has %d elements", len(list))
		}
		return nil
	}
}

func show(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(v)
}

func pageCount(text string) (func(*answer, variables) error, error) {
	n, err := strconv.Atoi(text)
	return func(a *answer, _ variables) error {
		if a.pages != n {
			return fmt.Errorf("there are %d pages", a.pages)
		}
		return nil
	}, err
}

// parseSave reads NAME = header NAME [~ REGEXP], NAME = json PATH [~ REGEXP],
// NAME = xml PATH [~ REGEXP] or NAME = body. Of a pattern, the first group is saved.
func parseSave(text string) (Save, error) {
	name, from, ok := strings.Cut(text, " = ")
	if !ok || !variable.MatchString("{"+name+"}") {
		return Save{}, errors.New("save NAME = SOURCE was expected")
	}
	s := Save{Name: name, Text: from}
	if from == "body" {
		s.read = func(a *answer, _ variables) (string, error) { return string(a.body), nil }
		return s, nil
	}
	place, pattern, _ := strings.Cut(from, " ~ ")
	kind, path, _ := strings.Cut(place, " ")
	sources := map[string]source{"header": headerSource, "json": jsonSource, "xml": xmlSource}
	if sources[kind] == nil || path == "" {
		return Save{}, errors.New("a value comes from header NAME, json PATH, xml PATH or body")
	}
	_, err := regexp.Compile(pattern)
	s.read = read(sources[kind], path, pattern)
	return s, err
}

func read(from source, path, pattern string) func(*answer, variables) (string, error) {
	return func(a *answer, v variables) (string, error) {
		found, ok := from(a, v.text(path))
		if !ok {
			return "", fmt.Errorf("%s is absent", path)
		}
		s := fmt.Sprint(found)
		if pattern == "" {
			return s, nil
		}
		re, err := v.pattern(pattern)
		if err != nil {
			return "", err
		}
		m := re.FindStringSubmatch(s)
		if len(m) < 2 {
			return "", fmt.Errorf("%s is %q", path, s)
		}
		return m[1], nil
	}
}
