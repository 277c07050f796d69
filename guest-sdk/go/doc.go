// Package eshost is what a plugin for eshost is written with: typed state, commands, events and rejections, and two
// kinds of pure functions over them. One decides what a command does, the other folds an event into the state.
//
//	type Increase struct{ By uint64 }
//	type Increased struct{ By uint64 }
//
//	var overflow = eshost.NewRejection("overflow")
//
//	var Counter = eshost.Define[uint64]("counter",
//		eshost.Command("increase", increase, eshost.StateReply).Rejects(overflow),
//		eshost.Event("increased", 1, increased),
//	)
//
//	func increase(_ *eshost.Context, count uint64, c Increase) eshost.Effect {
//		if c.By > math.MaxUint64-count {
//			return overflow.Reject()
//		}
//		return eshost.Accept(Increased{By: c.By})
//	}
//
//	func increased(count uint64, e Increased) uint64 { return count + e.By }
//
//	func init() { eshost.Serve(Counter) }
//	func main() {}
//
// Built with GOOS=wasip1 GOARCH=wasm and -buildmode=c-shared this is a plugin; built natively it is ordinary Go code,
// to be tested with package eshosttest.
//
// # Purity
//
// A decide depends on its arguments alone: the state, the command, and what the [Context] gives, such as the time of
// the commit. A fold depends on the state and the event. There is no clock, no randomness and no I/O besides that, and
// nothing may be remembered in variables between calls: any instance serves any entity. What a decide does to its
// argument is undone, so it may sort or fill a map of the state on the way to a decision; a fold may change its
// argument in place and return it.
//
// # Types
//
// State, commands, events, replies and the payloads of rejections are ordinary Go types: booleans, integers, floats,
// strings, []byte, arrays, slices, maps with string keys, and structs of those. A struct is a map with the fields'
// names in snake case, or as a tag says: `msg:"name"`. A field may be absent if it is a
// pointer, an [Optional], or tagged `msg:",omitempty"` (then absent means zero). Strings and integers with an
// EnumNames method are enums ([Enum]), structs that embed [OneOf] are sum types. What has no such form (interfaces,
// channels, functions, time.Time, unexported fields) is refused by a panic when the type is defined.
package eshost
