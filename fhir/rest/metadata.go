package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"sluis/conformance"
	"sluis/conformance/terminology"
	"sluis/fhir"
)

// capabilities answers GET /metadata (R4 http.html#capabilities), the one
// interaction that needs no token. The ETag names the content, which changes only
// with the release and the search parameters.
func (s *server) capabilities(w http.ResponseWriter, r *http.Request) {
	x := s.exchange(w, r)
	x.ix = fhir.Interaction{Kind: fhir.Capabilities}
	body, err := x.metadata()
	if err != nil {
		x.fail(err)
		return
	}
	sum := sha256.Sum256(body)
	tag := `W/"` + hex.EncodeToString(sum[:8]) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache") // keep it, and ask whether it still holds
	if known := strings.Join(r.Header.Values("If-None-Match"), ","); slices.ContainsFunc(strings.Split(known, ","), func(t string) bool {
		return strings.TrimSpace(t) == tag || strings.TrimSpace(t) == "*"
	}) {
		x.write(http.StatusNotModified, nil)
		return
	}
	x.write(http.StatusOK, body)
}

// metadata is the resource of the mode, or the part of it, that is asked for.
func (x *exchange) metadata() ([]byte, error) {
	params, err := fhir.ParseParams(x.r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	if x.form, err = negotiate(x.r.Header, params); err != nil {
		return nil, err
	}
	return x.statement(params)
}

// statement is metadata without the form it is written in.
func (x *exchange) statement(params []fhir.Param) ([]byte, error) {
	mode, given, err := single(params, "mode")
	if err != nil {
		return nil, err
	}
	if !given {
		mode = "full"
	}
	resourceType := "CapabilityStatement"
	if mode == "terminology" {
		resourceType = "TerminologyCapabilities"
	}
	part, err := readSubset(fhir.Interaction{Type: resourceType, Params: params})
	if err != nil {
		return nil, err
	}
	body := x.declared(mode)
	if body == nil {
		return nil, fhir.NewError(fhir.Invalid, "value", "mode is full, normative or terminology", "mode")
	}
	if part.IsZero() {
		return body, nil
	}
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return nil, err
	}
	return part.Apply(doc.Root()), nil
}

// statements keeps what was written of one set of search parameters.
type statements struct {
	mu   sync.Mutex
	of   *conformance.Definitions
	mode map[string][]byte
}

// declared is the statement of a mode; nil for what is none.
func (s *server) declared(mode string) []byte {
	defs := s.definitions()
	s.statements.mu.Lock()
	defer s.statements.mu.Unlock()
	if s.statements.of != defs {
		s.statements.of, s.statements.mode = defs, map[string][]byte{}
	}
	body, ok := s.statements.mode[mode]
	switch {
	case ok:
		return body
	case mode == "full" || mode == "normative":
		body = s.writeStatement(defs, mode == "normative")
	case mode == "terminology":
		body = s.writeTerminology()
	default:
		return nil
	}
	s.statements.mode[mode] = body
	return body
}

// definitions are the search parameters that searches are answered by.
func (s *server) definitions() *conformance.Definitions {
	if s.Gate != nil {
		return s.Gate.Definitions()
	}
	return conformance.R4()
}

// The parts of a TerminologyCapabilities that are written here (R4
// terminologycapabilities.html).
type (
	terminologyPart struct {
		ResourceType string       `json:"resourceType"`
		Status       string       `json:"status"`
		Date         string       `json:"date"`
		Kind         string       `json:"kind"`
		Software     namedPart    `json:"software"`
		Implement    described    `json:"implementation"`
		CodeSystem   []systemPart `json:"codeSystem,omitempty"`
		ValidateCode *translated  `json:"validateCode,omitempty"`
	}
	namedPart struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	systemPart struct {
		URI      string `json:"uri"`
		Subsumes bool   `json:"subsumption"`
	}
	translated struct {
		Translations bool `json:"translations"`
	}
)

// writeTerminology lists the code systems of R4 whose content is here. Those that
// are uploaded are not listed: who may see one is for the gate to say.
func (s *server) writeTerminology() []byte {
	out := terminologyPart{
		ResourceType: "TerminologyCapabilities", Status: "active", Date: s.date(), Kind: "instance",
		Software: namedPart{"Sluis", s.Software.Version}, Implement: described{"Sluis FHIR R4 server", s.Base},
	}
	calls := func(name string) bool {
		return slices.ContainsFunc(operations, func(o operation) bool { return o.name == name })
	}
	if calls("validate-code") {
		out.ValidateCode = &translated{}
	}
	if calls("lookup") {
		for _, uri := range terminology.Systems() {
			out.CodeSystem = append(out.CodeSystem, systemPart{uri, calls("subsumes")})
		}
	}
	body, err := json.Marshal(out)
	if err != nil {
		panic(err) // plain structs: cannot be
	}
	return body
}
