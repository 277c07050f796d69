// Package module reads the structure of WebAssembly modules: their sections,
// what they import, and whether the numbers in them are backed by bytes. It
// runs nothing and compiles nothing.
package module

import "fmt"

// HeaderBytes is the length of what comes before the first section.
const HeaderBytes = 8

// The sections of a module, by their numbers.
const (
	CustomSection    = 0
	TypeSection      = 1
	ImportSection    = 2
	FunctionSection  = 3
	TableSection     = 4
	MemorySection    = 5
	GlobalSection    = 6
	ExportSection    = 7
	StartSection     = 8
	ElementSection   = 9
	CodeSection      = 10
	DataSection      = 11
	DataCountSection = 12
)

var sectionNames = [...]string{
	"custom", "type", "import", "function", "table", "memory", "global",
	"export", "start", "element", "code", "data", "data count",
}

// SectionName is what people call the section of a number.
func SectionName(id byte) string {
	if int(id) < len(sectionNames) {
		return sectionNames[id]
	}
	return fmt.Sprintf("unknown (%d)", id)
}

// The kinds of what a module imports and exports.
const (
	Function = 0
	Table    = 1
	Memory   = 2
	Global   = 3
)

// Import is one import of any kind.
type Import struct {
	Module, Name string
	Kind         byte // Function, Table, Memory or Global
}

func (i Import) String() string {
	kind := "import"
	if i.Kind <= Global {
		kind = [...]string{"function", "table", "memory", "global"}[i.Kind]
	}
	return fmt.Sprintf("%s %s.%s", kind, i.Module, i.Name)
}
