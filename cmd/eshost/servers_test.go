package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/pebblestore"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
)

// servers are those of compose.yaml, as tests have them.
type servers struct {
	nats     *natstest.Server
	postgres *pgtest.Server
}

// at puts the tests' servers in the place of those that a text names.
func (s *servers) at(text string) string {
	return strings.NewReplacer("127.0.0.1:4222", s.nats.Addr(), "postgres://eshost:eshost@127.0.0.1:5432/eshost?sslmode=disable", s.postgres.URL()).Replace(text)
}

// follow runs the scripts of a file in order, from a folder that has what the repository's root has.
func (s *servers) follow(t *testing.T, file string, env ...string) (ran int) {
	r := newReader(t)
	defer r.stop()
	r.env = append(r.env, append([]string{"ESHOST__BENCH__ENTITIES=5", "ESHOST__BENCH__EVENTS=20"}, env...)...)
	for _, name := range []string{"plugins", "examples", "compose.yaml"} {
		path, err := filepath.Abs(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	someData(t, filepath.Join(r.dir, "restored-data"))
	for _, step := range stepsOf(t, filepath.Join("../..", file), "shell") {
		ran++
		command := s.at(step.command)
		switch {
		case strings.HasPrefix(command, "docker compose up -d"):
			checkCompose(t, strings.Fields(command)[4:])
		case strings.Contains(command, "eshost serve "):
			r.stop()
			r.serve("env " + command)
		default:
			out, err := r.command(command).Output()
			if err != nil || len(out) == 0 {
				t.Errorf("%s: $ %s: %v\n%s", file, step.command, err, out)
			}
			if strings.HasPrefix(command, "ESHOST__BENCH__EVENTS=42") && !strings.Contains(string(out), "5 entities x 42 events") {
				t.Errorf("the environment does not override the file:\n%s", out)
			}
			for _, secret := range []string{pgtest.Password, "geheim"} {
				if strings.Contains(string(out), secret) {
					t.Errorf("$ %s shows a secret:\n%s", step.command, out)
				}
			}
		}
	}
	return ran
}

// someData makes an embedded store with an entity.
func someData(t *testing.T, dir string) {
	s, err := pebblestore.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 10 {
		r := s.Append(t.Context(), stores.Fence{}, []stores.Commit{{Entity: stores.EntityID{Type: "order", ID: "o1"}, Expected: uint64(n), ID: stores.CommitID{byte(n)},
			Events: []stores.Event{{Name: "paid", Version: 1}}, Commands: []stores.CommandRecord{{Name: "pay", Events: 1, Seq: uint64(n + 1)}}}})[0]
		if r.Outcome != stores.Applied {
			t.Fatal(r.Err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// checkCompose looks whether compose.yaml has the services, all on the loopback interface.
func checkCompose(t *testing.T, names []string) {
	text, err := os.ReadFile("../../compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct{ Ports []string }
		Configs  map[string]struct{ Content string }
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		names = []string{"nats", "postgres"}
	}
	for _, name := range names {
		s, ok := file.Services[name]
		if !ok || len(s.Ports) == 0 {
			t.Errorf("compose.yaml has no service %s", name)
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("compose.yaml: %s is open to others: %s", name, port)
			}
		}
	}
	if !strings.Contains(file.Configs["nats"].Content, "sync_interval: always") {
		t.Error("compose.yaml: NATS does not sync what it acknowledges")
	}
}

func TestWhatTheReadmeAndTheExamplesSayOfServers(t *testing.T) {
	s := &servers{natstest.Start(t, &natstest.Options{SyncAlways: true}), pgtest.Start(t, nil)}
	_, port, _ := strings.Cut(s.postgres.Addr, ":")
	if _, err := s.postgres.Connect(t).Exec(t.Context(), "CREATE DATABASE test"); err != nil {
		t.Fatal(err)
	}
	for file, env := range map[string][]string{
		"README.md":                           nil,
		"examples/counter-nats/README.md":     {"ESHOST__STORE__URL=" + s.nats.URL() + "/counter?sync=always", "ESHOST__BENCH__STORE=" + s.nats.URL() + "?sync=always"},
		"examples/counter-postgres/README.md": {"ESHOST__STORE__POSTGRES__PORT=" + port, "ESHOST__STORE__POSTGRES__PASSWORD=geheim"},
	} {
		if ran := s.follow(t, file, env...); ran < 5 {
			t.Errorf("%s: only %d commands were found", file, ran)
		}
	}
}

func TestTheExamplesSayWhereTheServersOfComposeAre(t *testing.T) {
	for name, want := range map[string][]string{
		"counter-nats":     {"url: nats://127.0.0.1:4222/counter?sync=always", "entities: 50 # file", "events: 20000 # file"},
		"counter-postgres": {"url: 'postgres:'", "host: 127.0.0.1", "password: (redacted)", "dbname: eshost", "events: 20000 # file"},
	} {
		r := newReader(t)
		file, err := filepath.Abs("../../examples/" + name + "/eshost.yaml")
		if err != nil {
			t.Fatal(err)
		}
		out, err := r.command(fmt.Sprintf("eshost config --config '%s'", file)).Output()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		for _, line := range want {
			if !strings.Contains(string(out), line) && !strings.Contains(string(out), strings.ReplaceAll(line, "'", `"`)) {
				t.Errorf("%s: no %q in\n%s", name, line, out)
			}
		}
	}
}
