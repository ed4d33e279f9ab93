package terminology

import (
	"strings"
	"time"

	"sluis/fhir"
)

// MaxCodes is how many codes one answer lists, and how many a search is widened
// to.
const MaxCodes = 10_000

// maxWork is how many concepts one request may look at.
const maxWork = 1_000_000

// Resolver finds what was uploaded: the CodeSystem or ValueSet with that
// canonical, of that version or, where version is "", the latest. Nil means that
// the caller can see none.
type Resolver func(resourceType, url, version string) (*fhir.Document, error)

// Service answers one request. It is not safe for concurrent use; making one is
// cheap.
type Service struct {
	resolve  Resolver
	at       time.Time // of the answer
	date     string    // definitions must not be younger: see dated
	versions versions
	left     int // of maxWork

	systems  map[string]*codeSystem
	sets     map[string]*valueSet
	open     []*valueSet // being evaluated, outermost first
	compiled map[compiledKey][]test
	verdicts map[question]verdict
	expanded map[*valueSet]*expansion
	used     map[string]bool // canonicals of the code systems that had a part
}

// versions are what $expand says of the versions of code systems: by url.
type versions struct{ usual, must, forced map[string]string }

// New makes a Service for one request. A nil Resolver is one that finds nothing.
func New(resolve Resolver, at time.Time) *Service {
	if resolve == nil {
		resolve = func(string, string, string) (*fhir.Document, error) { return nil, nil }
	}
	return &Service{
		resolve: bounded(resolve), at: at, left: maxWork,
		systems: map[string]*codeSystem{}, sets: map[string]*valueSet{}, compiled: map[compiledKey][]test{},
		verdicts: map[question]verdict{}, expanded: map[*valueSet]*expansion{}, used: map[string]bool{},
	}
}

// maxUploads is how many canonicals one request may have looked for.
const maxUploads = 200

// bounded counts what a Resolver is asked.
func bounded(resolve Resolver) Resolver {
	left := maxUploads
	return func(resourceType, url, version string) (*fhir.Document, error) {
		if left--; left < 0 {
			return nil, costly("the request depends on more than %d definitions", maxUploads)
		}
		return resolve(resourceType, url, version)
	}
}

// spend counts work; past the limit the request is refused.
func (s *Service) spend(n int) error {
	if s.left -= n; s.left < 0 {
		return costly("the request needs to look at more than %d concepts", maxWork)
	}
	return nil
}

// cutVersion splits a canonical at its bar.
func cutVersion(canonical string) (url, version string) {
	if i := strings.LastIndexByte(canonical, '|'); i >= 0 {
		return canonical[:i], canonical[i+1:]
	}
	return canonical, ""
}

// system is a code system, by its url and, where one is given, version. Some
// tables of HL7 v2 have a bar in their url. What R4 carries whole is R4's: an
// upload with the same url is reached by its version alone. The error is an
// unknownError when there is none, or none with its content.
func (s *Service) system(url, version string) (*codeSystem, error) {
	key := url + "|" + version
	if cs, ok := s.systems[key]; ok {
		return cs, nil
	}
	cs, err := s.findSystem(url, version)
	if err != nil {
		return nil, err
	}
	if cs.content == notPresent || cs.content == "supplement" {
		return nil, unknown("the content of the code system %s is not known to this server: its codes cannot be judged", shown(url))
	}
	if err := s.dated("code system", cs.canonical(), cs.date); err != nil {
		return nil, err
	}
	s.systems[key] = cs
	return cs, nil
}

func (s *Service) findSystem(url, version string) (*codeSystem, error) {
	if g := grammars[url]; g != nil && version == "" {
		return g.system(url), nil
	}
	built := builtinSystems.find(url, version)
	if built == nil && version == "" && strings.Contains(url, "|") {
		return s.findSystem(cutVersion(url))
	}
	if built != nil && built.whole() {
		return built, nil
	}
	doc, err := s.resolve("CodeSystem", url, version)
	switch {
	case err != nil:
		return nil, err
	case doc != nil:
		return readCodeSystem(doc)
	case built != nil:
		return built, nil
	case version != "":
		return nil, unknown("version %s of the code system %s is not known to this server", shown(version), shown(url))
	}
	return nil, unknown("the code system %s is not known to this server", shown(url))
}

// set is a value set by its canonical: R4's, an uploaded one, or all codes of a
// code system that names the canonical as its value set.
func (s *Service) set(canonical string) (*valueSet, error) {
	if vs, ok := s.sets[canonical]; ok {
		return vs, nil
	}
	url, version := cutVersion(canonical)
	vs, err := s.findSet(url, version)
	if err != nil {
		return nil, err
	}
	if err := s.dated("value set", canonical, vs.date); err != nil {
		return nil, err
	}
	s.sets[canonical] = vs
	return vs, nil
}

func (s *Service) findSet(url, version string) (*valueSet, error) {
	if vs := builtinSets.find(url, version); vs != nil {
		return vs, nil
	}
	doc, err := s.resolve("ValueSet", url, version)
	if err != nil {
		return nil, err
	}
	if doc != nil {
		return readValueSet(doc)
	}
	if system, ok := builtinSystems.index().implicit[url]; ok && (version == "" || version == builtinSystems.index().places[system].version) {
		return &valueSet{url: url, version: version, status: "active", include: []*clause{{system: system}}}, nil
	}
	if version != "" {
		return nil, unknown("version %s of the value set %s is not known to this server", shown(version), shown(url))
	}
	return nil, unknown("the value set %s is not known to this server", shown(url))
}

// dated refuses a definition that is younger than the date asked for: this
// server has one form of each, and what it was before is not known.
func (s *Service) dated(kind, canonical, date string) error {
	n := min(len(s.date), len(date), len("2006-01-02"))
	if n == 0 || date[:n] <= s.date[:n] {
		return nil
	}
	return unsupported("the %s %s is of %s: what it was on %s is not known", kind, shown(canonical), date, shown(s.date))
}

// chosen is the version of a system that a clause is about, by what the clause
// and the request say.
func (s *Service) chosen(system, version string) (string, error) {
	if v, ok := s.versions.forced[system]; ok {
		return v, nil
	}
	if v, ok := s.versions.must[system]; ok && version != "" && version != v {
		return "", fhir.NewError(fhir.Unprocessable, "business-rule", "the value set is about version "+shown(version)+" of the code system "+shown(system)+", and "+shown(v)+" is asked for")
	} else if ok {
		return v, nil
	}
	if version == "" {
		return s.versions.usual[system], nil
	}
	return version, nil
}

// enter guards against value sets that include themselves; leave ends it.
func (s *Service) enter(vs *valueSet) error {
	for _, o := range s.open {
		if o == vs {
			return defect("the value set %s includes itself by way of %s", shown(vs.url), shown(s.open[len(s.open)-1].url))
		}
	}
	if len(s.open) >= maxImports {
		return costly("value sets include each other over more than %d steps", maxImports)
	}
	s.open = append(s.open, vs)
	return nil
}

func (s *Service) leave() { s.open = s.open[:len(s.open)-1] }

// maxImports is how deep value sets may include each other; R4's go 3 deep.
const maxImports = 30
