package abitest_test

import (
	"testing"

	"github.com/eshost/eshost/abi/abitest"
	"github.com/eshost/eshost/host/hosttest"
)

// TestTheReferencePluginsOfAllLanguagesAreConformant leans on `make wasm`.
func TestTheReferencePluginsOfAllLanguagesAreConformant(t *testing.T) {
	for _, name := range []string{"counter-go", "counter-rust", "counter-assemblyscript", "counter-c", "order-go", "order-rust"} {
		t.Run(name, func(t *testing.T) {
			conformant(t, check(t, hosttest.Built(t, name), &abitest.Options{Calls: 100_000}))
		})
	}
}
