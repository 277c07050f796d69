package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/config"
)

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "eshost.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func load(t *testing.T, s config.Sources) *config.Config {
	t.Helper()
	c, err := config.Load(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNothingSaidGivesTheDefaults(t *testing.T) {
	t.Chdir(t.TempDir())
	c := load(t, config.Sources{})
	want := config.Default()
	for _, pair := range [][2]any{{c.Plugins, want.Plugins}, {c.HTTP, want.HTTP}, {c.NATS, want.NATS}, {c.Store, want.Store}, {c.Host, want.Host}, {c.Bench, want.Bench}, {c.Log, want.Log}, {c.Tracing, want.Tracing}} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%+v, want %+v", pair[0], pair[1])
		}
	}
}

func TestEachSourceGoesOverTheOneBefore(t *testing.T) {
	file := write(t, `
plugins: [a.wasm, b]
http: {listen: "127.0.0.1:1", token: "from the file"}
store: {url: "pebble:file"}
host:
  idle_timeout: 5m
  memory_bytes: -1
log:
  # nothing here
types:
  a.type-with_all:
    snapshot_every: 0
  other: {drop_payloads: true}
`)
	c := load(t, config.Sources{
		File:  file,
		Env:   []string{"ESHOST__HTTP__LISTEN=127.0.0.1:2", "ESHOST__STORE__URL=pebble:env", "ESHOST__BENCH__EVENTS=42", "ESHOST__TRACING__SAMPLE_RATIO=0.5", "ESHOST__HTTP__ALLOWED_HOSTS=a, b,", "ESHOST__HOST__APPEND_TIMEOUT=1s", "ESHOST_URL=http://elsewhere", "HOME=/"},
		Flags: map[string]string{"store.url": "pebble:flag"}, FlagNames: map[string]string{"store.url": "--store"},
	})
	zero := 0
	for _, test := range []struct {
		key         string
		value, want any
		source      string
	}{
		{"plugins", c.Plugins, []string{"a.wasm", "b"}, "file " + file},
		{"http.token", c.HTTP.Token, "from the file", "file " + file},
		{"http.listen", c.HTTP.Listen, "127.0.0.1:2", "environment ESHOST__HTTP__LISTEN"},
		{"http.allowed_hosts", c.HTTP.AllowedHosts, []string{"a", "b"}, "environment ESHOST__HTTP__ALLOWED_HOSTS"},
		{"store.url", c.Store.URL, "pebble:flag", "flag --store"},
		{"bench.events", c.Bench.Events, 42, "environment ESHOST__BENCH__EVENTS"},
		{"host.idle_timeout", c.Host.IdleTimeout, 5 * time.Minute, "file " + file},
		{"host.memory_bytes", c.Host.MemoryBytes, int64(-1), "file " + file},
		{"host.append_timeout", c.Host.AppendTimeout, time.Second, "environment ESHOST__HOST__APPEND_TIMEOUT"},
		{"tracing.sample_ratio", c.Tracing.SampleRatio, 0.5, "environment ESHOST__TRACING__SAMPLE_RATIO"},
		{"log.level", c.Log.Level, "info", config.SourceDefault},
		{"types", c.Types, map[string]config.Type{"a.type-with_all": {SnapshotEvery: &zero}, "other": {DropPayloads: true}}, ""},
	} {
		if !reflect.DeepEqual(test.value, test.want) {
			t.Errorf("%s is %v, want %v", test.key, test.value, test.want)
		}
		if s := c.Source(test.key); s != test.source {
			t.Errorf("%s comes from %q, want %q", test.key, s, test.source)
		}
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	for _, test := range []struct {
		name, file string
		env        []string
		flags      map[string]string
		want       []string // of the text
	}{
		{name: "an unknown key of a file", file: "http: {listne: x}", want: []string{"unknown key http.listne", "http.listen"}},
		{name: "an unknown section", file: "web: {listen: x}", want: []string{"unknown key web.listen", "is http.listen meant?"}},
		{name: "an unknown empty section", file: "web:\n", want: []string{"unknown key web"}},
		{name: "an unknown key of a type", file: "types: {counter: {snapshots: 1}}", want: []string{"unknown key types.counter.snapshots"}},
		{name: "an unknown variable", env: []string{"ESHOST__STORE__URLL=x"}, want: []string{"environment: unknown key ESHOST__STORE__URLL", "ESHOST__STORE__URL meant"}},
		{name: "something far from everything", file: "zzzzzzzzzzzz: 1", want: []string{"unknown key zzzzzzzzzzzz", "`eshost config` lists"}},
		{name: "all problems at once", file: "a_b_c_d_e: 1\nhttp: {listne: 1}", env: []string{"ESHOST__HOST__WORKERS=x"}, want: []string{"a_b_c_d_e", "listne", `"x" is not an integer`}},
		{name: "no YAML", file: "a: [", want: []string{"is not YAML"}},
		{name: "a list at the top", file: "- a", want: []string{"is not YAML of keys and values"}},
		{name: "a key without a value", file: "http: {listen: }", want: []string{"http.listen has no value"}},
		{name: "text for a number", file: "host: {workers: many}", want: []string{"host.workers", "file "}},
		{name: "a fraction for an integer", file: "host: {workers: 1.5}", want: []string{"host.workers", "1.5 is not an integer"}},
		{name: "a number for a duration", file: "host: {idle_timeout: 30}", want: []string{"host.idle_timeout", "not a duration"}},
		{name: "a number for text", file: "http: {token: 12}", want: []string{"http.token"}},
		{name: "text for a list", file: "plugins: a.wasm", want: []string{"plugins"}},
		{name: "a negative size", file: "host: {batch_size: -1}", want: []string{"host.batch_size: -1 is negative", "file "}},
		{name: "a negative size from the environment", env: []string{"ESHOST__STORE__CACHE_BYTES=-1"}, want: []string{"store.cache_bytes: -1 is negative", "environment ESHOST__STORE__CACHE_BYTES"}},
		{name: "a bad duration of the environment", env: []string{"ESHOST__HOST__IDLE_TIMEOUT=5"}, want: []string{`"5" is not a duration`}},
		{name: "an address without a port", flags: map[string]string{"http.listen": "localhost"}, want: []string{`http.listen: "localhost" is not an address and a port`, "flag --listen"}},
		{name: "a port that is none", flags: map[string]string{"http.listen": "localhost:99999"}, want: []string{`"99999" is not a port`}},
		{name: "no store", flags: map[string]string{"store.url": ""}, want: []string{"store.url: no store is named"}},
		{name: "a folder that is no URL", flags: map[string]string{"store.url": "data"}, want: []string{"store.url: ", "pebble:data", "flag --store"}},
		{name: "a folder without a name", file: "store: {url: 'pebble:'}", want: []string{"store.url: names no folder"}},
		{name: "no store of snapshots", file: "store: {snapshots_url: tape}", want: []string{"store.snapshots_url: "}},
		{name: "no store of a benchmark", file: "bench: {store: tape}", want: []string{"bench.store: "}},
		{name: "settings of a store that is not in use", file: "store: {postgres: {host: db}}", want: []string{"store.postgres.host: is set, but no store's URL begins with postgres"}},
		{name: "a redacted URL", file: "store: {url: 'postgres://me:(redacted)@h/db'}", want: []string{"store.url: ", "in the place of a secret"}},
		{name: "a redacted password", file: "store: {url: 'postgres:', postgres: {password: (redacted)}}", want: []string{"store.postgres.password: "}},
		{name: "a level that is none", file: "log: {level: loud}", want: []string{`log.level: "loud" is none of`}},
		{name: "a format that is none", file: "log: {format: xml}", want: []string{`log.format: "xml" is none of`}},
		{name: "a share that is none", file: "host: {audit_share: -1}", want: []string{"host.audit_share: -1 is not between"}},
		{name: "a server that is none", file: "nats: {url: '127.0.0.1:4222'}", want: []string{"nats.url: want a URL such as nats://"}},
		{name: "a server with a password", file: "nats: {url: 'nats://me:geheim@127.0.0.1'}", want: []string{"nats.url: the URL has a user"}},
		{name: "a prefix that is none", file: "nats: {prefix: 'a.>'}", want: []string{`nats.prefix: "a.>": want words`}},
		{name: "a queue that is none", file: "nats: {queue: ''}", want: []string{"nats.queue: "}},
		{name: "a redacted token of NATS", file: "nats: {token: (redacted)}", want: []string{"nats.token: "}},
		{name: "a certificate alone", file: "nats: {certificate: c.pem}", want: []string{"nats.certificate and nats.key go together"}},
		{name: "a ratio that is none", file: "tracing: {sample_ratio: 2}", want: []string{"tracing.sample_ratio: 2 is not between"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			s := config.Sources{Env: test.env, Flags: test.flags, FlagNames: map[string]string{"http.listen": "--listen", "store.url": "--store"}}
			if test.file != "" {
				s.File = write(t, test.file)
			}
			_, err := config.Load(s)
			var wrong *config.Error
			if !errors.As(err, &wrong) {
				t.Fatalf("error %v, want a *config.Error", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestAFileThatIsNamedMustBeThere(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := config.Load(config.Sources{File: "missing.yaml"}); err == nil || !strings.Contains(err.Error(), "missing.yaml") {
		t.Errorf("error %v, want one about missing.yaml", err)
	}
	if err := os.WriteFile(config.DefaultFile, []byte("log: {level: debug}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c := load(t, config.Sources{}); c.Log.Level != "debug" {
		t.Errorf("the default file was not read: level %s", c.Log.Level)
	}
}

func TestThePrintedConfigurationIsAConfigurationWithoutSecrets(t *testing.T) {
	t.Chdir(t.TempDir())
	const secret = "hunter2"
	env := []string{"ESHOST__HTTP__TOKEN=" + secret, "ESHOST__NATS__PASSWORD=" + secret, "ESHOST__NATS__TOKEN=" + secret, "ESHOST__STORE__URL=postgres://me:" + secret + "@h/db", "ESHOST__STORE__SNAPSHOTS_URL=nats://" + secret + "@h", "ESHOST__BENCH__STORE=postgres://h/db?password=" + secret,
		"ESHOST__STORE__POSTGRES__PASSWORD=" + secret, "ESHOST__STORE__NATS__TOKEN=" + secret, "ESHOST__STORE__NATS__PASSWORD=" + secret, "ESHOST__PLUGINS=a,b", "ESHOST__TYPES__COUNTER__SNAPSHOT_EVERY=7"}
	c := load(t, config.Sources{Env: env})
	text, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"token: (redacted) # environment ESHOST__HTTP__TOKEN\n", "url: postgres://me:(redacted)@h/db # environment ESHOST__STORE__URL\n", "listen: 127.0.0.1:8080 # default\n", "idle_timeout: 10m0s # default\n", "plugins: [a, b] # environment ESHOST__PLUGINS\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no line %q in\n%s", want, text)
		}
	}
	for _, e := range c.Entries() {
		if text, ok := e.Value.(string); ok && strings.Contains(text, secret) {
			t.Errorf("%s shows the secret", e.Key)
		}
	}
	if strings.Contains(string(text), secret) {
		t.Errorf("the secret is shown in\n%s", text)
	}
	if _, err := config.Load(config.Sources{File: write(t, string(text))}); err == nil || !strings.Contains(err.Error(), "http.token") {
		t.Errorf("what stands in the place of a secret is taken for it: error %v", err)
	}
	again := load(t, config.Sources{File: write(t, strings.ReplaceAll(string(text), "(redacted)", secret))})
	if !reflect.DeepEqual(again.Host, c.Host) || !reflect.DeepEqual(again.Types, c.Types) || !reflect.DeepEqual(again.Plugins, c.Plugins) {
		t.Errorf("read again it is\n%+v\nwant\n%+v", again, c)
	}
}

func TestLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "127.9.9.9:80": true, "[::1]:80": true, "localhost:80": true,
		":80": false, "0.0.0.0:80": false, "[::]:80": false, "192.168.1.1:80": false, "example.com:80": false, "localhost.example.com:1": false,
	} {
		if got := (&config.HTTP{Listen: address}).Loopback(); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}
