//go:build !wasip1

package eshost

// Serve makes the types the ones that this plugin serves. Call it once, from an init function. In a native build it
// only checks its arguments, as [NewPlugin] does.
func Serve(types ...AnyType) { NewPlugin(types...) }
