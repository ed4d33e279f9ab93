package suite_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"sluis/conformance/suite"
)

// handler lets a client ask a handler without a network.
type handler struct{ http.Handler }

func (h handler) RoundTrip(r *http.Request) (*http.Response, error) {
	a := httptest.NewRecorder()
	h.ServeHTTP(a, r)
	return a.Result(), nil
}

// A server that forgets what HEAD and 404 mean is told so.
func ExampleTarget_Run() {
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		fmt.Fprint(w, `{"resourceType":"Patient","id":"nobody"}`)
	})
	group, err := suite.Parse("http.html/read.txt", strings.Join([]string{
		"case a patient is a Patient  (http.html#read)",
		"GET /Patient/1",
		"= 200",
		`= json resourceType is "Patient"`,
		"case a resource that never was is 404  (http.html#read)",
		"GET /Patient/nobody",
		"= 404",
	}, "\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	target := suite.Target{Base: "http://fhir.example/r4", Client: &http.Client{Transport: handler{server}}}
	report := target.Run(context.Background(), []suite.Group{group})
	if err := report.Write(os.Stdout); err != nil {
		fmt.Println(err)
	}
	fmt.Println(report.Failed(), "failed")
	// Output:
	// FAILED http.html/read: a resource that never was is 404 (http.html#read)
	//        http.html/read.txt:6
	//     request   GET http://fhir.example/r4/Patient/nobody
	//     expected  404
	//     but       the status is 200
	//     came      200 OK
	//               Content-Type: application/fhir+json
	//               {"resourceType":"Patient","id":"nobody"}
	//
	// chapter                      passed failed skipped
	// http.html                         1      1       0
	// all                               1      1       0   2 requests to http://fhir.example/r4
	// 1 failed
}
