package eshost

import (
	"path"
	"reflect"
	"runtime"
	"strconv"
	"strings"
)

// maxMessageBytes bounds the messages of faults.
const maxMessageBytes = 1024

// cut shortens a message and makes it UTF-8.
func cut(message string) string {
	if len(message) > maxMessageBytes {
		message = message[:maxMessageBytes]
	}
	return strings.ToValidUTF8(message, "\uFFFD")
}

// describePanic says what a handler panicked with, and where. It must be called by the deferred function.
func describePanic(reason any) string {
	text := panicText(reason)
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			return text + " (" + path.Base(frame.File) + ":" + strconv.Itoa(frame.Line) + ")"
		}
	}
	return text
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
