package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/pebblestore"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
)

// manyCommits makes an embedded store with 200 commits of each of 500 entities.
func manyCommits(t *testing.T, dir string) {
	s, err := pebblestore.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 200 {
		all := make([]stores.Commit, 500)
		for e := range all {
			all[e] = stores.Commit{Entity: stores.EntityID{Type: "counter", ID: fmt.Sprint("e", e)}, Expected: uint64(n), ID: stores.CommitID{byte(n), byte(e), byte(e >> 8)},
				Events: []stores.Event{{Name: "increased", Version: 1}}, Commands: []stores.CommandRecord{{Name: "increase", Events: 1, Seq: uint64(n + 1)}}}
		}
		for _, r := range s.Append(t.Context(), stores.Fence{}, all) {
			if r.Outcome != stores.Applied {
				t.Fatal(r.Err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// killed starts a copy and kills it a moment after it begins to store. It reports whether it was still running.
func killed(r *reader, command string) bool {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", "exec "+command)
	cmd.Dir, cmd.Env = r.dir, r.env
	said, err := cmd.StderrPipe()
	if err != nil {
		r.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		r.Fatal(err)
	}
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "copy") {
			time.Sleep(rand.N(300 * time.Millisecond))
			_ = cmd.Process.Kill() // it may have ended
		}
	}
	return cmd.Wait() != nil
}

func TestACopyWhoseProcessIsKilledGoesOn(t *testing.T) {
	postgres, jetstream := pgtest.Start(t, nil), natstest.Start(t, nil)
	r := newReader(t)
	manyCommits(t, filepath.Join(r.dir, "source"))
	for name, target := range map[string]string{"postgres": postgres.URL(), "nats": jetstream.URL(), "pebble": "pebble:target"} {
		command := fmt.Sprintf("eshost store copy pebble:source '%s'", target)
		kills := 0
		for range 6 {
			if !killed(r, command) {
				continue
			}
			if kills++; kills == 1 { // what is there so far is not served, nor called whole
				for _, c := range []string{"store verify '%s'", "store copy '%s' pebble:of-a-part", "serve --store '%s' --listen 127.0.0.1:0"} {
					if out, err := r.command("timeout 30 eshost " + fmt.Sprintf(c, target)).CombinedOutput(); err == nil || !strings.Contains(string(out), "a copy that is not finished") {
						t.Errorf("%s: %s of a part of a copy: %v\n%s", name, c, err, out)
					}
				}
			}
		}
		if kills == 0 {
			t.Errorf("%s: it was never killed", name)
		}
		out, err := r.command(command + " --json").Output()
		if err != nil || !strings.Contains(string(out), `"entities":500,"commits":100000,"events":100000`) || !strings.Contains(string(out), `"resumed":true`) {
			t.Errorf("%s, after %d kills: %v\n%s", name, kills, err, out)
		}
		if out, err := r.command(fmt.Sprintf("eshost store verify '%s'", target)).Output(); err != nil || !strings.Contains(string(out), "whole     500 entities, 100000 commits") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestNoSecretIsInAnyOutput(t *testing.T) {
	const secret = "geheim"
	postgres := pgtest.Start(t, &pgtest.Options{CheckPassword: true})
	server := natstest.Start(t, &natstest.Options{Config: `authorization { token: "other" }`, Connect: []nats.Option{nats.Token("other")}})
	r := newReader(t)
	someData(t, filepath.Join(r.dir, "data"))
	at := (&url.URL{Scheme: "postgres", User: url.UserPassword(pgtest.User, secret), Host: postgres.Addr, Path: pgtest.Database, RawQuery: "sslmode=disable"}).String()
	for _, target := range []string{at, "nats://" + secret + "@" + server.Addr(), "nats://me:" + secret + "@" + server.Addr(), strings.Replace(at, "@", "/@", 1), at + "&password=" + secret, "mysql" + at} {
		for _, command := range []string{"store info '%s'", "store verify '%s'", "store copy pebble:data '%s'", "store copy '%s' pebble:new", "store backup '%s' backup", "store restore data '%s'", "bench --store '%s' --events 1",
			"serve --store '%s' x.wasm", "dev --store '%s' x.wasm"} {
			out, err := r.command("eshost " + fmt.Sprintf(command, target)).Output()
			if err == nil {
				t.Errorf("%s succeeds", command)
			}
			if strings.Contains(string(out), secret) {
				t.Errorf("%s shows the secret:\n%s", fmt.Sprintf(command, target), out)
			}
		}
	}
}
