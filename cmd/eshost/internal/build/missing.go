package build

import "fmt"

// MissingError is a toolchain that is not there, or not as it must be.
type MissingError struct {
	Path    string // of the plugin that was to be built
	Needs   string // what it needs, such as "Go 1.26 or later"
	Why     string // what is wrong, such as "it is not in the path"
	Install string // how it is had on this system
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("plugin %s: building it needs %s, but %s; to install it: %s", e.Path, e.Needs, e.Why, e.Install)
}

// missing is the error of a plugin whose toolchain is not there.
func (b *Builder) missing(path string, t tool, why string) error {
	return &MissingError{path, t.needs, why, t.install(b.system)}
}

// tool is something that a toolchain is made of.
type tool struct {
	needs string
	// How it is installed: by the family of the system; "" stands for all others.
	by map[family]string
}

func (t *tool) install(s system) string {
	if how, ok := t.by[s.family]; ok {
		return s.fill(how)
	}
	return s.fill(t.by[""])
}

var toolGo = tool{"Go 1.26 or later", map[family]string{
	arch:    "`sudo pacman -S go`",
	macOS:   "`brew install go`, or https://go.dev/dl",
	windows: "`winget install GoLang.Go`, or https://go.dev/dl",
	"":      "https://go.dev/dl",
}}

var toolCargo = tool{"Rust 1.85 or later, with cargo", map[family]string{
	fedora:  "`sudo dnf install rustup && rustup-init`, or https://rustup.rs",
	arch:    "`sudo pacman -S rustup && rustup default stable`",
	macOS:   "`brew install rustup && rustup default stable`, or https://rustup.rs",
	windows: "`winget install Rustlang.Rustup`",
	"":      "https://rustup.rs",
}}

// Where rustup manages Rust, it brings the target on every system.
var toolWasmTarget = tool{"Rust's target " + wasmTarget, map[family]string{"": "`rustup target add " + wasmTarget + "`"}}

var toolWasmTargetWithoutRustup = tool{"Rust's target " + wasmTarget, map[family]string{
	debian: "`sudo apt-get install ${rust}`, or take Rust from https://rustup.rs and run `rustup target add " + wasmTarget + "`",
	fedora: "`sudo dnf install rust-std-static-" + wasmTarget + " lld`",
	arch:   "`sudo pacman -S rust-wasm lld`",
	"":     "take Rust from https://rustup.rs and run `rustup target add " + wasmTarget + "`",
}}

var toolWasmLinker = tool{"a linker for WebAssembly", map[family]string{
	debian: "`sudo apt-get install ${lld}`",
	"":     "lld, as in https://lld.llvm.org",
}}

var toolClang = tool{"clang 15 or later, and the lld that belongs to it", map[family]string{
	debian:  "`sudo apt-get install ${clang} ${lld}`",
	fedora:  "`sudo dnf install clang lld`",
	arch:    "`sudo pacman -S clang lld`",
	macOS:   "`brew install llvm lld` (Apple's own clang does not compile to WebAssembly)",
	windows: "`winget install LLVM.LLVM`",
	"":      "https://releases.llvm.org",
}}

var toolNode = tool{"Node.js 20 or later", map[family]string{
	debian:  "`sudo apt-get install nodejs npm`, or where that is older https://nodejs.org",
	fedora:  "`sudo dnf install nodejs npm`",
	arch:    "`sudo pacman -S nodejs npm`",
	macOS:   "`brew install node`",
	windows: "`winget install OpenJS.NodeJS.LTS`",
	"":      "https://nodejs.org",
}}

var toolNPM = tool{"npm", map[family]string{
	debian: "`sudo apt-get install npm`",
	fedora: "`sudo dnf install nodejs-npm`",
	arch:   "`sudo pacman -S npm`",
	"":     "it comes with Node.js, https://nodejs.org",
}}
