package portal

import (
	"net/http"

	"sluis/fhir"
)

// refusal is a problem that the portal itself sees, by its word.
type refusal struct {
	status int
	word   string
}

func (r refusal) Error() string { return "portal: " + r.word }

// refusals are how the gate's errors are told. Its own texts are for
// developers, in English; what is absent and what is hidden stay the same.
var refusals = map[fhir.Kind]refusal{
	fhir.Invalid:       {http.StatusBadRequest, "badForm"},
	fhir.Forbidden:     {http.StatusForbidden, "forbidden"},
	fhir.NotFound:      {http.StatusNotFound, "notFound"},
	fhir.Gone:          {http.StatusNotFound, "notFound"},
	fhir.Conflict:      {http.StatusConflict, "changed"},
	fhir.Precondition:  {http.StatusConflict, "changed"},
	fhir.Unprocessable: {http.StatusUnprocessableEntity, "unprocessable"},
	fhir.Unavailable:   {http.StatusServiceUnavailable, "unavailable"},
}

// fail answers with the page that says what went wrong. The cause goes to the
// log when it is a defect here.
func (v *visit) fail(err error) {
	told, ok := err.(refusal) //nolint:errorlint // made here, never wrapped
	if !ok {
		told, ok = refusals[fhir.KindOf(err)]
	}
	if !ok {
		told = refusal{http.StatusInternalServerError, "defect"}
	}
	if told.status >= http.StatusInternalServerError {
		v.Log.ErrorContext(v.r.Context(), "portal", "path", v.r.URL.Path, "error", err)
	}
	v.show(told.status, "problem", struct{ Text, Again string }{v.words[told.word], v.Login(Home)})
}
