package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// step is a command of the README, and what it prints there.
type step struct{ command, output string }

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// steps returns the commands of the README's blocks of a kind.
func steps(t *testing.T, kind string) []step { return stepsOf(t, "../../README.md", kind) }

// stepsOf returns the commands of a file's blocks of a kind: with what they print, unless they are scripts.
func stepsOf(t *testing.T, file, kind string) (all []step) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range fence.FindAllStringSubmatch(string(text), -1) {
		if block[1] != kind {
			continue
		}
		for line := range strings.Lines(block[2]) {
			switch command, isCommand := strings.CutPrefix(line, "$ "); {
			case kind == "sh" || kind == "shell":
				command, _, _ = strings.Cut(line, "  #")
				all = append(all, step{command: strings.TrimSpace(command)})
			case isCommand:
				all = append(all, step{command: strings.TrimSpace(command)})
			case len(all) == 0:
				t.Fatalf("a block begins with output: %q", line)
			default:
				all[len(all)-1].output += line
			}
		}
	}
	return all
}

// reader does what the README says, in one folder, as its reader would.
type reader struct {
	*testing.T
	dir, address string
	env          []string
	serving      *exec.Cmd
	said         *bytes.Buffer
}

func newReader(t *testing.T) *reader {
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "eshost")); err != nil { // TestMain knows it by this name
		t.Fatal(err)
	}
	return &reader{T: t, dir: t.TempDir(), address: address, env: append(os.Environ(),
		"PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"), "GOPROXY=off", "GOWORK=",
		"ESHOST_URL=http://"+address, "ESHOST__HTTP__LISTEN="+address)}
}

func (r *reader) command(text string) *exec.Cmd {
	text = strings.ReplaceAll(text, "127.0.0.1:8080", r.address)
	cmd := exec.Command("bash", "-c", "exec 2>&1; "+text)
	cmd.Dir, cmd.Env = r.dir, r.env
	return cmd
}

// serve starts a host and waits until it answers.
func (r *reader) serve(text string) {
	r.stop()
	r.serving, r.said = r.command("exec "+text), new(bytes.Buffer)
	r.serving.Stdout = r.said
	if err := r.serving.Start(); err != nil {
		r.Fatal(err)
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if resp, err := http.Get("http://" + r.address + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
	}
	r.stop()
	r.Fatalf("%s does not become ready; it says\n%s", text, r.said)
}

// stop interrupts the host, if there is one, and returns what it said.
func (r *reader) stop() string {
	if r.serving == nil {
		return ""
	}
	if err := r.serving.Process.Signal(os.Interrupt); err != nil {
		r.Error(err)
	}
	if err := r.serving.Wait(); err != nil {
		r.Errorf("%s: %v\n%s", r.serving, err, r.said)
	}
	r.serving = nil
	return r.said.String()
}

// check compares what was printed with what the README says, in which "..." stands for anything.
func (r *reader) check(s step, got string) {
	want := strings.ReplaceAll(regexp.QuoteMeta(strings.ReplaceAll(s.output, "127.0.0.1:8080", r.address)), `\.\.\.`, `(?s:.*)`)
	want = strings.ReplaceAll(want, `\(?s:`, `(?s:`)
	if !regexp.MustCompile(`^` + strings.TrimSpace(want) + `\s*$`).MatchString(strings.TrimSpace(got)) {
		r.Errorf("$ %s\nprints\n%s\nbut the README says\n%s", s.command, got, s.output)
	}
}

func TestTheReadmesTutorial(t *testing.T) {
	r := newReader(t)
	defer r.stop()
	plugins, err := filepath.Abs("../../plugins")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(plugins, filepath.Join(r.dir, "plugins")); err != nil { // the tutorial ends in the repository
		t.Fatal(err)
	}
	var served step
	finish := func() {
		if said := r.stop(); served.output != "" {
			first := min(len(said), strings.Index(said+"\nswapped", "\nswapped"))
			first = min(first, strings.Index(said[:first]+"\nbuilding", "\nbuilding"))
			first = min(first, strings.Index(said[:first]+"\nstopping", "\nstopping"))
			// The address is not the usual one, which is then said.
			r.check(served, strings.ReplaceAll(said[:first], " --url http://"+r.address, ""))
		}
	}
	ran := 0
	for _, s := range steps(t, "console") {
		ran++
		if regexp.MustCompile(`^eshost (dev|serve) `).MatchString(s.command) {
			finish()
			served = s
			r.serve(s.command)
			continue
		}
		var got []byte
		// A state may still be the one before the swap.
		for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
			var err error
			if got, err = r.command(s.command).Output(); err != nil {
				t.Fatalf("$ %s: %v\n%s", s.command, err, got)
			}
			if !strings.HasPrefix(s.command, "eshost state") || string(got) == s.output || time.Now().After(end) {
				break
			}
		}
		r.check(s, string(got))
	}
	finish()
	if ran < 15 {
		t.Errorf("only %d commands were found", ran)
	}
}

// TestTheReadmesSetUp runs the commands that set everything up. What would run
// this very test again, or take a network, is run as far as it goes without.
func TestTheReadmesSetUp(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t)
	defer r.stop()
	text := ""
	for _, s := range slices.Concat(steps(t, "sh")) {
		text += s.command + "\n"
		switch {
		case strings.HasPrefix(s.command, "git clone https://github.com/eshost/eshost && cd eshost"):
			if out, err := r.command(fmt.Sprintf("git clone -q %s eshost", root)).Output(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			r.dir = filepath.Join(r.dir, "eshost")
		case strings.HasPrefix(s.command, "make "):
			if out, err := r.command("make -n " + strings.TrimPrefix(s.command, "make ")).Output(); err != nil || len(out) == 0 {
				t.Errorf("%s: %v\n%s", s.command, err, out)
			}
		case strings.HasPrefix(s.command, "go install "):
			r.env = append(r.env, "GOBIN="+t.TempDir())
			if out, err := r.command(s.command).Output(); err != nil {
				t.Errorf("%s: %v\n%s", s.command, err, out)
			}
		case strings.HasPrefix(s.command, "go run ./cmd/eshost dev "):
			// What `go run` runs does not get its signals.
			if out, err := r.command("go build -o ../built ./cmd/eshost").Output(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			r.serve("../built " + strings.TrimPrefix(s.command, "go run ./cmd/eshost "))
			r.stop()
		case s.command == "":
		default:
			t.Errorf("nothing tests %q", s.command)
		}
	}
	if out, err := r.command("git status --porcelain").Output(); err != nil || len(out) > 0 {
		t.Errorf("what the README says changes the clone: %v\n%s", err, out)
	}
	for _, want := range []string{"git clone", "go run", "make test", "go install"} {
		if !strings.Contains(text, want) {
			t.Errorf("the README does not say %q", want)
		}
	}
}
