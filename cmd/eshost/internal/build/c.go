package build

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// cSources are the files that a C or C++ plugin is made of.
var cSources = []string{"*.c", "*.cc", "*.cpp"}

// The versions of clang that are looked for by their number, the best first.
const newestClang, oldestClang = 22, 15

// cFlags make a small module without a C library, of features that every engine has.
var cFlags = strings.Fields("--target=" + wasmTarget + " -Oz -ffreestanding -nostdlib -mcpu=mvp -msign-ext " +
	"-Wl,--no-entry,--stack-first,-z,stack-size=65536,--strip-all,--compress-relocations")

// cxxFlags are added for C++, whose exceptions take a library.
var cxxFlags = []string{"-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"}

// compileC compiles a C or C++ plugin: all sources in its folder but the tests, with the flags of its compile_flags.txt.
func (b *Builder) compileC(ctx context.Context, dir string) ([]byte, error) {
	clang, err := b.clang(ctx, dir)
	if err != nil {
		return nil, err
	}
	own, err := compileFlags(filepath.Join(dir, "compile_flags.txt"))
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %w", dir, err)
	}
	sources := slices.DeleteFunc(matching(dir, cSources), func(name string) bool {
		return strings.HasSuffix(strings.TrimSuffix(name, filepath.Ext(name)), "_test")
	})
	for _, name := range sources {
		if strings.ContainsRune("-@", rune(name[0])) {
			return nil, &CompileError{dir, fmt.Sprintf("%s: the compiler would take this name for a flag: rename the file", name)}
		}
	}
	return b.compileTo(ctx, &command{dir: dir, name: clang[0]}, func(target string) []string {
		args := slices.Concat(clang[1:], cFlags)
		if slices.ContainsFunc(sources, func(name string) bool { return filepath.Ext(name) != ".c" }) {
			args = append(args, cxxFlags...)
			own = slices.DeleteFunc(own, func(flag string) bool { // a standard of C, as a new folder names one
				return strings.HasPrefix(flag, "-std=") && !strings.Contains(flag, "++")
			})
		}
		return slices.Concat(args, own, []string{"-o", target}, sources)
	})
}

// clang is the newest clang that can make WebAssembly, and the arguments by which it finds its linker.
func (b *Builder) clang(ctx context.Context, dir string) ([]string, error) {
	why := "clang is not in the path"
	for _, name := range clangs() {
		if !found(name) {
			continue
		}
		version, _, err := (&command{dir: dir, name: name, args: []string{"-dumpversion"}}).run(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		major, _, _ := strings.Cut(strings.TrimSpace(version), ".")
		if n, e := strconv.Atoi(major); err != nil || e != nil || n < oldestClang {
			why = fmt.Sprintf("%s is version %s", name, strings.TrimSpace(version))
			continue
		}
		if targets, _, err := (&command{dir: dir, name: name, args: []string{"-print-targets"}}).run(ctx); err != nil || !strings.Contains(targets, "wasm32") {
			why = name + " does not compile to WebAssembly"
			continue
		}
		linker, _, err := (&command{dir: dir, name: name, args: []string{"--target=" + wasmTarget, "-print-prog-name=wasm-ld"}}).run(ctx)
		if err == nil && filepath.IsAbs(strings.TrimSpace(linker)) {
			return []string{name}, nil
		}
		for _, linker := range []string{"wasm-ld-" + major, "wasm-ld"} {
			if path, err := exec.LookPath(linker); err == nil {
				return []string{name, "-fuse-ld=" + path}, nil
			}
		}
		why = name + " is there, but no wasm-ld"
	}
	return nil, b.missing(dir, toolClang, why)
}

// clangs are the names that clang may have, the best first.
func clangs() (names []string) {
	names = numbered("clang")
	// Where Homebrew keeps the one that is not Apple's.
	return append(names, "/opt/homebrew/opt/llvm/bin/clang", "/usr/local/opt/llvm/bin/clang")
}

// numbered are the names that a program of LLVM may have, the newest first.
func numbered(program string) (names []string) {
	for n := newestClang; n >= oldestClang; n-- {
		names = append(names, fmt.Sprintf("%s-%d", program, n))
	}
	return append(names, program)
}

// newest is the newest program of LLVM of this name that is in the path; "" if there is none.
func newest(program string) string {
	for _, name := range numbered(program) {
		if found(name) {
			return name
		}
	}
	return ""
}

// compileFlags reads the flags of a folder, one a line, as clangd and other tools do.
func compileFlags(name string) (flags []string, err error) {
	f, err := os.Open(name)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		if flag := strings.TrimSpace(s.Text()); flag != "" {
			flags = append(flags, flag)
		}
	}
	return flags, s.Err()
}
