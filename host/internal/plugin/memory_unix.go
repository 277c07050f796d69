//go:build linux || darwin

package plugin

import (
	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"
)

// reserve makes the linear memory of an instance. All that it may ever grow to is
// reserved at once, in addresses and not in memory, so that growing copies nothing and
// freeing gives everything back at once. Without the addresses it is left to Go's memory.
func reserve(capacity, most uint64) experimental.LinearMemory {
	b, err := unix.Mmap(-1, 0, int(most), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil || most == 0 {
		return &heap{make([]byte, 0, min(capacity, most)), most}
	}
	small(b)
	return &reserved{b}
}

// reserved is a memory at addresses of its own.
type reserved struct{ all []byte }

func (m *reserved) Reallocate(size uint64) []byte {
	if size > uint64(len(m.all)) {
		return nil
	}
	return m.all[:size:size]
}

func (m *reserved) Free() {
	if m.all != nil {
		_ = unix.Munmap(m.all) // it fails for what was not mapped only
		m.all = nil
	}
}
