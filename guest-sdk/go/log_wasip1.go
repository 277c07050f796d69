package eshost

import "unsafe"

func writeLog(level Level, text string) { importLog(level, unsafe.StringData(text), uint32(len(text))) }

//go:wasmimport eshost_v1 log
func importLog(level Level, text *byte, size uint32)
