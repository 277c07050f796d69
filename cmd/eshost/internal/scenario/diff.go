package scenario

import (
	"strconv"
	"strings"
)

const (
	maxCommandBytes = 120 // of a command, in the line that names a step
	maxLineBytes    = 90  // of a value in one line
	maxPaths        = 6   // that are named
)

// difference tells how got differs from what is wanted: the paths, and both in one text, in which lines with - are
// wanted and lines with + are there.
func difference(what string, want, got *value) string {
	if want == nil || got == nil || want.kind == scalar && got.kind == scalar {
		return what + ": want " + orNone(want) + ", got " + orNone(got)
	}
	d := diff{}
	d.compare("", "", "", want, got)
	where := ""
	if n := len(d.paths); n > 0 {
		where = " at " + strings.Join(d.paths[:min(n, maxPaths)], ", ")
		if n > maxPaths {
			where += " and " + strconv.Itoa(n-maxPaths) + " more"
		}
	}
	verb := " differs"
	if strings.HasSuffix(what, "events") {
		verb = " differ"
	}
	return what + verb + where + " (- wanted, + got)\n" + strings.TrimSuffix(d.text.String(), "\n")
}

func orNone(v *value) string {
	if v == nil {
		return "none"
	}
	return v.String()
}

type diff struct {
	text  strings.Builder
	paths []string
}

// compare writes two values; label is what stands before them in their map.
func (d *diff) compare(path, indent, label string, want, got *value) {
	switch {
	case want.equal(got):
		d.line(" ", indent, label+cut(got.String(), maxLineBytes))
	case want.kind == object && got.kind == object:
		d.line(" ", indent, label+"{")
		d.entries(path, indent+"  ", want, got)
		d.line(" ", indent, "}")
	case want.kind == array && got.kind == array:
		d.line(" ", indent, label+"[")
		d.elements(path, indent+"  ", want, got)
		d.line(" ", indent, "]")
	default:
		d.found(path)
		d.all("-", indent, label, want)
		d.all("+", indent, label, got)
	}
}

func (d *diff) entries(path, indent string, want, got *value) {
	inner := func(key string) string { return strings.TrimPrefix(path+"."+key, ".") }
	for i, key := range want.keys {
		label := quote(key) + ": "
		if g := got.item(key); g != nil {
			d.compare(inner(key), indent, label, want.items[i], g)
		} else {
			d.found(inner(key))
			d.all("-", indent, label, want.items[i])
		}
	}
	for i, key := range got.keys {
		if want.item(key) == nil && !want.partial {
			d.found(inner(key))
			d.all("+", indent, quote(key)+": ", got.items[i])
		}
	}
}

func (d *diff) elements(path, indent string, want, got *value) {
	for i := range max(len(want.items), len(got.items)) {
		inner := path + "[" + strconv.Itoa(i) + "]"
		switch {
		case i >= len(got.items):
			d.found(inner)
			d.all("-", indent, "", want.items[i])
		case i >= len(want.items):
			d.found(inner)
			d.all("+", indent, "", got.items[i])
		default:
			d.compare(inner, indent, "", want.items[i], got.items[i])
		}
	}
}

func (d *diff) found(path string) {
	if path != "" {
		d.paths = append(d.paths, path)
	}
}

// all writes one value, over many lines if it is long.
func (d *diff) all(mark, indent, label string, v *value) {
	if text := v.String(); v.kind == scalar || len(indent)+len(label)+len(text) <= maxLineBytes {
		d.line(mark, indent, label+text)
		return
	}
	brackets := "[]"
	if v.kind == object {
		brackets = "{}"
	}
	d.line(mark, indent, label+brackets[:1])
	for i, item := range v.items {
		inner := ""
		if v.kind == object {
			inner = quote(v.keys[i]) + ": "
		}
		d.all(mark, indent+"  ", inner, item)
	}
	d.line(mark, indent, brackets[1:])
}

func (d *diff) line(mark, indent, text string) {
	d.text.WriteString(mark + " " + indent + text + "\n")
}
