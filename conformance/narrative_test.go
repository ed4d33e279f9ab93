package conformance_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// narrative validates a Patient with that div.
func narrative(t testing.TB, div string) []string {
	t.Helper()
	text, err := json.Marshal(div)
	if err != nil {
		t.Fatal(err)
	}
	return problems(t, `{"resourceType":"Patient","text":{"status":"generated","div":`+string(text)+`}}`)
}

func div(content string) string {
	return `<div xmlns="http://www.w3.org/1999/xhtml">` + content + `</div>`
}

func TestNarrativeAccepts(t *testing.T) {
	for _, d := range []string{
		div("text"),
		"\n " + div("<p>a</p>") + " \n",
		div(`<table class="grid" border="1"><thead><tr><th colspan="2">a</th></tr></thead><tbody><tr><td style="color: red; width:10%">b</td></tr></tbody></table>`),
		div(`<p>a<br/>b<br />c</p><hr/>`),
		div(`<a href="http://example.org/a?b=1&amp;c=2">a</a><a href="Patient/1">b</a><a href="#c" name='d'>c</a><a href="mailto:a@b.c">d</a>`),
		div(`<img src="#pic" alt="x"/>`), div(`<img src="data:image/png;base64,AAAA"/>`),
		div(`&lt;script&gt; &amp;amp; &#233; &#xE9; é 😀 > "quoted" ]`),
		div(`<!-- a comment - with <script> in it -->a`),
		`<div xmlns='http://www.w3.org/1999/xhtml' lang="nl" xml:lang="nl">a</div>`,
		div(strings.Repeat("<b>", 60) + "a" + strings.Repeat("</b>", 60)),
	} {
		if got := narrative(t, d); got != nil {
			t.Errorf("%s: %q", d, got)
		}
	}
}

// TestNarrativeRefusesWhatCouldRun holds the door against script in what pages
// show (R4 narrative.html, txt-1).
func TestNarrativeRefusesWhatCouldRun(t *testing.T) {
	for _, d := range []string{
		div(`<script>alert(1)</script>`), div(`<SCRIPT>alert(1)</SCRIPT>`), div(`<style>a{}</style>`), div(`<link href="x"/>`),
		div(`<iframe src="x"/>`), div(`<object data="x"/>`), div(`<embed src="x"/>`), div(`<base href="x"/>`), div(`<form action="x"/>`),
		div(`<input value="x"/>`), div(`<button>x</button>`), div(`<svg><a/></svg>`), div(`<math/>`), div(`<template>x</template>`),
		div(`<noscript>x</noscript>`), div(`<video/>`), div(`<meta content="x"/>`), div(`<html:script>x</html:script>`),
		div(`<p onclick="x">a</p>`), div(`<p ONCLICK="x">a</p>`), div(`<img src="x" onerror="x"/>`), div(`<p xmlns:on="x">a</p>`),
		div(`<p xmlns="http://www.w3.org/2000/svg">a</p>`), div(`<a xlink:href="x">a</a>`), div(`<p srcdoc="x">a</p>`), div(`<p href="x">a</p>`),
		div(`<a href="javascript:x">a</a>`), div(`<a href=" JavaScript:x">a</a>`), div(`<a href="java&#9;script:x">a</a>`),
		div("<a href=\"java\nscript:x\">a</a>"), div(`<a href="&#106;avascript:x">a</a>`), div(`<a href="&#x6A;avascript&#58;x">a</a>`),
		div(`<a href="vbscript:x">a</a>`), div(`<a href="data:text/html,x">a</a>`), div(`<a href="data:image/png;base64,x">a</a>`),
		div(`<a href="file:///etc/passwd">a</a>`), div(`<a href="blob:x">a</a>`), div(`<img src="data:image/svg+xml,x"/>`),
		div(`<img src="javascript:x"/>`), div(`<img src="x" longdesc="javascript:x"/>`), div(`<q cite="javascript:x">a</q>`),
		div(`<p style="background:url(x)">a</p>`), div(`<p style="width:EXPRESSION(x)">a</p>`), div(`<p style="w:exp/**/ression(x)">a</p>`),
		div(`<p style="w:\65xpression(x)">a</p>`), div(`<p style="background:&#117;rl(x)">a</p>`), div(`<p style="behavior:x">a</p>`),
		div(`<![CDATA[<script>]]>`), div(`<?php x ?>a`), `<!DOCTYPE html>` + div("a"), `<?xml version="1.0"?>` + div("a"),
		div(`<!--><script>x</script>-->a`), div(`<!---><script>x</script>-->a`), div(`<!-- a --!> <script>x</script> -->a`), div(`<!-- -- -->a`),
	} {
		if got := narrative(t, d); len(got) != 1 || got[0] != "Patient.text.div value" {
			t.Errorf("%s: %q", d, got)
		}
	}
}

func TestNarrativeRefusesWhatIsMalformed(t *testing.T) {
	for _, d := range []string{
		"text", "<p>a</p>", "<div>a</div>", `<div xmlns="x">a</div>`, div(""), div("  \n "), div("<p></p>"), div("a") + div("b"), div("a") + "b",
		div("<p>a"), div("a</p>"), div("<b><i>a</b></i>"), div("<br>a"), div("a < b"), div("<"), div("</"), div("< p>a</p>"), div("<p/ >a"),
		div("a & b"), div("&nbsp;"), div("&copy;"), div("&#0;"), div("&#x0;"), div("&#xD800;"), div("&#99999999;"), div("&#-1;"), div("&amp"), div("&;"),
		div(`<p title=a>a</p>`), div(`<p title>a</p>`), div(`<p title="a>a</p>`), div(`<p title="a<b">a</p>`), div(`<p title="&">a</p>`),
		div(`<p title="a" title="b">a</p>`), div(`<p title="a"id="b">a</p>`), div(`<p =""/>a`), div(`<p title="a" / >a`),
		`<div xmlns="http://www.w3.org/1999/xhtml"/>`, `<div xmlns="http://www.w3.org/1999/xhtml">`, `<div xmlns="http://www.w3.org/1999/xhtml"`, "<div", "<", " ",
		div(strings.Repeat("<b>", 70) + "a" + strings.Repeat("</b>", 70)), div("<!-- a"), div("<!-"), `<divx xmlns="http://www.w3.org/1999/xhtml">a</divx>`,
	} {
		if got := narrative(t, d); len(got) != 1 || got[0] != "Patient.text.div value" {
			t.Errorf("%s: %q", d, got)
		}
	}
}

func TestNarrativeNeedsItsParts(t *testing.T) {
	got := problems(t, `{"resourceType":"Patient","text":{"id":"a"}}`)
	if len(got) != 2 || got[0] != "Patient.text.status required" || got[1] != "Patient.text.div required" {
		t.Errorf("%q", got)
	}
}

func FuzzNarrative(f *testing.F) {
	f.Add(div(`<p class="a">b<br/></p><!-- c -->&amp;`))
	f.Add(div(`<a href="&#106;avascript:x">a</a>`))
	f.Add("<div xmlns=''/>")
	f.Fuzz(func(t *testing.T, s string) {
		if !json.Valid([]byte(`"` + s + `"`)) {
			return
		}
		lower := strings.ToLower(s)
		if got := narrative(t, s); got == nil && !strings.Contains(s, "<!--") &&
			(strings.Contains(lower, "<script") || strings.Contains(lower, "<svg") || strings.Contains(lower, "<![cdata")) {
			t.Errorf("accepted: %s", s)
		}
	})
}
