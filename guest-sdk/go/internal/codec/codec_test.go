package codec_test

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// everything has a field of every kind that a plan knows.
type everything struct {
	Bool      bool
	I         int
	I8        int8
	I16       int16
	I32       int32
	I64       int64
	U         uint
	U8        uint8
	U16       uint16
	U32       uint32
	U64       uint64
	F32       float32
	F64       float64
	Text      string
	Color     color
	Size      size
	Bytes     []byte
	Digest    [4]byte
	List      []string
	Pair      [2]int16
	Table     map[string]map[color]int
	Tree      *tree
	Maybe     optional[uint64]
	Short     uint64          `msg:",omitempty"`
	Note      string          `msg:",omitempty"`
	Spare     []bool          `msg:",omitempty"`
	Flag      bool            `msg:",omitempty"`
	Extra     map[string]bool `msg:",omitempty"`
	Payment   payment
	Neighbors []*tree
}

func sample() *everything {
	e := &everything{
		Bool: true, I: -1, I8: -128, I16: -129, I32: -32769, I64: math.MinInt64, U: 1 << 40, U8: 255, U16: 256, U32: 65536, U64: math.MaxUint64,
		F32: 1.5, F64: -0.1, Text: "grüße", Color: "green", Size: 1, Bytes: []byte{0, 255}, Digest: [4]byte{1, 2, 3, 4},
		List: []string{"", "b"}, Pair: [2]int16{-1, 1}, Table: map[string]map[color]int{"x": {"red": 1, "green": 2}, "": {}},
		Tree:  &tree{Name: "root", Children: []tree{{Name: "a"}, {Name: "b", Left: &tree{Name: "c"}}}},
		Short: 9, Note: "n", Spare: []bool{false}, Flag: true, Extra: map[string]bool{"k": true},
		Payment: payment{Cash: &codec.None{}}, Neighbors: []*tree{{Name: "n"}},
	}
	e.Maybe.value, e.Maybe.present = 7, true
	return e
}

func TestEveryKindComesBackAsItWas(t *testing.T) {
	full := sample()
	for name, want := range map[string]*everything{"everything set": full, "as little as possible set": {
		Color: "red", Table: map[string]map[color]int{}, Payment: payment{Card: &struct{ Number string }{"4"}},
	}} {
		t.Run(name, func(t *testing.T) {
			first := encode(t, reflect.ValueOf(want))
			read, err := decode(t, reflect.TypeFor[everything](), first)
			if err != nil {
				t.Fatal(err)
			}
			if again := encode(t, read); !bytes.Equal(first, again) {
				t.Errorf("written %x, read and written again %x", first, again)
			}
			got := read.Interface().(*everything)
			if want == full {
				// The decoder gives nil for an empty list of children, and so does the sample.
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got  %+v\nwant %+v", got, want)
				}
			}
			if got.Maybe != want.Maybe || got.Text != want.Text || got.Pair != want.Pair {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestEqualValuesAreWrittenAlikeWhateverTheOrderOfTheirMaps(t *testing.T) {
	build := func(names string) map[string]uint64 {
		m := map[string]uint64{}
		for _, name := range strings.Fields(names) {
			m[name] = uint64(len(name))
		}
		return m
	}
	a, b := build("z b aa a Z é"), build("é Z a aa b z")
	want := []byte("\x86\xa1Z\x01\xa1a\x01\xa2aa\x02\xa1b\x01\xa1z\x01\xa2é\x02")
	for range 20 {
		if got := encode(t, reflect.ValueOf(&a)); !bytes.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
		if got := encode(t, reflect.ValueOf(&b)); !bytes.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func TestWhatWasDecodedSharesNoMemoryWithItsSource(t *testing.T) {
	src := encode(t, reflect.ValueOf(sample()))
	read, err := decode(t, reflect.TypeFor[everything](), src)
	if err != nil {
		t.Fatal(err)
	}
	before := encode(t, read)
	for i := range src {
		src[i] = 0xc1
	}
	if after := encode(t, read); !bytes.Equal(before, after) {
		t.Error("the value changed with the bytes that it was read from")
	}
}

func nested(depth int) tree {
	root := tree{Name: "leaf"}
	for range depth {
		root = tree{Name: "n", Children: []tree{root}}
	}
	return root
}

func TestNestingEndsAt64LevelsBothWays(t *testing.T) {
	// Every level of the tree is a map and an array, and the leaf has an empty array as well.
	fits, tooDeep := nested(31), nested(32)
	written := encode(t, reflect.ValueOf(&fits))
	if _, err := decode(t, reflect.TypeFor[tree](), written); err != nil {
		t.Error(err)
	}
	assertEncodeError(t, reflect.ValueOf(&tooDeep), "more than 64 levels")

	lists := bytes.Repeat([]byte{0x91}, 65)
	var dec codec.Decoder
	plan, err := codec.PlanFor(reflect.TypeFor[struct{}]())
	if err != nil {
		t.Fatal(err)
	}
	unknown := append([]byte{0x81, 0xa1, 'x'}, append(lists[:62:62], 0x90)...)
	if err := dec.Decode(plan, unknown, unsafe.Pointer(&struct{}{})); err != nil {
		t.Errorf("64 levels in an unknown field: %v", err)
	}
	unknown = append([]byte{0x81, 0xa1, 'x'}, append(lists[:63:63], 0x90)...)
	if err := dec.Decode(plan, unknown, unsafe.Pointer(&struct{}{})); err == nil {
		t.Error("65 levels in an unknown field were taken")
	}
}

func assertEncodeError(t *testing.T, v reflect.Value, want string) {
	t.Helper()
	defer func() {
		reason := recover()
		err, _ := reason.(error)
		var encodeError *codec.EncodeError
		if !errors.As(err, &encodeError) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an EncodeError with %q", reason, want)
		}
	}()
	encode(t, v)
}

func TestAValueWithoutACanonicalFormIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"nil pointer in a list":       {&[]*tree{nil}, "*codec_test.tree cannot be encoded: a nil pointer"},
		"text that is not UTF-8":      {&[]string{"\xff"}, "text that is not UTF-8; use []byte"},
		"key that is not UTF-8":       {&map[string]bool{"\xff": true}, "text that is not UTF-8"},
		"enum value without a name":   {ptr(size(2)), "codec_test.size cannot be encoded: it has no name for 2"},
		"name that is not the enum's": {ptr(color("blue")), `"blue" is not one of its names`},
		"key that is not the enum's":  {&map[color]bool{"blue": true}, `"blue" is not one of the names of its keys`},
		"no variant":                  {&payment{}, "none of its variants is set"},
		"two variants":                {&payment{Cash: &codec.None{}, Card: &struct{ Number string }{}}, "both cash and card are set"},
	} {
		t.Run(name, func(t *testing.T) { assertEncodeError(t, reflect.ValueOf(c.value), c.want) })
	}
}

func ptr[T any](v T) *T { return &v }

func TestADecodeErrorSaysWhereAndWhy(t *testing.T) {
	type line struct{ Price uint8 }
	type order struct {
		Lines []line
		Notes map[string]string
		Color color
		Pay   payment
		Pair  [2]bool
		Sum   [2]byte
	}
	const empty = "\xa5notes\x80\xa5color\xa3red\xa3pay\xa4cash\xa4pair\x92\xc2\xc2\xa3sum\xc4\x02ab"
	for name, c := range map[string]struct{ src, want string }{
		"missing":                  {"\x86\xa5lines\x91\x80" + empty, "lines[0].price: missing"},
		"out of range":             {"\x86\xa5lines\x92\x81\xa5price\x01\x81\xa5price\xcd\x01\x00" + empty, "lines[1].price: 256, where an integer from 0 to 255 is wanted"},
		"negative":                 {"\x86\xa5lines\x91\x81\xa5price\xff" + empty, "lines[0].price: -1, where an integer from 0 to 255 is wanted"},
		"a float":                  {"\x86\xa5lines\x91\x81\xa5price\xca\x40\xa0\x00\x00" + empty, "lines[0].price: a float, where an integer from 0 to 255 is wanted"},
		"end within an integer":    {"\x81\xa5lines\x91\x81\xa5price\xcd\x01", "lines[0].price: the input ends in the middle of an integer"},
		"in a map":                 {"\x86\xa5lines\x90\xa5notes\x81\xa1k\xc3", "notes.k: a boolean, where a string is wanted"},
		"key twice in a map":       {"\x86\xa5lines\x90\xa5notes\x82\xa1k\xa0\xa1k\xa0", `notes: the key "k" comes twice`},
		"field twice":              {"\x86\xa5lines\x90\xa5lines\x90", `the field "lines" comes twice`},
		"unknown name":             {"\x81\xa5color\xa4blue", `color: "blue" is not one of red, green`},
		"unknown variant":          {"\x81\xa3pay\xa4coin", `pay: "coin" is not one of cash, card`},
		"inside a variant":         {"\x81\xa3pay\x81\xa4card\x80", "pay.card.number: missing"},
		"variant without a map":    {"\x81\xa3pay\xa4card", "pay.card: a variant with content is a map of one entry, one without is a string"},
		"array of another size":    {"\x81\xa4pair\x91\xc2", "pair: an array of 1, where an array of 2 is wanted"},
		"bytes of another size":    {"\x81\xa3sum\xc4\x01a", "sum: 1 bytes, where 2 bytes is wanted"},
		"end where a value is due": {"\x81\xa5color", "color: the input ends where a string is wanted"},
		"end within a string":      {"\x81\xa5color\xa3re", "color: the input ends in the middle of a string"},
		"missing in a variant":     {"\x81\xa3pay\x81\xa4card\x81\xa2no\xc0", "pay.card.number: missing"},
		"whole value of no use":    {"\x90", "an array, where a map is wanted"},
		"bytes behind the value":   {"\x86\xa5lines\x90" + empty + "\xc0", "bytes after the end of the value"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decode(t, reflect.TypeFor[order](), []byte(c.src))
			var decodeError *codec.DecodeError
			if !errors.As(err, &decodeError) || err.Error() != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAFloatBeyond32BitsDoesNotFitOne(t *testing.T) {
	if _, err := decode(t, reflect.TypeFor[float32](), encode(t, reflect.ValueOf(ptr(1e300)))); err == nil {
		t.Error("1e300 was taken as a float32")
	}
	read, err := decode(t, reflect.TypeFor[float32](), encode(t, reflect.ValueOf(ptr(math.Inf(1)))))
	if err != nil || read.Elem().Float() != math.Inf(1) {
		t.Errorf("infinity was read as %v, %v", read.Elem(), err)
	}
}

func TestNoneIsNothingAndTakesEveryMap(t *testing.T) {
	var none codec.None
	if got := encode(t, reflect.ValueOf(&none)); len(got) != 0 {
		t.Errorf("nothing is written as %x", got)
	}
	for src, ok := range map[string]bool{"\x80": true, "\x81\xa1a\x01": true, "\xde\x00\x00": true, "\x90": false, "\xc0": false, "": false, "\x80\x80": false, "\x81\x01\x01": false} {
		if _, err := decode(t, reflect.TypeFor[codec.None](), []byte(src)); ok != (err == nil) {
			t.Errorf("%x: %v", src, err)
		}
	}
}

func TestABinGetsTheShortestHeaderAroundAnEncodedValue(t *testing.T) {
	plan, err := codec.PlanFor(reflect.TypeFor[[]byte]())
	if err != nil {
		t.Fatal(err)
	}
	var enc codec.Encoder
	for _, n := range []int{0, 1, 250, 253, 254, 300, 65530, 65533, 70000} {
		content := bytes.Repeat([]byte{7}, n)
		want := codec.AppendBin([]byte("x"), codec.AppendBin(nil, content))
		if got := enc.AppendBin([]byte("x"), plan, unsafe.Pointer(&content)); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: header %x, want %x", n, got[:8], want[:8])
		}
	}
}

func TestAWarmEncoderAllocatesNothing(t *testing.T) {
	plan, err := codec.PlanFor(reflect.TypeFor[everything]())
	if err != nil {
		t.Fatal(err)
	}
	var enc codec.Encoder
	value, buffer := sample(), make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { buffer = enc.Append(buffer[:0], plan, unsafe.Pointer(value)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestDecodingFlatStructsAllocatesNothing(t *testing.T) {
	type flat struct {
		A uint64
		B int32
		C float64
		D optional[bool]
		E color
	}
	value := flat{A: 1 << 60, B: -5, C: 1, E: "red"}
	plan, err := codec.PlanFor(reflect.TypeFor[flat]())
	if err != nil {
		t.Fatal(err)
	}
	src := encode(t, reflect.ValueOf(&value))
	var dec codec.Decoder
	if n := testing.AllocsPerRun(100, func() {
		value = flat{}
		if err := dec.Decode(plan, src, unsafe.Pointer(&value)); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzDecode(f *testing.F) {
	plan, err := codec.PlanFor(reflect.TypeFor[everything]())
	if err != nil {
		f.Fatal(err)
	}
	var enc codec.Encoder
	f.Add(enc.Append(nil, plan, unsafe.Pointer(sample())))
	f.Add([]byte("\x80"))
	f.Add([]byte("\xdf\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, src []byte) {
		var dec codec.Decoder
		var value, again everything
		if dec.Decode(plan, src, unsafe.Pointer(&value)) != nil {
			return
		}
		canonical := enc.Append(nil, plan, unsafe.Pointer(&value))
		if err := dec.Decode(plan, canonical, unsafe.Pointer(&again)); err != nil {
			t.Fatalf("what was read as %x does not read again: %v", canonical, err)
		}
		if twice := enc.Append(nil, plan, unsafe.Pointer(&again)); !bytes.Equal(canonical, twice) {
			t.Fatalf("not canonical: %x, then %x", canonical, twice)
		}
		r := codec.Reader{Src: src}
		if !r.Value(codec.MaxDepth) || r.Rest() != 0 {
			t.Fatalf("%x was decoded but is not one well-formed value", src)
		}
	})
}

func BenchmarkEncode(b *testing.B) { benchmark(b, true) }
func BenchmarkDecode(b *testing.B) { benchmark(b, false) }

func benchmark(b *testing.B, encoding bool) {
	plan, err := codec.PlanFor(reflect.TypeFor[everything]())
	if err != nil {
		b.Fatal(err)
	}
	var enc codec.Encoder
	var dec codec.Decoder
	src := enc.Append(nil, plan, unsafe.Pointer(sample()))
	buffer, value := make([]byte, 0, 2*len(src)), sample()
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if encoding {
			buffer = enc.Append(buffer[:0], plan, unsafe.Pointer(value))
			continue
		}
		*value = everything{}
		if err := dec.Decode(plan, src, unsafe.Pointer(value)); err != nil {
			b.Fatal(err)
		}
	}
}
