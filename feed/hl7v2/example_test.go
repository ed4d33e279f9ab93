package hl7v2_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sluis/feed"
	"sluis/feed/hl7v2"
)

func ExampleParse() {
	m, err := hl7v2.Parse([]byte("MSH|^~\\&|EPD|ZH|||20260314||ADT^A28|7|P|2.4\rPID|||7710042^^^ZH^PI||van Joost&van&Joost^Cornelia\r"), hl7v2.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	pid, _ := m.First("PID")
	name := pid.Field(5)
	fmt.Println(m.Type())
	fmt.Println(name.Component(2).Text(), name.Component(1).Sub(1).Text())
	// Output:
	// ADT A28
	// Cornelia van Joost
}

func ExampleTranslate() {
	c := feed.Config{Name: "zh-epd", Application: "EPD", Facility: "ZH", MessageTypes: []string{"ADT^A28"}}
	m, err := hl7v2.Parse([]byte("MSH|^~\\&|EPD|ZH|||20260314||ADT^A28|7|P|2.4\rPID|||7710042^^^ZH^PI||Jansen\r"), hl7v2.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := hl7v2.Translate(m, c)
	if err != nil {
		fmt.Println(err)
		return
	}
	var b struct {
		Type  string
		Entry []struct{ Request struct{ Method, URL string } }
	}
	if err := json.Unmarshal(d.Bundle, &b); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Source, d.Key)
	fmt.Println(b.Type, b.Entry[0].Request.Method, b.Entry[0].Request.URL)
	// Output:
	// EPD|ZH 7
	// transaction PUT Patient?identifier=urn%3Asluis%3Aassigner%3AZH%7C7710042
}

func ExampleAcknowledge() {
	at := time.Date(2026, 3, 14, 9, 30, 0, 0, time.UTC)
	m, err := hl7v2.Parse([]byte("MSH|^~\\&|EPD|ZH|SLUIS|ZH|20260314||ADT^A28|7|P|2.4\rPID|||123456789^^^NLMINBIZA^NNNLD\r"), hl7v2.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = hl7v2.Translate(m, feed.Config{Name: "zh-epd", MessageTypes: []string{"ADT^A28"}})
	fmt.Println(strings.ReplaceAll(string(hl7v2.Acknowledge(m, err, at, "A1")), "\r", "\n"))
	// Output:
	// MSH|^~\&|SLUIS|ZH|EPD|ZH|20260314093000+0000||ACK^A28^ACK|A1|P|2.4
	// MSA|AE|7|PID-3.1: the number is not a valid BSN
}
