package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const oldestNode = 20

// compileAssemblyScript compiles an AssemblyScript plugin as its asconfig.json
// says. It installs the packages that its package.json names, if that was not done yet.
func (b *Builder) compileAssemblyScript(ctx context.Context, dir string) ([]byte, error) {
	if err := b.checkNode(ctx, dir); err != nil {
		return nil, err
	}
	if err := b.installPackages(ctx, dir); err != nil {
		return nil, err
	}
	compiler := ascOf(dir)
	if compiler == "" {
		return nil, &CompileError{dir, "npm did not install the compiler: package.json needs assemblyscript among its devDependencies"}
	}
	if b.quick {
		return b.quickly(ctx, dir, compiler)
	}
	return b.compileTo(ctx, &command{dir: dir, name: "node"}, func(target string) []string { return []string{compiler, "--noColors", "--outFile", target} })
}

// checkNode finds that Node.js is there, and new enough for the compiler.
func (b *Builder) checkNode(ctx context.Context, dir string) error {
	if !found("node") {
		return b.missing(dir, toolNode, "node is not in the path")
	}
	version, _, err := (&command{dir: dir, name: "node", args: []string{"--version"}}).run(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	version = strings.TrimPrefix(strings.TrimSpace(version), "v")
	major, _, _ := strings.Cut(version, ".")
	if n, e := strconv.Atoi(major); err != nil || e != nil || n < oldestNode {
		return b.missing(dir, toolNode, "node is version "+version)
	}
	return nil
}

// installed reports whether npm has finished installing what package.json names: the
// last thing that it writes is a list of all that is there.
func installed(dir string) bool {
	done, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json"))
	if err != nil {
		return false
	}
	wanted, err := os.Stat(filepath.Join(dir, "package.json"))
	return err == nil && !wanted.ModTime().After(done.ModTime())
}

// ascOf is the compiler that belongs to an npm package, found as Node.js would; "" if it is not installed.
func ascOf(dir string) string {
	for at := absolute(dir); ; at = filepath.Dir(at) {
		if name := filepath.Join(at, "node_modules", "assemblyscript", "bin", "asc.js"); isFile(name) {
			return name
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

// installPackages installs what a package.json names, unless that is done. It is the only step that takes a network. Of several
// builds one installs, and the others wait: npm changes the folder while it does.
func (b *Builder) installPackages(ctx context.Context, dir string) error {
	done := func() bool { return ascOf(dir) != "" && installed(dir) }
	if done() {
		return nil
	}
	release, err := b.lock(ctx, "npm", dir)
	if err != nil {
		return fmt.Errorf("plugin %s: wait for its npm packages: %w", dir, err)
	}
	defer release()
	if done() {
		return nil
	}
	if !found("npm") {
		return b.missing(dir, toolNPM, "it is not in the path, and the packages of package.json are not installed")
	}
	b.fetching(fmt.Sprintf("the npm packages of %s, once", dir))
	npm := &command{dir: dir, name: "npm", args: []string{"install", "--no-fund", "--no-audit", "--loglevel=error"}}
	_, stderr, err := npm.run(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("plugin %s: install its npm packages, which takes a network: npm install: %w\n%s", dir, err, strings.TrimSpace(stderr))
	}
	return nil
}
