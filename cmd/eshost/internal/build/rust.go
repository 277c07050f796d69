package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const wasmTarget = "wasm32-unknown-unknown"

// rustSource is a Rust compiler with the source of the library that belongs to it.
type rustSource struct{ rustc, std string }

// debianRust is where Debian's packages have them.
var debianRust = rustSource{"/usr/bin/rustc", "/usr/lib/rustlib/src/rust/library/std/Cargo.toml"}

// compileRust compiles a Rust plugin in release form, where cargo keeps what it builds.
func (b *Builder) compileRust(ctx context.Context, dir string) ([]byte, error) {
	if !found("cargo") {
		return nil, b.missing(dir, toolCargo, "cargo is not in the path")
	}
	env, flags, err := b.rustToolchain(ctx, dir)
	if err != nil {
		return nil, err
	}
	if err := b.fetchCrates(ctx, dir, env); err != nil {
		return nil, err
	}
	place, release, err := b.claim(ctx, dir, env)
	if err != nil {
		return nil, err
	}
	defer release()
	messages, err := b.compile(ctx, &command{dir: dir, env: env, name: "cargo", args: slices.Concat([]string{
		"build", "--quiet", "--release", "--target", wasmTarget, "--message-format=json-render-diagnostics"}, place, flags)})
	if err != nil {
		return nil, err
	}
	file, err := artifact(messages, resolved(filepath.Join(dir, "Cargo.toml")))
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %w", dir, err)
	}
	if file == "" {
		return nil, &CompileError{dir, `the build made no plugin: Cargo.toml needs [lib] with crate-type = ["cdylib"]`}
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %w", dir, err)
	}
	return wasm, nil
}

// rustToolchain says with which environment and flags cargo compiles to
// WebAssembly in a folder: as it is if its compiler has the target, else with Debian's compiler,
// for which it builds the library too.
func (b *Builder) rustToolchain(ctx context.Context, dir string) (env, flags []string, err error) {
	ask := &command{dir: dir, name: rustc(), args: []string{"--print", "target-libdir", "--target", wasmTarget}}
	libraries, said, err := ask.run(ctx)
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	if err == nil && isFolder(strings.TrimSpace(libraries)) {
		return nil, nil, nil
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, nil, b.missing(dir, toolCargo, ask.name+" is not in the path")
	}
	if !isFile(b.rust.rustc) || !isFile(b.rust.std) {
		why := "the active compiler does not have it"
		if err != nil {
			why = "the active compiler says: " + strings.TrimSpace(said)
		}
		if found("rustup") {
			return nil, nil, b.missing(dir, toolWasmTarget, why)
		}
		return nil, nil, b.missing(dir, toolWasmTargetWithoutRustup, why)
	}
	linker := newest("wasm-ld")
	if linker == "" {
		return nil, nil, b.missing(dir, toolWasmLinker, "wasm-ld is not in the path")
	}
	env = []string{"RUSTC=" + b.rust.rustc, "RUSTC_BOOTSTRAP=1", "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=" + linker}
	return env, []string{"-Z", "build-std=std,panic_abort"}, nil
}

// rustc is the compiler that cargo runs.
func rustc() string {
	if name := os.Getenv("RUSTC"); name != "" {
		return name
	}
	return "rustc"
}

// artifact is the .wasm file that cargo says it has made of a package; "" if it made none.
func artifact(messages, manifest string) (file string, err error) {
	for d := json.NewDecoder(strings.NewReader(messages)); ; {
		var m struct {
			Reason    string
			Manifest  string `json:"manifest_path"`
			Target    struct{ Kind []string }
			Filenames []string
		}
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return file, nil
		} else if err != nil {
			return "", fmt.Errorf("read what cargo says: %w", err)
		}
		if m.Reason != "compiler-artifact" || !slices.Contains(m.Target.Kind, "cdylib") || resolved(m.Manifest) != manifest {
			continue
		}
		for _, name := range m.Filenames {
			if filepath.Ext(name) == ".wasm" {
				file = name
			}
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
