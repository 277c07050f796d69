package plugin

// Poke writes a byte into the guest's memory, also while it runs.
func (in *Instance) Poke(at uint32, b byte) { in.mem.WriteByte(at, b) }

// MemoryBytes is the size of the guest's memory.
func (in *Instance) MemoryBytes() int64 { return int64(in.mem.Size()) }
