package build

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// source is a file of the counter that becomes one of a new plugin.
type source struct {
	name string // slashed
	text string
}

// kind says what a part of a source is.
type kind int

const (
	code kind = iota
	comment
	quoted
)

var (
	codeParts = regexp.MustCompile(`//[^\n]*|(?s:/\*.*?\*/)|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'` + "|`[^`]*`")
	textParts = regexp.MustCompile(`(?m)(?:^|[ \t])#[^\n]*|"(?:\\.|[^"\\\n])*"`)
	word      = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)
	counter   = regexp.MustCompile(`Counter|COUNTER|counter`)
	mentioned = regexp.MustCompile(`Counter|COUNTER|\bcounter(?:_\w|\.\w|/|[A-Z]|\()|\w_counter`) // in prose, a counter is still one
	typeOf    = regexp.MustCompile(`(?m)^(\s*type:\s*)counter\b`)
)

// isCode reports whether the file is a program, and not the description of a project or a build.
func (s *source) isCode() bool {
	return slices.Contains([]string{".go", ".rs", ".ts", ".js", ".mjs", ".c", ".h", ".cc", ".cpp", ".hpp"}, path.Ext(s.name))
}

// isScript reports whether the file is a program in which names are written likeThis.
func (s *source) isScript() bool {
	return slices.Contains([]string{".ts", ".js", ".mjs"}, path.Ext(s.name))
}

// parts calls f for each part of the file, in order: comments, texts in quotes, and the code between.
func (s *source) parts(f func(kind kind, text string)) {
	marks := textParts
	if s.isCode() {
		marks = codeParts
	}
	at := 0
	for _, found := range marks.FindAllStringIndex(s.text, -1) {
		f(code, s.text[at:found[0]])
		kind := comment
		if strings.ContainsRune("\"'`", rune(s.text[found[0]])) {
			kind = quoted
		}
		f(kind, s.text[found[0]:found[1]])
		at = found[1]
	}
	f(code, s.text[at:])
}

// taken are the words that mean something in the sources, beside the
// counter's own name, and those that the language keeps for itself.
func taken(language string, sources []source) map[string]bool {
	all := make(map[string]bool)
	for _, w := range strings.Fields(reserved[language]) {
		all[w] = true
	}
	for _, s := range sources {
		s.parts(func(kind kind, text string) {
			if kind == comment || kind == quoted && s.isCode() {
				return
			}
			for _, w := range word.FindAllString(text, -1) {
				all[w] = true
			}
		})
	}
	delete(all, "counter")
	delete(all, "Counter")
	return all
}

// renamed is the file with another name in the place of the counter's.
func (s *source) renamed(n name) source {
	file := source{name: strings.ReplaceAll(s.name, "counter", n.snake())}
	if path.Ext(s.name) == ".yaml" {
		file.text = typeOf.ReplaceAllString(s.text, "${1}"+n.typ)
		return file
	}
	var b strings.Builder
	s.parts(func(kind kind, text string) {
		switch {
		case kind == comment:
			b.WriteString(mentioned.ReplaceAllStringFunc(text, func(found string) string { return s.identifiers(n, found) }))
		case kind == code:
			b.WriteString(s.identifiers(n, text))
		case text[1:len(text)-1] == "counter" && s.isCode():
			b.WriteString(text[:1] + n.typ + text[len(text)-1:])
		case text[1:len(text)-1] == "counter":
			b.WriteString(text[:1] + n.kebab() + text[len(text)-1:])
		case strings.Contains(text, " ") && s.isCode(): // prose
			b.WriteString(text)
		default:
			b.WriteString(strings.ReplaceAll(text, "counter", n.snake()))
		}
	})
	file.text = b.String()
	return file
}

// identifiers replaces the counter's name in a piece of code.
func (s *source) identifiers(n name, text string) string {
	var b strings.Builder
	at := 0
	for _, found := range counter.FindAllStringIndex(text, -1) {
		b.WriteString(text[at:found[0]])
		at = found[1]
		switch text[found[0]:found[1]] {
		case "Counter":
			b.WriteString(n.pascal())
		case "COUNTER":
			b.WriteString(n.upper())
		default:
			if s.isScript() || at < len(text) && 'A' <= text[at] && text[at] <= 'Z' {
				b.WriteString(n.camel())
			} else {
				b.WriteString(n.snake())
			}
		}
	}
	b.WriteString(text[at:])
	return b.String()
}
