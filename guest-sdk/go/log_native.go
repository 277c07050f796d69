//go:build !wasip1

package eshost

func writeLog(level Level, text string) { println(level.String(), text) }
