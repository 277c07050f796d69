package plugin_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/plugin"
)

func acquire(tb testing.TB, p *plugin.Plugin) *plugin.Instance {
	tb.Helper()
	in, err := p.Acquire(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return in
}

// one loads a guest and gives an instance of it that is released at the end.
func one(tb testing.TB, o *plugin.Options, g *guest) *plugin.Instance {
	tb.Helper()
	p := load(tb, newEngine(tb, o), g.bytes())
	in := acquire(tb, p)
	tb.Cleanup(func() { p.Release(in) })
	return in
}

func TestAnswersOverlappingTheRequestAreCopied(t *testing.T) {
	in := one(t, nil, echo())
	for _, size := range []int{1, 64, 4 << 10, 64 << 10} {
		req := bytes.Repeat([]byte{byte(size >> 4), 7}, size/2+1)[:size]
		got, err := in.HandleCommand(req, plugin.Allowance{})
		if err != nil || !bytes.Equal(got, req) {
			t.Fatalf("command of %d bytes: answer of %d bytes, error %v", size, len(got), err)
		}
		in.Poke(bufferAt, ^req[0])
		if !bytes.Equal(got, req) {
			t.Fatalf("the answer to %d bytes is a view of the guest's memory", size)
		}
		if got, err = in.HandleEvent(req, plugin.Allowance{}); err != nil || !bytes.Equal(got, req) {
			t.Fatalf("events of %d bytes: answer of %d bytes, error %v", size, len(got), err)
		}
	}
}

func TestAllocIsAskedForEachRequestAndForAtLeastOneByte(t *testing.T) {
	// The answer is the size that alloc was asked for.
	g := echo()
	g.globals = 1
	g.with(abi.ExportAlloc, code(local(0), 0x24, 0, i32const(bufferAt)))
	g.with(abi.ExportHandleCommand, code(i32const(8), 0x23, 0, 0x36, 2, 0, i64const(8<<32|4)))
	in := one(t, nil, g)
	for size, want := range map[int]uint32{0: 1, 1: 1, 100: 100} {
		got, err := in.HandleCommand(make([]byte, size), plugin.Allowance{})
		if err != nil || binary.LittleEndian.Uint32(got) != want {
			t.Errorf("request of %d bytes: alloc was asked for %x, error %v", size, got, err)
		}
	}
}

// failure is what a hostile or broken guest leads to.
type failure struct {
	guest   *guest
	want    error
	text    string // part of the error
	message string // of the guest
	trace   string // part of it
}

func TestFailedCalls(t *testing.T) {
	wasi, own := abi.ImportWASI, abi.ImportModule
	triple := []byte{i32, i32, i32}
	sleep := func(nanoseconds byte, flags byte) *guest {
		g := echo().imported(wasi, "poll_oneoff", []byte{i32, i32, i32, i32}, []byte{i32})
		subscription := make([]byte, 48)
		subscription[24], subscription[40] = nanoseconds, flags
		subscription[31] = 1 // far, so that it is after the moment at which clocks stand
		g.data = append(g.data, guestData{2048, subscription})
		return g.with(abi.ExportHandleCommand, code(i32const(2048), i32const(3072), i32const(1), i32const(textAt), call(0), drop, i64const(manifestAt<<32|1)))
	}
	write := func(fd int64, pieces ...string) *guest {
		g := echo().imported(wasi, "fd_write", []byte{i32, i32, i32, i32}, []byte{i32})
		var body []byte
		for i, piece := range pieces {
			at := uint32(textsAt + i*8192)
			vector := binary.LittleEndian.AppendUint32(nil, at+8)
			vector = binary.LittleEndian.AppendUint32(vector, uint32(len(piece)))
			g.data = append(g.data, guestData{at, append(vector, piece...)})
			body = code(body, i32const(fd), i32const(int64(at)), i32const(1), i32const(textAt), call(0), drop)
		}
		return g.with(abi.ExportHandleCommand, code(body, unreachable))
	}
	panics := func(texts ...string) *guest {
		g := echo().imported(own, abi.ImportPanic, []byte{i32, i32}, nil)
		var body []byte
		for i, text := range texts {
			at := uint32(textsAt + i*8192)
			g.data = append(g.data, guestData{at, []byte(text)})
			body = code(body, i32const(int64(at)), i32const(int64(len(text))), call(0))
		}
		return g.with(abi.ExportHandleCommand, code(body, unreachable))
	}
	endless := func() *guest {
		g := echo()
		return g.with(abi.ExportHandleCommand, code(local(0), local(1), call(3)))
	}
	cases := map[string]failure{
		"unreachable":                    {guest: echo().with(abi.ExportHandleCommand, code(unreachable)), want: plugin.ErrTrapped, text: "handle_command: trapped: unreachable", trace: ".$3(i32,i32) i64"},
		"an access out of bounds":        {guest: echo().with(abi.ExportHandleCommand, code(store8(memoryEnd, 1), i64const(0))), want: plugin.ErrTrapped, text: "out of bounds memory access"},
		"a division by zero":             {guest: echo().with(abi.ExportHandleCommand, code(i64const(1), i64const(0), 0x7f)), want: plugin.ErrTrapped, text: "integer divide by zero"},
		"an endless recursion":           {guest: endless(), want: plugin.ErrTrapped, text: "stack overflow"},
		"an exit":                        {guest: echo().imported(wasi, "proc_exit", []byte{i32}, nil).with(abi.ExportHandleCommand, code(i32const(3), call(0), unreachable)), want: plugin.ErrTrapped, text: "exit code 3"},
		"a sleep":                        {guest: sleep(1, 0), want: plugin.ErrTrapped, text: "handlers cannot sleep"},
		"a sleep until a moment":         {guest: sleep(1, 1), want: plugin.ErrTrapped, text: "handlers cannot sleep"},
		"alloc that refuses":             {guest: echo().with(abi.ExportAlloc, i32const(0)), want: plugin.ErrOverLimit, text: "alloc refused 3 bytes"},
		"alloc that traps":               {guest: echo().with(abi.ExportAlloc, code(unreachable)), want: plugin.ErrTrapped, text: "unreachable"},
		"alloc that gives the end":       {guest: echo().with(abi.ExportAlloc, i32const(memoryEnd-2)), want: plugin.ErrMalformed, text: "3 bytes at 262142, memory ends at 262144"},
		"alloc that gives -1":            {guest: echo().with(abi.ExportAlloc, i32const(-1)), want: plugin.ErrMalformed, text: "at 4294967295"},
		"an answer past the end":         {guest: echo().answering(memoryEnd-1, 2), want: plugin.ErrMalformed, text: "2 bytes at 262143"},
		"an answer beyond 32 bits":       {guest: echo().answering(maxU32, 2), want: plugin.ErrMalformed, text: "2 bytes at 4294967295"},
		"an answer of 4 GiB":             {guest: echo().answering(bufferAt, maxU32), want: plugin.ErrOverLimit, text: "answer of 4294967295 bytes, the limit is 100000"},
		"an answer over the limit":       {guest: echo().answering(bufferAt, 100_001), want: plugin.ErrOverLimit, text: "answer of 100001 bytes"},
		"an empty answer":                {guest: echo().answering(bufferAt, 0), want: plugin.ErrMalformed, text: "empty"},
		"a panic with a text":            {guest: panics("boom, \"quoted\""), want: plugin.ErrTrapped, text: `unreachable: boom, "quoted"`, message: `boom, "quoted"`},
		"two panics":                     {guest: panics("first", "second"), want: plugin.ErrTrapped, message: "first"},
		"a panic that is empty":          {guest: panics("", "second"), want: plugin.ErrTrapped, message: ""},
		"a panic that is long":           {guest: panics(strings.Repeat("x", 5000)), want: plugin.ErrTrapped, message: strings.Repeat("x", abi.MaxTextBytes)},
		"a panic that is not UTF-8":      {guest: panics("a\xffb"), want: plugin.ErrTrapped, message: "a\uFFFDb"},
		"a panic outside of memory":      {guest: echo().imported(own, abi.ImportPanic, []byte{i32, i32}, nil).with(abi.ExportHandleCommand, code(i32const(-4), i32const(8), call(0), unreachable)), want: plugin.ErrTrapped, text: "outside of memory"},
		"a log outside of memory":        {guest: echo().imported(own, abi.ImportLog, triple, nil).with(abi.ExportHandleCommand, code(i32const(1), i32const(8), i32const(-1), call(0), unreachable)), want: plugin.ErrTrapped, text: "outside of memory"},
		"standard error before the trap": {guest: write(2, "fatal: ", "no more\n"), want: plugin.ErrTrapped, text: "unreachable: fatal: no more", message: "fatal: no more"},
		"a flood of standard error":      {guest: write(2, strings.Repeat("a", 8000), strings.Repeat("b", 8000), strings.Repeat("c", 4000), "the end"), want: plugin.ErrTrapped, message: strings.Repeat("a", 1024) + "\n[...]\n" + strings.Repeat("c", 3065-7) + "the end"},
		"4 KiB of standard error":        {guest: write(2, strings.Repeat("a", 2000), strings.Repeat("b", 2089)), want: plugin.ErrTrapped, message: strings.Repeat("a", 2000) + strings.Repeat("b", 2089)},
		"standard output is no cause":    {guest: write(1, "hello"), want: plugin.ErrTrapped, message: ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e := newEngine(t, &plugin.Options{MaxAnswerBytes: 100_000})
			p := load(t, e, c.guest.bytes())
			in := acquire(t, p)
			_, err := in.HandleCommand([]byte("abc"), plugin.Allowance{})
			var failed *plugin.CallError
			if !errors.As(err, &failed) {
				t.Fatalf("error %v, want a CallError", err)
			}
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %q, want %q with %q", err, c.want, c.text)
			}
			if failed.Message != c.message {
				t.Errorf("message %.80q, want %.80q", failed.Message, c.message)
			}
			if failed.Plugin != p.Digest() || failed.Func != abi.ExportHandleCommand {
				t.Errorf("blames %x %s", failed.Plugin, failed.Func)
			}
			if strings.Contains(failed.Err.Error(), "\n") || !strings.Contains(failed.Trace, c.trace) {
				t.Errorf("cause %q, trace %q", failed.Err, failed.Trace)
			}
			if _, err := in.HandleEvent([]byte("abc"), plugin.Allowance{}); !errors.Is(err, plugin.ErrBroken) || !in.Broken() {
				t.Errorf("the broken instance was called again: %v", err)
			}
			p.Release(in)
			if s := p.Stats(); s.Live != 0 || s.Discarded != 1 || s.MemoryBytes != 0 {
				t.Errorf("after its release: %+v", s)
			}
			next := acquire(t, p)
			defer p.Release(next)
			if next == in || next.Broken() {
				t.Error("the broken instance is used again")
			}
		})
	}
}

func TestARequestLargerThanAllMemoryFails(t *testing.T) {
	in := one(t, &plugin.Options{MemoryLimitPages: 4}, echo())
	if _, err := in.HandleCommand(make([]byte, memoryEnd+1), plugin.Allowance{}); !errors.Is(err, plugin.ErrOverLimit) {
		t.Errorf("error %v", err)
	}
}

func TestMemoryStopsGrowingAtTheLimit(t *testing.T) {
	// Grows page by page until it is refused, and answers with the size in pages.
	grow := code(0x03, 0x40, i32const(1), 0x40, 0, i32const(-1), 0x47, 0x0d, 0, opEnd)
	g := echo().with(abi.ExportHandleCommand, code(grow, i32const(8), 0x3f, 0, 0x36, 2, 0, i64const(8<<32|4)))
	e := newEngine(t, &plugin.Options{MemoryLimitPages: 20, MaxInstanceBytes: 10 * 65536})
	p := load(t, e, g.bytes())
	in := acquire(t, p)
	got, err := in.HandleCommand([]byte("abc"), plugin.Allowance{})
	if err != nil || binary.LittleEndian.Uint32(got) != 20 {
		t.Fatalf("%d pages, error %v, want 20", got, err)
	}
	if s := e.Stats(); s.MemoryBytes != 20*65536 || p.Stats() != s {
		t.Errorf("engine %+v, plugin %+v", s, p.Stats())
	}
	p.Release(in)
	if s := p.Stats(); s.Live != 0 || s.Discarded != 1 {
		t.Errorf("an instance that grew beyond the limit is kept: %+v", s)
	}
}

func TestTablesStopGrowingAtTheLimit(t *testing.T) {
	// Asks for a table of 2^31 entries, and answers with what table.grow said.
	g := echo()
	g.table = []byte{0x70, 0, 1}
	g.with(abi.ExportHandleCommand, code(i32const(8), 0xd0, 0x70, i32const(1<<30), 0xfc, 15, 0, 0x36, 2, 0, i64const(8<<32|4)))
	got, err := one(t, nil, g).HandleCommand([]byte("abc"), plugin.Allowance{})
	if err != nil || binary.LittleEndian.Uint32(got) != maxU32 {
		t.Errorf("table.grow said %x, error %v, want -1", got, err)
	}
}

func TestGuestLogs(t *testing.T) {
	g := echo().imported(abi.ImportModule, abi.ImportLog, []byte{i32, i32, i32}, nil).
		imported(abi.ImportWASI, "fd_write", []byte{i32, i32, i32, i32}, []byte{i32}).saying("hello\nworld and more")
	vector := func(at, size uint32) []byte {
		return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, at), size)
	}
	g.data = append(g.data, guestData{2048, append(vector(textAt, 8), vector(textAt+8, 7)...)})
	log := func(level int64) []byte { return code(i32const(level), i32const(textAt), i32const(5), call(0)) }
	print := func(fd, count int64) []byte {
		return code(i32const(fd), i32const(2048), i32const(count), i32const(96), call(1), drop)
	}
	g.with(abi.ExportHandleCommand, code(log(0), log(1), log(2), log(3), log(99), log(-1), print(1, 2), print(2, 1), print(7, 1), i64const(manifestAt<<32|1)))
	in := one(t, nil, g)
	if _, err := in.HandleCommand([]byte("abc"), plugin.Allowance{}); err != nil {
		t.Fatal(err)
	}
	want := []plugin.LogLine{
		{slog.LevelDebug, "hello"}, {slog.LevelInfo, "hello"}, {slog.LevelWarn, "hello"}, {slog.LevelError, "hello"}, {slog.LevelInfo, "hello"}, {slog.LevelInfo, "hello"},
		{slog.LevelInfo, "hello"}, {slog.LevelWarn, "hello"}, {slog.LevelInfo, "world and"}, {slog.LevelWarn, "wo"},
	}
	got, dropped := in.Logs()
	if dropped != 0 || len(got) != len(want) {
		t.Fatalf("%d lines dropped, %q", dropped, got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d is %q, want %q", i, got[i], want[i])
		}
	}
	if _, err := in.HandleEvent([]byte("abc"), plugin.Allowance{}); err != nil {
		t.Fatal(err)
	}
	if got, _ := in.Logs(); len(got) != 0 {
		t.Errorf("after a silent call: %q", got)
	}
}

func TestAFloodOfLogsIsCut(t *testing.T) {
	// Logs 100 bytes a thousand times.
	loop := code(0x03, 0x40, i32const(1), i32const(textAt), i32const(100), call(0), addGlobal(0, 1), 0x23, 0, i32const(1000), 0x48, 0x0d, 0, opEnd)
	g := echo().imported(abi.ImportModule, abi.ImportLog, []byte{i32, i32, i32}, nil)
	g.globals = 1
	g.with(abi.ExportHandleCommand, code(loop, i64const(manifestAt<<32|1)))
	for name, c := range map[string]struct{ bytes, lines int }{"by bytes": {1000, 10}, "by lines": {1 << 20, 256}} {
		t.Run(name, func(t *testing.T) {
			in := one(t, &plugin.Options{MaxLogBytes: c.bytes}, g)
			if _, err := in.HandleCommand([]byte("abc"), plugin.Allowance{}); err != nil {
				t.Fatal(err)
			}
			if got, dropped := in.Logs(); len(got) != c.lines || dropped != 1000-c.lines {
				t.Errorf("%d lines, %d dropped", len(got), dropped)
			}
		})
	}
}

func TestConstantImports(t *testing.T) {
	four := []byte{i32, i32, i32, i32}
	cases := map[string]struct {
		name            string
		params, results []byte
		body            []byte // leaves the result
		data            []byte // at 2048
		result          byte
		written         []byte // at textAt
	}{
		"no arguments":        {name: "args_sizes_get", params: four[:2], body: code(i32const(textAt), i32const(textAt+4), call(0)), written: make([]byte, 8)},
		"no variables":        {name: "environ_sizes_get", params: four[:2], body: code(i32const(textAt), i32const(textAt+4), call(0)), written: make([]byte, 8)},
		"arguments":           {name: "args_get", params: four[:2], body: code(i32const(textAt), i32const(textAt), call(0)), written: []byte{0xaa}},
		"variables":           {name: "environ_get", params: four[:2], body: code(i32const(textAt), i32const(textAt), call(0)), written: []byte{0xaa}},
		"the clock":           {name: "clock_time_get", params: []byte{i32, i64, i32}, body: code(i32const(0), i64const(1), i32const(textAt), call(0)), written: binary.LittleEndian.AppendUint64(nil, 1e9)},
		"the monotonic clock": {name: "clock_time_get", params: []byte{i32, i64, i32}, body: code(i32const(1), i64const(1), i32const(textAt), call(0)), written: binary.LittleEndian.AppendUint64(nil, 1e9)},
		"a clock to nowhere":  {name: "clock_time_get", params: []byte{i32, i64, i32}, body: code(i32const(1), i64const(1), i32const(-1), call(0)), result: 21},
		"randomness":          {name: "random_get", params: four[:2], body: code(i32const(textAt), i32const(20), call(0)), written: []byte("\x9e\x37\x79\xb9\x7f\x4a\x7c\x15\xf3\x9c\xc0\x60\x5c\xed\xc8\x34\x9e\x37\x79\xb9\xaa")},
		"random to nowhere":   {name: "random_get", params: four[:2], body: code(i32const(-4), i32const(20), call(0)), result: 21},
		"a yield":             {name: "sched_yield", body: call(0)},
		"a file":              {name: "fd_close", params: four[:1], body: code(i32const(1), call(0)), result: 8},
		"a folder":            {name: "fd_prestat_get", params: four[:2], body: code(i32const(3), i32const(textAt), call(0)), result: 8},
		"writing to a file":   {name: "fd_write", params: four, body: code(i32const(3), i32const(2048), i32const(0), i32const(textAt), call(0)), result: 8},
		"writing from nowhere": {name: "fd_write", params: four, body: code(i32const(1), i32const(2048), i32const(1), i32const(textAt), call(0)),
			data: []byte{0xff, 0xff, 0xff, 0xff, 2}, result: 21},
		"writing too many pieces": {name: "fd_write", params: four, body: code(i32const(1), i32const(2048), i32const(1<<29), i32const(textAt), call(0)), result: 28},
		"a poll of nothing":       {name: "poll_oneoff", params: four, body: code(i32const(2048), i32const(3072), i32const(0), i32const(textAt), call(0)), result: 28},
		"a poll without waiting": {name: "poll_oneoff", params: four, body: code(i32const(2048), i32const(3072), i32const(1), i32const(textAt), call(0)),
			data: make([]byte, 48), written: []byte{1, 0, 0, 0, 0xaa}},
		"a poll of a moment past": {name: "poll_oneoff", params: four, body: code(i32const(2048), i32const(3072), i32const(1), i32const(textAt), call(0)),
			data: append(append(make([]byte, 24), 5), append(make([]byte, 15), 1, 0, 0, 0, 0, 0, 0, 0)...), written: []byte{1, 0, 0, 0, 0xaa}},
		"a poll of a file and a sleep": {name: "poll_oneoff", params: four, body: code(i32const(2048), i32const(3072), i32const(2), i32const(textAt), call(0)),
			data: append(append(append(make([]byte, 24), 5), make([]byte, 23)...), append([]byte{9, 0, 0, 0, 0, 0, 0, 0, 1}, make([]byte, 39)...)...), written: []byte{1, 0, 0, 0, 0xaa}},
		"a poll to nowhere": {name: "poll_oneoff", params: four, body: code(i32const(2048), i32const(-8), i32const(1), i32const(textAt), call(0)), data: make([]byte, 48), result: 21},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := echo().imported(abi.ImportWASI, c.name, c.params, []byte{i32})
			g.data = append(g.data, guestData{2048, c.data}, guestData{textAt, bytes.Repeat([]byte{0xaa}, 32)})
			// The answer is the result and what was written.
			g.with(abi.ExportHandleCommand, code(i32const(textAt-4), c.body, 0x36, 2, 0, i64const((textAt-4)<<32|36)))
			got, err := one(t, nil, g).HandleCommand([]byte("abc"), plugin.Allowance{})
			if err != nil {
				t.Fatal(err)
			}
			if want := []byte{c.result, 0, 0, 0}; !bytes.Equal(got[:4], want) {
				t.Errorf("result %x, want %x", got[:4], want)
			}
			if !bytes.HasPrefix(got[4:], c.written) {
				t.Errorf("wrote %x, want %x", got[4:], c.written)
			}
		})
	}
}

func TestInstancesRunInParallel(t *testing.T) {
	p := load(t, newEngine(t, nil), echo().bytes())
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			req := bytes.Repeat([]byte{byte(worker)}, 1000)
			for range 500 {
				in, err := p.Acquire(context.Background())
				if err != nil {
					t.Error(err)
					return
				}
				got, err := in.HandleCommand(req, plugin.Allowance{})
				if err != nil || !bytes.Equal(got, req) {
					t.Errorf("worker %d: %x, error %v", worker, got[:8], err)
				}
				p.Release(in)
			}
		})
	}
	wait.Wait()
	if s := p.Stats(); s.Live > 4 || s.Live != int64(s.Created) {
		t.Errorf("%+v, want at most 4 instances", s)
	}
}

func TestGoodCallsLeaveNoGarbage(t *testing.T) {
	in := one(t, nil, echo())
	for _, size := range []int{1, 64, 4 << 10, 64 << 10} {
		req := make([]byte, size)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := in.HandleCommand(req, plugin.Allowance{}); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations in a call of %d bytes", n, size)
		}
	}
}

// A runtime that gives up naps before it says why.
func TestAFewNapsACallTakeNoTimeAndMoreAreASleep(t *testing.T) {
	nap := code(i32const(2048), i32const(3072), i32const(1), i32const(textAt), call(0), drop)
	subscription := make([]byte, 48)
	binary.LittleEndian.PutUint64(subscription[24:], 1_000_000)
	g := echo().imported(abi.ImportWASI, "poll_oneoff", []byte{i32, i32, i32, i32}, []byte{i32})
	g.data = append(g.data, guestData{2048, subscription})
	g.with(abi.ExportHandleCommand, code(nap, i64const(manifestAt<<32|1)))
	g.with(abi.ExportHandleEvent, code(bytes.Repeat(nap, 17), i64const(manifestAt<<32|1)))
	in := one(t, nil, g)
	for i := range 17 {
		if _, err := in.HandleCommand([]byte("abc"), plugin.Allowance{}); err != nil {
			t.Fatalf("call %d with a nap: %v", i, err)
		}
	}
	if _, err := in.HandleEvent([]byte("abc"), plugin.Allowance{}); err == nil || !strings.Contains(err.Error(), "handlers cannot sleep") {
		t.Errorf("a call with 17 naps: %v", err)
	}
}
