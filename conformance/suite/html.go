package suite

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
)

//go:embed report.html
var page string

var reportPage = template.Must(template.New("report").Parse(page))

// WriteHTML writes the report as one page that needs nothing else: the totals,
// then each chapter with its cases, each failure with its exchange.
func (r Report) WriteHTML(w io.Writer) error {
	view := struct {
		Report
		All      tally
		Chapters []chapterView
	}{Report: r, All: r.tally("")}
	for _, name := range r.chapters() {
		c := chapterView{Name: name, Tally: r.tally(name)}
		for _, result := range r.Results {
			if result.Chapter == name {
				c.Results = append(c.Results, result)
			}
		}
		view.Chapters = append(view.Chapters, c)
	}
	return reportPage.Execute(w, view)
}

type chapterView struct {
	Name    string
	Tally   tally
	Results []Result
}

// Verdict is passed, failed or skipped.
func (r Result) Verdict() string {
	switch {
	case len(r.Failures) > 0:
		return "failed"
	case r.Skipped != "":
		return "skipped"
	}
	return "passed"
}

// SpecURL is where the paragraph that demands the case can be read.
func (r Result) SpecURL() string {
	if r.Chapter == "smart-app-launch" {
		return "https://hl7.org/fhir/smart-app-launch/" + r.Case.Spec
	}
	page, anchor, _ := strings.Cut(r.Case.Spec, "#")
	return "https://hl7.org/fhir/R4/" + page + "#" + anchor
}

func (t tally) Passed() int  { return t.passed }
func (t tally) Failed() int  { return t.failed }
func (t tally) Skipped() int { return t.skipped }
