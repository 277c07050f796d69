package build

import (
	"regexp"
	"slices"
	"strings"
)

// typeName is the form of an entity type's name.
var typeName = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,63}$`)

// name is an entity type's name, as it is written in sources.
type name struct {
	typ   string   // as it is on the wire
	words []string // what identifiers are made of
}

// nameFor returns the forms of a type's name for sources in which the words of
// taken mean something else already. Where one of its forms would be one of them, "entity" is added.
func nameFor(typ string, taken map[string]bool) name {
	n := name{typ, strings.FieldsFunc(typ, func(r rune) bool { return r == '-' || r == '.' || r == '_' })}
	for taken[n.snake()] || taken[n.pascal()] || taken[n.camel()] || notForFiles(n.words) {
		n.words = append(slices.Clip(n.words), "entity")
	}
	return n
}

func (n name) snake() string { return strings.Join(n.words, "_") }
func (n name) kebab() string { return strings.Join(n.words, "-") }
func (n name) upper() string { return strings.ToUpper(n.snake()) }

func (n name) pascal() string {
	var b strings.Builder
	for _, w := range n.words {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

func (n name) camel() string {
	p := n.pascal()
	return strings.ToLower(p[:1]) + p[1:]
}

// notForFiles reports whether a file must not be called like this: some systems
// keep names for devices, and to Go the last word of a name may say when a file counts.
func notForFiles(words []string) bool {
	last := words[len(words)-1]
	return len(words) == 1 && slices.Contains(devices, last) || len(words) > 1 && slices.Contains(goSuffixes, last)
}

var devices = strings.Fields("con prn aux nul com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9")

// What Go takes for a test, a system or a processor at the end of a file's name.
var goSuffixes = strings.Fields(`test aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos
386 amd64 amd64p32 arm arm64 arm64be armbe loong64 mips mips64 mips64le mips64p32 mips64p32le mipsle ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm`)

// reserved are the words that each language keeps for itself, or that its programs lean on.
var reserved = map[string]string{
	"go": `break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var`,
	"rust": `as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl in let loop macro match mod move mut
		override priv pub ref return self static struct super trait true try type typeof union unsafe unsized use virtual where while yield
		alloc build core deps examples incremental proc_macro std test Box Clone Copy Default Drop Err From Into Iterator None Ok Option Result Self Some String Vec`,
	"assemblyscript": `abstract any as async await bool boolean break case catch class const constructor continue debugger declare default delete do else enum export
		extends false finally for from function get if implements import in instanceof interface is keyof let module namespace new null number object of package
		private protected public readonly require return set static string super switch symbol this throw true try type typeof undefined unknown var void while with yield
		assert changetype f32 f64 i8 i16 i32 i64 idof isize load memory offsetof sizeof store trace u8 u16 u32 u64 unreachable usize v128
		Array Boolean Date Error Function JSON Map Math Number Object Promise Set String Symbol`,
	"c": `alignas alignof and asm auto bitand bitor bool break case catch char class compl concept const constexpr continue decltype default delete do double else enum
		explicit export extern false float for friend goto if inline int long main mutable namespace new noexcept not nullptr operator or private protected public register
		requires restrict return short signed sizeof static struct switch template this throw true try typedef typeid typename typeof union unsigned using virtual void
		volatile while xor all clean test help install`,
}
