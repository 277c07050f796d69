package sandbox

import (
	"regexp"
	"strings"
)

var (
	goStack  = regexp.MustCompile(`\s+goroutine \d+ \[[^\]]*\]:\s`)
	goAuthor = regexp.MustCompile(`\bmain\.\S+\(.*?\)\s+(\S+\.go:\d+)`)
)

// PanicText gives, of what a Go guest writes when it panics, the sentence and
// the place in its author's own code. Other texts stay what they are. Line
// breaks may have been taken out of it.
func PanicText(text string) string {
	at := goStack.FindStringIndex(text)
	if at == nil {
		return text
	}
	said := text[:at[0]]
	if _, sentence, ok := strings.Cut(said, "panic: "); ok {
		said = sentence
	}
	if place := goAuthor.FindStringSubmatch(text[at[1]:]); place != nil {
		said += " (at " + place[1] + ")"
	}
	return said
}
