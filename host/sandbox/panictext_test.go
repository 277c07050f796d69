package sandbox_test

import (
	"testing"

	"github.com/eshost/eshost/host/sandbox"
)

func TestOfAPanicInGoTheSentenceAndThePlaceAreTold(t *testing.T) {
	const stack = "\n\ngoroutine 1 [running]:\ngithub.com/eshost/eshost/guest-sdk/go.Define[...]({0x2d443, 0x3}, {0x253da8, 0x5, 0x5})\n" +
		"\tgithub.com/eshost/eshost/guest-sdk/go/define.go:46 +0x12\n"
	for name, test := range map[string]struct{ text, want string }{
		"in the author's package":                {"panic: eshost: no." + stack + "main.init()\n\texample.com/dup/dup.go:29 +0x16\n", "eshost: no. (at example.com/dup/dup.go:29)"},
		"in a method of it":                      {"panic: no" + stack + "main.(*T[...]).do(0x1, {0x2, 0x3})\n\tx/t.go:3 +0x16\nmain.init()\n\tx/dup.go:29 +0x16\n", "no (at x/t.go:3)"},
		"in one line, behind what the host says": {"_initialize failed: trapped: unreachable: panic: no goroutine 1 [running]: main.init.0() x/dup.go:29 +0x16", "no (at x/dup.go:29)"},
		"without a place":                        {"panic: no" + stack, "no"},
		"no panic of Go":                         {"panicked at src/lib.rs:3:5: no", "panicked at src/lib.rs:3:5: no"},
		"a goroutine that is spoken of":          {"a goroutine 1 [sic]", "a goroutine 1 [sic]"},
	} {
		if got := sandbox.PanicText(test.text); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
