package build

import "path/filepath"

// On makes the builder believe that it runs on another system, which is without Debian's Rust.
func (b *Builder) On(goos, release string) *Builder {
	b.system = systemOf(goos, release)
	b.rust = rustSource{}
	return b
}

// WithRust makes the builder take the Rust compiler in a folder for Debian's.
func (b *Builder) WithRust(dir string) *Builder {
	b.rust = rustSource{filepath.Join(dir, "rustc"), filepath.Join(dir, "rustc")}
	return b
}
