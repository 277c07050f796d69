package module_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/eshost/eshost/host/internal/module"
)

const (
	header  = "\x00asm\x01\x00\x00\x00"
	i32     = 0x7f
	funcref = 0x70
)

func number(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// join joins bytes and slices of them.
func join(parts ...any) (b []byte) {
	for _, part := range parts {
		switch v := part.(type) {
		case int:
			b = append(b, byte(v))
		case []byte:
			b = append(b, v...)
		case string:
			b = append(b, v...)
		}
	}
	return b
}

func sized(b []byte) []byte { return append(number(len(b)), b...) }

// section is a section with its number and its length.
func section(id int, content ...any) []byte { return join(id, sized(join(content...))) }

func of(sections ...[]byte) []byte { return append([]byte(header), bytes.Join(sections, nil)...) }

// TestLimitsAreExact has each limit once just reached and once passed by one.
func TestLimitsAreExact(t *testing.T) {
	body := func(n int) []byte { return section(10, 1, sized(join(0, make([]byte, n-2), 0x0b))) }
	locals := func(n int) []byte { return section(10, 1, sized(join(2, number(n-1), i32, 1, i32, 0x0b))) }
	for name, c := range map[string]struct {
		with func(n int) []byte
		most int
		want string
	}{
		"functions":              {func(n int) []byte { return section(3, number(n), make([]byte, n)) }, 100_000, "100001 functions, the limit is 100000"},
		"functions with code":    {func(n int) []byte { return section(10, number(n), bytes.Repeat([]byte{2, 0, 0x0b}, n)) }, 100_000, "100001 functions, the limit is 100000"},
		"bytes of a function":    {body, 512 << 10, "function of 524289 bytes, the limit is 524288"},
		"locals":                 {locals, 50_000, "function with 50001 locals, the limit is 50000"},
		"parameters":             {func(n int) []byte { return section(1, 1, 0x60, number(n), bytes.Repeat([]byte{i32}, n), 0) }, 1000, "1001 parameters, the limit is 1000"},
		"results":                {func(n int) []byte { return section(1, 1, 0x60, 0, number(n), bytes.Repeat([]byte{i32}, n)) }, 1000, "1001 results, the limit is 1000"},
		"tables":                 {func(n int) []byte { return section(4, number(n), bytes.Repeat([]byte{funcref, 0, 1}, n)) }, 16, "17 tables, the limit is 16"},
		"entries of a table":     {func(n int) []byte { return section(4, 1, funcref, 0, number(n)) }, 1 << 20, "table of 1048577 entries, the limit is 1048576"},
		"forms of elements":      {func(n int) []byte { return section(9, 1, n, 0x70, 0) }, 7, "element segment of form 8"},
		"forms of data":          {func(n int) []byte { return section(11, 1, n, 0, 0x41, 0, 0x0b, 0) }, 2, "data segment of form 3"},
		"sections":               {func(n int) []byte { return section(n, 0) }, 12, "section 13 is not of WebAssembly 2.0"},
		"bits of a number":       {func(n int) []byte { return section(5, bytes.Repeat([]byte{0x80}, n/7-1), 0) }, 70, "more than 64 bits"},
		"kinds of what comes in": {func(n int) []byte { return section(2, 1, 1, "a", 1, "b", n, i32, 0) }, 3, "of kind 4"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := module.Scan(of(c.with(c.most)), 100_000); err != nil {
				t.Errorf("%d: %v", c.most, err)
			}
			more := c.most + 1
			if name == "bits of a number" {
				more = c.most + 7
			}
			_, _, err := module.Scan(of(c.with(more)), 100_000)
			var refused *module.Error
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d: error %v, want %q", more, err, c.want)
			}
		})
	}
}

// TestWhatIsAnnouncedMustBeThere announces more than there are bytes, in every list that there is.
func TestWhatIsAnnouncedMustBeThere(t *testing.T) {
	many := number(1 << 30)
	for name, c := range map[string]struct {
		wasm []byte
		want string
	}{
		"types":                 {of(section(1, many)), "1073741824 types are announced and only 0 bytes are left"},
		"imports":               {of(section(2, many)), "1073741824 imports are announced"},
		"tables":                {of(section(4, number(9))), "9 tables are announced"},
		"memories":              {of(section(5, many)), "1073741824 memories are announced"},
		"globals":               {of(section(6, many)), "1073741824 globals are announced"},
		"exports":               {of(section(7, many)), "1073741824 exports are announced"},
		"element segments":      {of(section(9, many)), "1073741824 element segments are announced"},
		"elements":              {of(section(9, 1, 0, 0x41, 0, 0x0b, many)), "1073741824 elements are announced"},
		"data segments":         {of(section(11, many)), "1073741824 data segments are announced"},
		"groups of locals":      {of(section(10, 1, sized(many))), "1073741824 groups of locals are announced"},
		"a name":                {of(section(7, 1, many)), "ends too early"},
		"a data segment":        {of(section(11, 1, 1, many)), "ends too early"},
		"a function's code":     {of(section(10, 1, number(100))), "ends too early"},
		"a section":             {join(header, 1, many), "ends too early"},
		"a constant expression": {of(section(9, 1, 0, 0x41)), "ends too early"},
		"bytes of a float":      {of(section(9, 1, 0, 0x44, 0, 0)), "ends too early"},
	} {
		t.Run(name, func(t *testing.T) {
			clean, _, err := module.Scan(c.wasm, 100_000)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, %d bytes, want %q", err, len(clean), c.want)
			}
		})
	}
}

// TestAModuleIsCleaned looks at what the scan changes: tables get a maximum, and only names are kept of custom sections.
func TestAModuleIsCleaned(t *testing.T) {
	types := section(1, 1, 0x60, 0, 0)
	names := section(0, 4, "name", 1, sized(join(1, 0, 1, "f")))
	imports := section(2, 2, 1, "a", 1, "b", module.Function, 0, 1, "c", 1, "d", module.Memory, 0, 1)
	wasm := of(section(0, 1, "x", "anything"), types, imports,
		section(4, 3, funcref, 0, 7, 0x6f, 1, 1, 3, funcref, 1, 2, number(1<<21)),
		section(0, 4, "name", 1, sized(number(1<<30))), names)
	clean, list, err := module.Scan(wasm, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	most := number(1 << 20)
	want := of(types, imports, section(4, 3, funcref, 1, 7, most, 0x6f, 1, 1, 3, funcref, 1, 2, most), names)
	if !bytes.Equal(clean, want) {
		t.Errorf("%x, want %x", clean, want)
	}
	if !slices.Equal(list, []module.Import{{Module: "a", Name: "b", Kind: module.Function}, {Module: "c", Name: "d", Kind: module.Memory}}) {
		t.Errorf("imports %v", list)
	}
	if s := list[1].String(); s != "memory c.d" {
		t.Errorf("the import is called %q", s)
	}
}

// TestErrorsSayWhere looks at the section and the place that an error names.
func TestErrorsSayWhere(t *testing.T) {
	_, _, err := module.Scan(of(section(1, 1, 0x60, 0, 0), section(4, 1, 0x11, 0, 1)), 100_000)
	var refused *module.Error
	if !errors.As(err, &refused) || refused.Offset != 8+6+6 || err.Error() != "table section: table of type 0x11 is not of WebAssembly 2.0 (at byte 20)" {
		t.Errorf("error %v", err)
	}
}
