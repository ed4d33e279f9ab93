package suite

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed cases
var embedded embed.FS

// Cases are the suite's own, in the order of their files. The error names every
// line that is not understood.
func Cases() ([]Group, error) {
	var groups []Group
	var bad []error
	err := fs.WalkDir(embedded, "cases", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		group, err := Parse(strings.TrimPrefix(name, "cases/"), string(text))
		groups, bad = append(groups, group), append(bad, err)
		return nil
	})
	return groups, errors.Join(append(bad, err)...)
}

// Parse reads one file of cases; its path is CHAPTER/NAME.txt. The language is
// described at the top of this package.
func Parse(file, text string) (Group, error) {
	p := parser{file: file, group: Group{
		Chapter: path.Dir(file), Name: strings.TrimSuffix(path.Base(file), path.Ext(file)),
	}}
	for i, line := range strings.Split(text, "\n") {
		p.line = i + 1
		if err := p.read(strings.TrimRight(line, " \t\r")); err != nil {
			p.bad = append(p.bad, fmt.Errorf("%s: %w", p.place(), err))
		}
	}
	if len(p.group.Cases) == 0 {
		p.bad = append(p.bad, fmt.Errorf("%s: no case", file))
	}
	return p.group, errors.Join(append(p.bad, check(p.group))...)
}

type parser struct {
	file  string
	line  int
	group Group
	steps *[]Step // of the case or of given
	body  bool    // lines that look like a body belong to the last step
	bad   []error
}

func (p *parser) place() string { return p.file + ":" + strconv.Itoa(p.line) }

var (
	methods    = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", pages, until}
	headerLine = regexp.MustCompile(`^[A-Z][A-Za-z0-9-]*:`)
	caseLine   = regexp.MustCompile(`^(\S(?:.*\S)?) +\(([a-z_-]+(?:\.html)?(?:#[A-Za-z0-9._-]+)?)\)$`)
)

var errNotUnderstood = errors.New("not understood")

func (p *parser) read(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case line == "":
		p.body = false
		return nil
	case line[0] == '#':
		return nil
	case word == "given" && rest == "":
		return p.given()
	case word == "case":
		return p.begin(rest)
	case p.steps == nil:
		return errors.New("a step outside any case")
	case slices.Contains(methods, word):
		return p.step(Step{Method: word, Target: rest})
	case word == "create":
		return p.step(Step{Method: "POST", Name: rest})
	case len(*p.steps) == 0:
		return errNotUnderstood
	}
	return p.detail(&(*p.steps)[len(*p.steps)-1], line, word, rest)
}

func (p *parser) given() error {
	if p.steps != nil {
		return errors.New("given stands once, before the first case")
	}
	p.steps = &p.group.Given
	return nil
}

func (p *parser) begin(rest string) error {
	m := caseLine.FindStringSubmatch(rest)
	if m == nil {
		return errors.New("a case has a title and, in parentheses, the paragraph that demands it")
	}
	p.group.Cases = append(p.group.Cases, Case{Title: m[1], Spec: m[2], Place: p.place()})
	p.steps = &p.group.Cases[len(p.group.Cases)-1].Steps
	return nil
}

func (p *parser) step(s Step) error {
	if s.Name != "" && !variable.MatchString("{"+s.Name+"}") {
		return fmt.Errorf("%q cannot be the name of a resource", s.Name)
	}
	if s.Name == "" && (s.Target == "" || strings.Contains(s.Target, " ")) {
		return errors.New("a request has one target, without spaces")
	}
	s.Place = p.place()
	*p.steps = append(*p.steps, s)
	p.body = true
	return nil
}

// detail reads a line that belongs to a step.
func (p *parser) detail(s *Step, line, word, rest string) (err error) {
	switch {
	case p.body && strings.ContainsRune("{}[]<\" \t", rune(line[0])):
		s.Body += line + "\n"
		return nil
	case p.body && word == "form":
		s.Body = rest
		s.Header = append(s.Header, Header{"Content-Type", "application/x-www-form-urlencoded"})
		return nil
	case p.body && headerLine.MatchString(line):
		name, value, _ := strings.Cut(line, ":")
		s.Header = append(s.Header, Header{name, strings.TrimSpace(value)})
		return nil
	}
	p.body = false
	switch word {
	case "=":
		var e Expectation
		e, err = parseExpectation(rest)
		s.Expect = append(s.Expect, e)
	case "save":
		var v Save
		v, err = parseSave(rest)
		s.Save = append(s.Save, v)
	case "skip":
		if s.Skip = strings.Split(rest, "|"); !statuses.MatchString(rest) {
			err = errors.New("a status, or several with bars between, was expected")
		}
	default:
		return errNotUnderstood
	}
	return err
}
