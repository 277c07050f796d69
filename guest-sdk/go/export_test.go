package eshost

// NewTrustingPlugin makes a plugin as it is in WebAssembly: it trusts promises of [ReadOnly].
func NewTrustingPlugin(types ...AnyType) *Plugin { return newPlugin(true, types) }
