package meter_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/eshost/eshost/host/internal/meter"
	"github.com/eshost/eshost/host/internal/module"
)

// TestGuestsCannotNameWhatIsAdded tries each way to an added thing: the index
// that it has in the rewritten module is the first one that the original has not.
func TestGuestsCannotNameWhatIsAdded(t *testing.T) {
	i64Global := join(i64, 1, c64(0), 0x0b)
	cases := map[string]struct {
		wat  wat
		want string
	}{
		"the fuel is read":                      {one(nothing, 0x23, 0, 0x1a), "global 0: the module has 0"},
		"the fuel is set":                       {one(nothing, c64(1<<40), 0x24, 0), "global 0: the module has 0"},
		"the fuel is set behind another global": {wat{types: [][]byte{nothing}, globals: [][]byte{i64Global}, funcs: []fn{{body: join(c64(9), 0x24, 1)}}}, "global 1: the module has 1"},
		"the fuel by a padded index":            {one(nothing, c64(9), 0x24, 0x80, 0x80, 0x80, 0x80, 0), "global 0: the module has 0"},
		"the fuel is set in dead code":          {one(nothing, 0x00, c64(9), 0x24, 0), "global 0: the module has 0"},
		"the fuel is exported":                  {wat{exports: [][]byte{join("x", 3, 0)}}, "global 0"},
		"the fuel in a global's constant":       {wat{globals: [][]byte{join(i64, 0, 0x23, 1, 0x0b)}}, "global 1"},
		"the fuel in a data segment's place":    {wat{memory: join(0, 1), data: [][]byte{join(0, 0x23, 0, 0x0b, "a")}}, "global 0"},
		"the fuel in an element segment":        {wat{table: join(0x70, 0, 1), elements: [][]byte{join(0, 0x23, 0, 0x0b, 0)}}, "global 0"},
		"the refill is called":                  {one(nothing, 0x10, 1), "function 1: the module has 1"},
		"a helper is called":                    {one(nothing, 0x10, 2), "function 2: the module has 1"},
		"the refill is referred to":             {one(nothing, 0xd2, 1, 0x1a), "function 1"},
		"the refill is exported":                {wat{types: [][]byte{nothing}, funcs: []fn{{}}, exports: [][]byte{join("x", 0, 1)}}, "function 1"},
		"the refill is the start function":      {wat{types: [][]byte{nothing}, funcs: []fn{{}}, start: []byte{1}}, "function 1"},
		"the refill in a table":                 {wat{types: [][]byte{nothing}, funcs: []fn{{}}, table: join(0x70, 0, 1), elements: [][]byte{join(0, c32(0), 0x0b, 1, 1)}}, "function 1"},
		"the refill in a declared segment":      {wat{types: [][]byte{nothing}, funcs: []fn{{}}, elements: [][]byte{join(3, 0, 1, 1)}}, "function 1"},
		"the refill in a list of constants":     {wat{types: [][]byte{nothing}, funcs: []fn{{}}, elements: [][]byte{join(5, 0x70, 1, 0xd2, 1, 0x0b)}}, "function 1"},
		"the refill in a global":                {wat{types: [][]byte{nothing}, funcs: []fn{{}}, globals: [][]byte{join(0x70, 0, 0xd2, 1, 0x0b)}}, "function 1"},
		"an added type of a function":           {wat{types: [][]byte{nothing}, funcs: []fn{{kind: 1}}}, "type 1: the module has 1"},
		"an added type of an import":            {wat{types: [][]byte{nothing}, imports: [][]byte{join("a", "b", 0, 1)}}, "type 1"},
		"an added type of a block":              {one(nothing, 0x02, 1, 0x0b), "type 1"},
		"an added type of a loop, padded":       {one(nothing, 0x03, 0x81, 0, 0x0b), "type 1"},
		"an added type of a call":               {wat{types: [][]byte{nothing}, table: join(0x70, 0, 1), funcs: []fn{{body: join(c32(0), 0x11, 1, 0)}}}, "type 1"},
		"an added type of a reference":          {one(nothing, 0xd0, 1, 0x1a), "type 0x1 of references"},
		"an added type of a local":              {wat{types: [][]byte{nothing}, funcs: []fn{{locals: join(1, 1, 0x63, 1)}}}, "type 0x63"},
		"an added type of a parameter":          {one(join(0x60, 1, 0x63, 1, 0)), "type 0x63"},
		"an added type of a select":             {one(nothing, 0x1c, 1, 0x63, 1), "type 0x63"},
		"the export of the fuel, taken":         {wat{globals: [][]byte{i64Global}, exports: [][]byte{join(meter.FuelGlobal, 3, 0)}}, "export by the name of eshost_fuel"},
		"the import of fuel":                    {wat{types: [][]byte{signature("\x7e", "\x7e")}, imports: [][]byte{join(meter.ImportModule, meter.ImportRefuel, 0, 0)}}, "import from eshost_meter"},
		"a vector instruction hiding a call":    {one(nothing, 0xfd, 0x80, 0x10, 1), "not in its shortest form"},
		"a padded vector instruction":           {one(nothing, 0xfd, 0x8c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), "not in its shortest form"},
		"a padded vector in a constant":         {wat{globals: [][]byte{join(0x7b, 0, 0xfd, 0x8c, 0, make([]byte, 16), 0x0b)}}, "vector instruction in a constant"},
		"code behind the end":                   {one(nothing, 0x0b, 0x10, 1), "bytes too many"},
		"an index of six bytes":                 {one(nothing, 0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0), "more than 32 bits"},
		"an index of 33 bits":                   {one(nothing, 0x10, 0x80, 0x80, 0x80, 0x80, 0x10), "more than 32 bits"},
		"an endless constant":                   {one(nothing, 0x42, make0x80(11), 0, 0x1a), "more than 10 bytes"},
		"a tail call":                           {one(nothing, 0x12, 0), "instruction 0x12"},
		"a thread":                              {one(nothing, 0xfe, 0x03, 0), "instruction 0xfe"},
		"an exception":                          {one(nothing, 0x08, 0), "instruction 0x8"},
		"a relaxed vector instruction":          {one(nothing, 0xfd, 0x80, 2), "not in its shortest form"},
		"a hole among the vector instructions":  {one(nothing, 0xfd, 0x9a, 1), "vector instruction 154"},
		"an else without an if":                 {one(nothing, 0x05), "an else without an if"},
		"a branch out of everything":            {one(nothing, 0x0c, 1), "a branch out of 1 blocks"},
		"a second memory":                       {one(nothing, 0x3f, 1), "memory 1"},
		"more blocks than there may be":         {one(nothing, blocks(20_001)), "more than 40000 blocks and branches"},
		"more branches than there may be":       {one(nothing, bytes.Repeat([]byte{0x0c, 0}, 40_001)), "more than 40000 blocks and branches"},
		"more labels than there may be":         {one(nothing, c32(0), 0x0e, 0xc1, 0xb8, 2, make([]byte, 40_002)), "labels"},
		"more loops than there may be":          {one(nothing, bytes.Repeat([]byte{0x03, 0x40}, 1001), bytes.Repeat([]byte{0x0b}, 1001)), "more than 1000 loops"},
		"functions without code":                {wat{types: [][]byte{nothing}, raw: join(3, 2, 1, 0)}, "0 functions have code and 1 have a type"},
		"an empty count of data segments":       {wat{raw: join(12, 0)}, "ends too early"},
		"sections out of order":                 {wat{types: [][]byte{nothing}, funcs: []fn{{}}, raw: join(1, 1, 0)}, "out of order"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			out, err := meter.Rewrite(c.wat.bytes())
			var refused *module.Error
			if !errors.As(err, &refused) || !strings.Contains(refused.What, c.want) {
				t.Errorf("error %v, %d bytes, want %q", err, len(out), c.want)
			}
		})
	}
}

// TestWhatIsNotValidStaysSo rewrites modules that name nothing forbidden and are refused by the engine alone.
func TestWhatIsNotValidStaysSo(t *testing.T) {
	r := newRuntime(t, wazero.NewRuntimeConfigInterpreter())
	for name, w := range map[string]wat{
		"nothing on the stack":         one(toI32),
		"memory.fill without a memory": one(nothing, c32(0), c32(0), c32(0), 0xfc, 11, 0),
		"memory.grow without a memory": one(nothing, c32(0), 0x40, 0, 0x1a),
		"memory.fill of another type":  {types: [][]byte{nothing}, memory: join(0, 1), funcs: []fn{{body: join(c32(0), c64(0), c32(0), 0xfc, 11, 0)}}},
		"table.grow of no table":       one(nothing, 0xd0, 0x70, c32(0), 0xfc, 15, 0, 0x1a),
		"a function not declared":      {types: [][]byte{nothing}, funcs: []fn{{body: join(0xd2, 0, 0x1a)}}},
		"two exports of a name":        {types: [][]byte{nothing}, funcs: []fn{{name: "f"}, {name: "f"}}},
	} {
		out, err := meter.Rewrite(w.bytes())
		if err != nil {
			continue
		}
		if _, err := r.CompileModule(context.Background(), out); err == nil {
			t.Errorf("%s: it compiles", name)
		}
	}
}

func make0x80(n int) []byte { return []byte(strings.Repeat("\x80", n)) }

func blocks(n int) []byte { return []byte(strings.Repeat("\x02\x40", n) + strings.Repeat("\x0b", n)) }
