package plugin

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/eshost/eshost/abi"
)

// The functions of WASI preview 1 that language runtimes insist on, served by
// constants: nothing a guest learns from them differs between two calls, two
// instances or two machines. Only for a check that answers do not depend on
// them, [Options.Vary], do instances differ.

// Error numbers of WASI preview 1.
const (
	wasiSuccess = 0
	wasiBadFile = 8  // EBADF: what a runtime wants to hear about files that are not there
	wasiFault   = 21 // EFAULT: an address outside of memory
	wasiInvalid = 28 // EINVAL
)

// wasiMoment is where both clocks stand, in nanoseconds since 1970: a second
// after. Nobody takes it for a real time, and it is not 0, at which Go's
// runtime gives up.
const wasiMoment = 1_000_000_000

// wasiRandom is what random_get gives, again and again.
var wasiRandom = [16]byte{0x9e, 0x37, 0x79, 0xb9, 0x7f, 0x4a, 0x7c, 0x15, 0xf3, 0x9c, 0xc0, 0x60, 0x5c, 0xed, 0xc8, 0x34}

// surroundings are what an instance learns from clocks and random_get.
type surroundings struct {
	moment uint64
	random [16]byte
}

// surroundingsOf are those of the n-th instance of a plugin: the same for all,
// or for each a day and random bytes of its own.
func surroundingsOf(n uint64, vary bool) surroundings {
	s := surroundings{wasiMoment, wasiRandom}
	if vary {
		const day = 86_400_000_000_000 // nanoseconds
		s.moment += n * day
		binary.LittleEndian.PutUint64(s.random[:], binary.LittleEndian.Uint64(s.random[:])+n)
	}
	return s
}

var errSleep = errors.New("handlers cannot sleep: time is an input, and a guest call is never resumed")

// exitError is the cause of a trap by proc_exit.
type exitError uint32

func (e exitError) Error() string {
	return fmt.Sprintf("the guest ended itself with exit code %d", uint32(e))
}

const (
	i32 = api.ValueTypeI32
	i64 = api.ValueTypeI64
)

// hostFunc is one function that guests may import. Its Go part takes its
// parameters from stack and leaves its result in stack[0].
type hostFunc struct {
	name    string
	params  []api.ValueType
	results []api.ValueType
	call    func(in *Instance, mem api.Memory, stack []uint64)
}

// serve makes f callable by wazero.
func (f *hostFunc) serve() api.GoModuleFunc {
	call := f.call
	return func(ctx context.Context, mod api.Module, stack []uint64) {
		call(ctx.Value(instanceKey{}).(*Instance), mod.Memory(), stack)
	}
}

var wasiFuncs = append([]hostFunc{
	{"args_get", []api.ValueType{i32, i32}, []api.ValueType{i32}, wasiNothing},
	{"args_sizes_get", []api.ValueType{i32, i32}, []api.ValueType{i32}, wasiNoSizes},
	{"environ_get", []api.ValueType{i32, i32}, []api.ValueType{i32}, wasiNothing},
	{"environ_sizes_get", []api.ValueType{i32, i32}, []api.ValueType{i32}, wasiNoSizes},
	{"clock_time_get", []api.ValueType{i32, i64, i32}, []api.ValueType{i32}, wasiClockTime},
	{"random_get", []api.ValueType{i32, i32}, []api.ValueType{i32}, wasiRandomGet},
	{"fd_write", []api.ValueType{i32, i32, i32, i32}, []api.ValueType{i32}, wasiWrite},
	{"poll_oneoff", []api.ValueType{i32, i32, i32, i32}, []api.ValueType{i32}, wasiPoll},
	{"sched_yield", nil, []api.ValueType{i32}, wasiNothing},
	{"proc_exit", []api.ValueType{i32}, nil, wasiExit},
},
	// A plugin has no files. These are here because runtimes call them at
	// start-up, or linkers keep them in programs that never do.
	wasiNoFile("fd_close", i32),
	wasiNoFile("fd_fdstat_get", i32, i32),
	wasiNoFile("fd_fdstat_set_flags", i32, i32),
	wasiNoFile("fd_prestat_dir_name", i32, i32, i32),
	wasiNoFile("fd_prestat_get", i32, i32),
	wasiNoFile("fd_read", i32, i32, i32, i32),
	wasiNoFile("fd_seek", i32, i64, i32, i32),
)

func wasiNoFile(name string, params ...api.ValueType) hostFunc {
	return hostFunc{name, params, []api.ValueType{i32}, func(_ *Instance, _ api.Memory, stack []uint64) {
		stack[0] = wasiBadFile
	}}
}

// wasiNothing succeeds and does nothing.
func wasiNothing(_ *Instance, _ api.Memory, stack []uint64) {
	// A function without parameters and with a result has one place too.
	stack[0] = wasiSuccess
}

// wasiNoSizes says of arguments or variables that there are none.
func wasiNoSizes(_ *Instance, mem api.Memory, stack []uint64) {
	ok := mem.WriteUint32Le(uint32(stack[0]), 0) && mem.WriteUint32Le(uint32(stack[1]), 0)
	stack[0] = wasiErrno(ok)
}

func wasiClockTime(in *Instance, mem api.Memory, stack []uint64) {
	stack[0] = wasiErrno(mem.WriteUint64Le(uint32(stack[2]), in.around.moment))
}

func wasiRandomGet(in *Instance, mem api.Memory, stack []uint64) {
	b, ok := mem.Read(uint32(stack[0]), uint32(stack[1]))
	in.tank.spend(len(b))
	for len(b) > 0 {
		b = b[copy(b, in.around.random[:]):]
	}
	stack[0] = wasiErrno(ok)
}

// wasiPiece is how much is written by one call at most.
const wasiPiece = 64 << 10

// wasiStep is what each piece to write, and each event to wait for, counts for beside its size, in bytes.
const wasiStep = 512

// wasiWrite takes standard output and error; nothing else is open.
func wasiWrite(in *Instance, mem api.Memory, stack []uint64) {
	fd, list, count, written := uint32(stack[0]), uint32(stack[1]), uint32(stack[2]), uint32(stack[3])
	if fd != 1 && fd != 2 {
		stack[0] = wasiBadFile
		return
	}
	const most = 1024 // as elsewhere (IOV_MAX)
	if count > most {
		stack[0] = wasiInvalid
		return
	}
	vectors, ok := mem.Read(list, count*8)
	if !ok {
		stack[0] = wasiFault
		return
	}
	total := 0
	for ; len(vectors) > 0; vectors = vectors[8:] {
		piece, ok := mem.Read(binary.LittleEndian.Uint32(vectors), binary.LittleEndian.Uint32(vectors[4:]))
		if !ok {
			stack[0] = wasiFault
			return
		}
		piece = piece[:min(len(piece), wasiPiece-total)] // the guest offers the rest again
		in.said.write(fd, piece)
		in.tank.spend(len(piece) + wasiStep)
		total += len(piece)
	}
	stack[0] = wasiErrno(mem.WriteUint32Le(written, uint32(total)))
}

// A Go runtime that gives up sleeps a few times for a millisecond, to let other
// threads stop, before it says why. It gets so many naps, which take no time.
// A handler's sleep never ends with them, since the clock does not move.
const (
	wasiNap  = 1_000_000 // nanoseconds
	wasiNaps = 16        // in one call
)

// wasiPoll answers what is ready at once: clocks that have already rung and
// files, which are in error. Waiting for anything else is a sleep and traps.
func wasiPoll(in *Instance, mem api.Memory, stack []uint64) {
	const (
		subBytes, eventBytes = 48, 32
		isClock              = 0
		absolute             = 1
		most                 = 1024
	)
	count := uint32(stack[2])
	if count == 0 || count > most {
		stack[0] = wasiInvalid
		return
	}
	subs, ok1 := mem.Read(uint32(stack[0]), count*subBytes)
	events, ok2 := mem.Read(uint32(stack[1]), count*eventBytes)
	if !ok1 || !ok2 {
		stack[0] = wasiFault
		return
	}
	in.tank.spend(int(count) * wasiStep)
	ready := uint32(0)
	for ; len(subs) > 0; subs = subs[subBytes:] {
		kind, errno := subs[8], byte(wasiBadFile)
		if kind == isClock {
			timeout := binary.LittleEndian.Uint64(subs[24:])
			if binary.LittleEndian.Uint16(subs[40:])&absolute != 0 {
				timeout -= min(timeout, in.around.moment)
			}
			if timeout == wasiNap && in.naps < wasiNaps {
				in.naps++
			} else if timeout > 0 {
				continue
			}
			errno = wasiSuccess
		}
		event := events[ready*eventBytes:][:eventBytes]
		copy(event, subs[:8]) // the user's data
		clear(event[8:])
		event[8], event[10] = errno, kind
		ready++
	}
	if ready == 0 {
		panic(errSleep)
	}
	stack[0] = wasiErrno(mem.WriteUint32Le(uint32(stack[3]), ready))
}

func wasiExit(_ *Instance, _ api.Memory, stack []uint64) { panic(exitError(uint32(stack[0]))) }

func wasiErrno(ok bool) uint64 {
	if ok {
		return wasiSuccess
	}
	return wasiFault
}

// ownFuncs are eshost's own imports.
var ownFuncs = []hostFunc{
	{abi.ImportLog, []api.ValueType{i32, i32, i32}, nil, func(in *Instance, mem api.Memory, stack []uint64) {
		text := guestText(mem, stack[1], stack[2])
		in.tank.spend(len(text))
		in.said.log(logLevel(uint32(stack[0])), text)
	}},
	{abi.ImportPanic, []api.ValueType{i32, i32}, nil, func(in *Instance, mem api.Memory, stack []uint64) {
		in.said.setPanic(guestText(mem, stack[0], stack[1]))
	}},
}

// guestText reads a text. It is a view, good until the guest goes on.
func guestText(mem api.Memory, ptr, size uint64) []byte {
	b, ok := mem.Read(uint32(ptr), uint32(size))
	if !ok {
		panic(fmt.Errorf("text of %d bytes at %d is outside of memory (%d bytes)", uint32(size), uint32(ptr), mem.Size()))
	}
	return b
}
