package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/abi/abitest"
	"github.com/eshost/eshost/cmd/eshost/internal/build"
)

func (p *Program) pluginBuild() *cobra.Command {
	b := &pluginBuilding{p: p}
	c := &cobra.Command{
		Use:   "build [DIR]",
		Short: "Build a plugin and check it",
		Long: `Build the plugin in a folder (default: the present one) with the toolchain of its language, as it is built for production: Rust
is recognised by Cargo.toml, AssemblyScript by a package.json that names it, Go by *.go, C and C++ by *.c, *.cc or *.cpp. What
is missing of a toolchain is said, and how to install it on this system.

The result is then put through the conformance kit, as by ` + "`eshost plugin check`" + `. A plugin that is not conformant is not
written, and the exit code is 1.`,
		Example: `  eshost plugin build
  eshost plugin build plugins/counter/rust -o bin/counter-rust.wasm`,
		Args: cobra.MaximumNArgs(1),
	}
	f := c.Flags()
	f.StringVarP(&b.target, "output", "o", "", "the file to write (default: build/NAME.wasm in the folder, NAME being the folder's)")
	f.BoolVar(&b.unchecked, "no-check", false, "write it without checking it")
	f.BoolVar(&b.asJSON, "json", false, "print one line of JSON")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		dir := "."
		if len(args) > 0 {
			dir = args[0]
		}
		return b.run(cmd.Context(), dir)
	}
	return c
}

// pluginBuilding is `eshost plugin build`.
type pluginBuilding struct {
	p                 *Program
	target            string
	unchecked, asJSON bool
}

// pluginBuilt is what was built, as JSON.
type pluginBuilt struct {
	Path     string          `json:"path,omitempty"` // of the .wasm file; "" if it was not written
	Language string          `json:"language"`
	Bytes    int             `json:"size_bytes"`
	Seconds  float64         `json:"seconds"`         // that the build took
	Check    *abitest.Report `json:"check,omitempty"` // absent with --no-check
}

func (b *pluginBuilding) run(ctx context.Context, dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("build %s: it is a file: name the folder that holds a plugin's sources", dir)
	}
	built, err := b.p.builder().Build(ctx, dir)
	if err != nil {
		return err
	}
	result := pluginBuilt{Language: built.Language, Bytes: len(built.Wasm), Seconds: built.Elapsed.Seconds()}
	if !b.unchecked {
		if result.Check, err = b.p.checkConformance(ctx, built.Wasm, abitest.Options{}); err != nil {
			return fmt.Errorf("check what was built of %s: %w", dir, err)
		}
		if result.Check.Failed() {
			return b.refused(dir, &result)
		}
	}
	result.Path = b.target
	if result.Path == "" {
		result.Path = defaultTarget(dir)
	}
	if err := write(result.Path, built.Wasm); err != nil {
		return fmt.Errorf("write the plugin that was built of %s: %w", dir, err)
	}
	if b.asJSON {
		return printJSON(b.p.Out, &result)
	}
	b.p.say("built", "%s (%s, %s, in %s)", result.Path, built.Language, size(result.Bytes), built.Elapsed.Round(10*time.Millisecond))
	if result.Check != nil {
		b.p.say("checked", "conformant: it holds all laws of the ABI")
	}
	return nil
}

// refused tells why a plugin was not written.
func (b *pluginBuilding) refused(dir string, result *pluginBuilt) error {
	err := error(&reportedError{errNotConformant})
	if b.asJSON {
		return errors.Join(printJSON(b.p.Out, result), err)
	}
	if failed := result.Check.WriteText(b.p.Out); failed != nil {
		return failed
	}
	return fmt.Errorf("%s compiles, but %w, as said above: nothing was written; --no-check writes it nevertheless", dir, errNotConformant)
}

// defaultTarget is the file that the plugin of a folder is built into.
func defaultTarget(dir string) string {
	name := "plugin"
	if abs, err := filepath.Abs(dir); err == nil && filepath.Dir(abs) != abs { // the root has no name
		name = filepath.Base(abs)
	}
	return filepath.Join(dir, "build", name+".wasm")
}

// write writes a file, whole or not at all.
func write(name string, content []byte) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".eshost-*.tmp")
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}

// size is a number of bytes for people.
func size(bytes int) string {
	if bytes < 1e6 {
		return fmt.Sprintf("%.1f KB", float64(bytes)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}

// builder builds plugins, and says on the side what takes long, and what
// compilers warn of.
func (p *Program) builder() *build.Builder { return build.New(p.building()) }

func (p *Program) building() *build.Options {
	return &build.Options{
		Fetching: func(what string) { fmt.Fprintf(p.Err, "%-10s%s\n", "fetching", what) },
		Warning:  func(text string) { fmt.Fprintln(p.Err, text) },
	}
}

// say tells what happened, in two columns.
func (p *Program) say(what, format string, a ...any) {
	fmt.Fprintf(p.Out, "%-10s%s\n", what, fmt.Sprintf(format, a...))
}
