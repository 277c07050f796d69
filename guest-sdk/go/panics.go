package eshost

import (
	"reflect"
	"runtime"
	"strconv"
	"unicode/utf8"
)

// maxMessageBytes bounds the messages of faults.
const maxMessageBytes = 1024

// cut shortens a message and makes it UTF-8.
func cut(message string) string {
	if len(message) > maxMessageBytes {
		message = message[:maxMessageBytes]
	}
	if utf8.ValidString(message) {
		return message
	}
	return string([]rune(message)) // each byte at fault becomes U+FFFD
}

// describePanic says what a handler panicked with, and where in the author's code. It must be called by the deferred function.
func describePanic(reason any) string {
	text := panicText(reason)
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if name := frame.Function; name != "" && !hasPrefix(name, "runtime.") && !hasPrefix(name, ownFrames) {
			return text + " (" + base(frame.File) + ":" + strconv.Itoa(frame.Line) + ")"
		}
	}
	return text
}

// ownFrames is what the names of this package's functions begin with.
const ownFrames = "github.com/eshost/eshost/guest-sdk/go."

func hasPrefix(s, prefix string) bool { return len(s) >= len(prefix) && s[:len(prefix)] == prefix }

// base gives the last element of a path.
func base(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[i+1:]
		}
	}
	return path
}

// panicText turns a panic's value into words, even if its own method for that panics.
func panicText(reason any) (text string) {
	defer func() {
		if recover() != nil {
			text = "a " + typeName(reason) + " whose text cannot be had"
		}
	}()
	switch v := reason.(type) {
	case error:
		return v.Error()
	case string:
		return v
	case interface{ String() string }:
		return v.String()
	}
	switch v := reflect.ValueOf(reason); {
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	case v.Kind() == reflect.String:
		return v.String()
	}
	return "a " + typeName(reason)
}
