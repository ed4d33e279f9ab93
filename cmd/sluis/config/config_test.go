package config_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"sluis/cmd/sluis/config"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestLoad_EveryProblemAtOnce(t *testing.T) {
	_, err := config.Load("testdata/broken.yaml", nil)
	var problems config.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("Load = %v, want Problems", err)
	}
	golden(t, "testdata/broken.golden", err.Error()+"\n")
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (run with -update after a look):\n%s", file, got)
	}
}

func TestLoad_Example(t *testing.T) {
	cfg, err := config.Load("../../../sluis.example.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join("..", "..", "..", "data"); cfg.Data != want {
		t.Errorf("Data = %q, want it beside the file: %q", cfg.Data, want)
	}
	if got, _ := cfg.Custodian("hospital-psychiatry"); got.PartOf != "hospital" {
		t.Errorf("custodian = %+v", got)
	}
	if len(cfg.Clients) != 3 || !json.Valid(cfg.Clients[0].JWKS) {
		t.Errorf("clients = %+v", cfg.Clients)
	}
	if got := cfg.Feeds[0].Assigners["ZHS"]; got != "https://ziekenhuis.example/mrn" {
		t.Errorf("assigner ZHS = %q", got)
	}
}

// TestLoad_ExampleNamesEverySetting keeps the example whole: every setting
// that has a variable stands in it.
func TestLoad_ExampleNamesEverySetting(t *testing.T) {
	text, err := os.ReadFile("../../../sluis.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name := range config.Fields() {
		last := name[strings.LastIndexAny(name, ".]")+1:]
		if last != "client_secret" && !strings.Contains(string(text), last+":") {
			t.Errorf("sluis.example.yaml does not show %s", name)
		}
	}
}

func TestLoad_NothingIsDefault(t *testing.T) {
	cfg, err := config.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.BaseURL = "http://127.0.0.1:8080/fhir"
	want.Home, want.Custodians = "home", []config.Custodian{config.DefaultCustodian}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("Load = %+v\nwant %+v", cfg, want)
	}
	if cfg.Location().String() != "Europe/Amsterdam" {
		t.Errorf("Location = %v", cfg.Location())
	}
}

// environment has a value for every variable, and what it must come to.
var environment = []struct {
	name, value string
	got         func(config.Config) any
	want        any
}{
	{"SLUIS_LISTEN", "0.0.0.0:9090", func(c config.Config) any { return c.Listen }, "0.0.0.0:9090"},
	{"SLUIS_DATA", "/srv/sluis", func(c config.Config) any { return c.Data }, "/srv/sluis"},
	{"SLUIS_DATABASE", "postgres://u@db/sluis", func(c config.Config) any { return string(c.Database) }, "postgres://u@db/sluis"},
	{"SLUIS_DATABASE_FILE", "testdata/database", func(c config.Config) any { return string(c.Database) }, "postgres://sluis@db/sluis"},
	{"SLUIS_BASE_URL", "https://fhir.example/r4", func(c config.Config) any { return c.BaseURL }, "https://fhir.example/r4"},
	{"SLUIS_HOME", "practice", func(c config.Config) any { return c.Home }, "practice"},
	{"SLUIS_ZONE", "UTC", func(c config.Config) any { return c.Zone }, "UTC"},
	{"SLUIS_CUSTODIANS", "[{id: hospital, name: H}, {id: other, name: O, ura: 00000001}]", func(c config.Config) any { return c.Custodians[1].URA }, "00000001"},
	{"SLUIS_CLIENTS", `[{"id": "app", "scopes": ["patient/*.rs"]}]`, func(c config.Config) any { return c.Clients[0].Scopes }, []string{"patient/*.rs"}},
	{"SLUIS_FEEDS", "[{name: epd, kind: mllp, listen: ':2575', custodian: hospital, application: E, facility: H, message_types: [ADT^A01], labels: ['s|PSY']}]",
		func(c config.Config) any { return c.Feeds[0].Labels }, []config.Label{{System: "s", Code: "PSY"}}},
	{"SLUIS_CONDITIONAL_DELETE", "multiple", func(c config.Config) any { return c.ConditionalDelete }, "multiple"},
	{"SLUIS_TRUSTED_ASSIGNERS", "urn:oid:1.2, urn:oid:1.3", func(c config.Config) any { return c.TrustedAssigners }, []string{"urn:oid:1.2", "urn:oid:1.3"}},
	{"SLUIS_CONSENT_PROFILE", "pcf", func(c config.Config) any { return c.Consent.Profile }, "pcf"},
	{"SLUIS_CONSENT_STRATEGY", "deny-overrides", func(c config.Config) any { return c.Consent.Strategy }, "deny-overrides"},
	{"SLUIS_CONSENT_FLOOR_PURPOSES", "HPAYMT,HMARKT", func(c config.Config) any { return c.Consent.FloorPurposes }, []string{"HPAYMT", "HMARKT"}},
	{"SLUIS_PORTAL_UPSTREAM_ISSUER", "https://login.example", func(c config.Config) any { return c.Portal.Upstream.Issuer }, "https://login.example"},
	{"SLUIS_PORTAL_UPSTREAM_CLIENT_ID", "another", func(c config.Config) any { return c.Portal.Upstream.ClientID }, "another"},
	{"SLUIS_PORTAL_UPSTREAM_CLIENT_SECRET", "s3", func(c config.Config) any { return string(c.Portal.Upstream.ClientSecret) }, "s3"},
	{"SLUIS_PORTAL_UPSTREAM_CLIENT_SECRET_FILE", "testdata/secret", func(c config.Config) any { return string(c.Portal.Upstream.ClientSecret) }, "open sesame"},
	{"SLUIS_PORTAL_UPSTREAM_ACR", "low,high", func(c config.Config) any { return c.Portal.Upstream.ACR }, []string{"low", "high"}},
	{"SLUIS_LOG_LEVEL", "debug", func(c config.Config) any { return c.Log.Level }, "debug"},
	{"SLUIS_LIMITS_MAX_BODY", "1MiB", func(c config.Config) any { return c.Limits.MaxBody }, config.Size(1 << 20)},
	{"SLUIS_LIMITS_LARGE_BODIES", "2MiB", func(c config.Config) any { return c.Limits.LargeBodies }, config.Size(2 << 20)},
	{"SLUIS_LIMITS_REQUEST_TIMEOUT", "2m", func(c config.Config) any { return c.Limits.RequestTimeout }, 2 * time.Minute},
}

func TestLoad_EveryVariableOverridesTheFile(t *testing.T) {
	var tested []string
	for _, tt := range environment {
		tested = append(tested, tt.name)
		t.Run(tt.name, func(t *testing.T) {
			cfg, err := config.Load("testdata/whole.yaml", []string{"HOME=/", tt.name + "=" + tt.value})
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.got(cfg); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%s=%s gives %v, want %v", tt.name, tt.value, got, tt.want)
			}
		})
	}
	if all := config.Variables(); !slices.Equal(tested, all) {
		t.Errorf("tested variables\n%v\nall variables\n%v", tested, all)
	}
}

func TestLoad_Order(t *testing.T) {
	environ := []string{"SLUIS_LISTEN=127.0.0.1:2", "SLUIS_DATABASE_FILE=testdata/database"}
	cfg, err := config.Load("testdata/whole.yaml", environ,
		config.Flag{Name: "listen", Value: "127.0.0.1:3"},
		config.Flag{Name: "log.level", Value: ""},
		config.Flag{Name: "database", Value: "postgres://flag/sluis"})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Listen != "127.0.0.1:3" || cfg.Database != "postgres://flag/sluis" || cfg.Log.Level != "warn" {
		t.Errorf("Listen %s, Database %s, Level %s", cfg.Listen, string(cfg.Database), cfg.Log.Level)
	}
}

func TestLoad_ProblemsOutsideTheFile(t *testing.T) {
	environ := []string{
		"SLUIS_LISTEN=nowhere", "SLUIS_LISTENS=x", "SLUIS_CLIENTS=[", "SLUIS_FEEDS={}", "SLUIS_CUSTODIANS=[{id: a, id: b}]",
		"SLUIS_DATABASE=mysql://u:hunter2@h/d", "SLUIS_DATABASE_FILE=testdata/database", "SLUIS_HOME=", "SLUIS_REQUIRE_ALL=1", "SLUIS_TEST_X=1",
		"SLUIS_PORTAL_UPSTREAM_ISSUER=ftp://x", "SLUIS_PORTAL_UPSTREAM_CLIENT_SECRET_FILE=testdata/empty",
	}
	_, err := config.Load("", environ, config.Flag{Name: "zone", Value: "Local"}, config.Flag{Name: "colour", Value: "blue"})
	if err == nil {
		t.Fatal("Load took it")
	}
	golden(t, "testdata/environment.golden", err.Error()+"\n")
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("a problem shows a password")
	}
}

func TestLoad_NotOneYAMLDocument(t *testing.T) {
	for name, text := range map[string]string{
		"tab":    "listen: 127.0.0.1:1\n\tdata: x\n",
		"two":    "listen: 127.0.0.1:1\n---\ndata: x\n",
		"scalar": "listen\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "sluis.yaml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := config.Load(file, nil)
			var problems config.Problems
			if !errors.As(err, &problems) || problems[0].Place.Source != file || problems[0].Place.Line == 0 {
				t.Errorf("Load = %v, want a problem with its line", err)
			}
		})
	}
	if _, err := config.Load("testdata/none.yaml", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load of a missing file = %v", err)
	}
}

func TestSecret_DoesNotPrint(t *testing.T) {
	cfg := config.Config{Database: "hunter2"}
	out, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprintf("%v %+v %#v %s %s", cfg, cfg, cfg, cfg.Database, out)
	if strings.Contains(printed, "hunter2") || !strings.Contains(printed, "[secret]") {
		t.Errorf("printed: %s", printed)
	}
}

func TestDefaultBase(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080/fhir",
		":8080":          "http://localhost:8080/fhir",
		"[::]:80":        "http://localhost:80/fhir",
		"[::1]:80":       "http://[::1]:80/fhir",
		"127.0.0.1:0":    "",
	} {
		if got := config.DefaultBase(listen); got != want {
			t.Errorf("DefaultBase(%q) = %q, want %q", listen, got, want)
		}
	}
}

func ExampleLoad() {
	_, err := config.Load("", []string{"SLUIS_LISTEN=localhost", "SLUIS_LOG_LEVLE=debug"})
	fmt.Println(err)
	// Output:
	// SLUIS_LISTEN: listen: "localhost" is not an address such as 127.0.0.1:8080
	// SLUIS_LOG_LEVLE: no such setting
}

// TestLoad_Compose loads what docker-compose.yml gives the server.
func TestLoad_Compose(t *testing.T) {
	text, err := os.ReadFile("../../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Services map[string]struct{ Environment map[string]string }
		Configs  map[string]struct{ Content string }
	}
	if err := yaml.Unmarshal(text, &compose); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "sluis.yaml")
	if err := os.WriteFile(file, []byte(compose.Configs["sluis"].Content), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{"SLUIS_LISTEN=0.0.0.0:8080", "SLUIS_DATA=/data"} // of the image
	for name, value := range compose.Services["sluis"].Environment {
		if name == "SLUIS_DATABASE_FILE" {
			value = "testdata/database" // the first start makes the real one
		}
		environ = append(environ, name+"="+value)
	}
	cfg, err := config.Load(file, environ)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Feeds) != 1 || cfg.Database == "" || cfg.BaseURL != "http://127.0.0.1:8080/fhir" {
		t.Errorf("Load = %+v", cfg)
	}
}
