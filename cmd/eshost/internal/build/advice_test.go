package build_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/build"
)

// newC writes a new plugin in C, and gives its source.
func newC(t *testing.T, b *build.Builder) (dir, source string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "plugin")
	if _, err := b.Scaffold(dir, "c", "counter"); err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(dir, "counter.c")
}

// What an author of C did is said in the words of the SDK, at the author's line, and briefly.
func TestAMistakeInCIsSaidInAFewLines(t *testing.T) {
	b := builder(t)
	for name, test := range map[string]struct {
		old, new string
		want     []string
	}{
		"a field of another type": {"ESHOST_STRUCT(Increase, field(uint64_t, by))", "ESHOST_STRUCT(Increase, field(unsigned long, by))",
			[]string{"counter.c:6:", "unsigned is no type that a payload or a state can have: it is bool, int8_t to uint64_t"}},
		"a rejection that is not there": {"rejects(overflow)", "rejects(overflw)",
			[]string{"counter.c:19:", "there is no rejection overflw above: define it with ESHOST_REJECTION(overflw, "}},
		"a command that is not there": {"command(increase), ", "command(incraese), ",
			[]string{"counter.c:25:", "there is no command incraese above"}},
		"an event that is not there": {"event(increased), ", "event(incraesed), ",
			[]string{"counter.c:25:", "there is no event incraesed above"}},
		"a fold that is not there": {"static void decreased(uint64_t *value, const Decreased *event) { *value -= event->by; }", "",
			[]string{"counter.c:17:", "decreased is not defined: write static void decreased(uint64_t *state, const Decreased *event)"}},
		"no ESHOST_SERVE": {"ESHOST_SERVE(counter);", "", []string{"no file serves a type: add ESHOST_SERVE(...)"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, source := newC(t, b)
			change(t, source, test.old, test.new)
			_, err := b.Build(t.Context(), dir)
			var compile *build.CompileError
			if !errors.As(err, &compile) {
				t.Fatalf("error %v, want a *build.CompileError", err)
			}
			for _, want := range test.want {
				if !strings.Contains(compile.Output, want) {
					t.Errorf("it says\n%s\nwant %s", compile.Output, want)
				}
			}
			if lines := strings.Count(compile.Output, "\n") + 1; lines > 12 || strings.Contains(compile.Output, "expanded from") {
				t.Errorf("it says in %d lines\n%s", lines, compile.Output)
			}
		})
	}
}

func TestAFolderOfTestsAloneIsNoPlugin(t *testing.T) {
	b := builder(t)
	dir, source := newC(t, b)
	if err := os.Remove(source); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Build(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "the plugin's own sources are missing") {
		t.Errorf("error %v, want one that says what is missing", err)
	}
}

// A clang may name a linker that it cannot start.
func TestALinkerThatIsNotThereIsSaid(t *testing.T) {
	dir, bin := t.TempDir(), t.TempDir()
	put(t, dir, map[string]string{"plugin.c": "int x;\n"})
	put(t, bin, map[string]string{"ld/wasm-ld": "", "clang-19": "#!/bin/sh\ncase $1 in -dumpversion) echo 19.1.7;; -print-targets) echo wasm32;; " +
		"--target*) [ \"$2\" = -print-prog-name=wasm-ld ] && echo " + filepath.Join(bin, "ld", "wasm-ld") + " && exit 0\n" +
		"echo 'clang-19: error: unable to execute command: Executable \"wasm-ld\" doesn'\\''t exist!' >&2; exit 1;; esac\n"})
	t.Setenv("PATH", bin)
	_, err := build.New(nil).On("linux", bookworm).Build(t.Context(), dir)
	if err == nil || !strings.Contains(err.Error(), "needs the lld that belongs to clang-19, but clang-19 finds no wasm-ld; to install it: `sudo apt-get install lld-19`") {
		t.Errorf("error %v, want one about the linker", err)
	}
}
