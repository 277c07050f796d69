package abitest

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// summarize fills in how the types were exercised.
func (k *kit) summarize() {
	k.report.Types = []TypeReport{}
	for _, s := range k.subjects {
		t := TypeReport{Type: s.spec.Name, States: len(s.places), Commands: []CommandReport{}, Events: []EventReport{}}
		for _, c := range s.commands {
			t.Commands = append(t.Commands, CommandReport{Command: c.spec.Name, Examples: len(c.examples), Made: c.made && len(c.examples) > 0,
				Accepted: c.accepted, Rejected: c.rejected, Faulted: c.faulted})
			for _, code := range c.spec.Rejections {
				if !c.codes[code] {
					k.note("%s: command %s lists the rejection %q, which no example led to", s.spec.Name, c.spec.Name, code)
				}
			}
		}
		for _, spec := range s.spec.Events {
			e := s.events[eventKey{spec.Name, spec.Version}]
			t.Events = append(t.Events, EventReport{Event: spec.Name, Version: spec.Version, Emitted: e.emitted, Folded: e.folded})
		}
		k.report.Types = append(k.report.Types, t)
	}
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "plugin %.12s, %d bytes", r.Digest, r.SizeBytes)
	if r.SDK != "" {
		fmt.Fprintf(&b, ", built with %s", r.SDK)
	}
	fmt.Fprintf(&b, "\n")
	for i := range r.Types {
		r.Types[i].text(&b)
	}
	fmt.Fprintf(&b, "\n")
	var blocked []string // laws in a row that wait for the same, told in one line
	for i := range r.Laws {
		l := &r.Laws[i]
		if l.Status != Blocked {
			l.text(&b)
			continue
		}
		blocked = append(blocked, l.Law)
		if i+1 == len(r.Laws) || r.Laws[i+1].Status != Blocked || r.Laws[i+1].Why != l.Why {
			fmt.Fprintf(&b, "%-15s %s\n    %s\n", Blocked, strings.Join(blocked, ", "), l.Why)
			blocked = nil
		}
	}
	if len(r.Notes) > 0 {
		fmt.Fprintf(&b, "\n")
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	fmt.Fprintf(&b, "\n%s (%d guest calls, seed %d)\n", r.verdict(), r.GuestCalls, r.Seed)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) verdict() string {
	counts := make(map[Status]int)
	for i := range r.Laws {
		counts[r.Laws[i].Status]++
	}
	var parts []string
	for _, s := range []Status{Held, Failed, NotExercised, Blocked, NotApplicable} {
		if n := counts[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	laws := strings.Join(parts, ", ")
	switch {
	case r.Aborted != "":
		return fmt.Sprintf("the check could not be finished: %s; laws: %s", r.Aborted, laws)
	case r.Failed():
		return "not conformant: laws: " + laws
	}
	return "conformant: laws: " + laws
}

func (t *TypeReport) text(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s: %d states\n", t.Type, t.States)
	for _, c := range t.Commands {
		examples := fmt.Sprintf("%d examples", c.Examples)
		if c.Made {
			examples += " made from its schema"
		}
		fmt.Fprintf(b, "  command %-20s %s: %d accepted, %d rejected, %d faulted\n", c.Command, examples, c.Accepted, c.Rejected, c.Faulted)
	}
	for _, e := range t.Events {
		text := fmt.Sprintf("%d emitted", e.Emitted)
		switch {
		case e.Emitted == 0 && e.Folded:
			text = "never emitted, folded as made from its schema"
		case e.Emitted == 0:
			text = "never emitted, its fold was not exercised"
		}
		fmt.Fprintf(b, "  event   %-20s %s\n", fmt.Sprintf("%s v%d", e.Event, e.Version), text)
	}
}

func (l *LawReport) text(b *strings.Builder) {
	fmt.Fprintf(b, "%-15s %-18s %s", l.Status, l.Law, l.Says)
	if l.Status == Held {
		fmt.Fprintf(b, " (%d checks)", l.Checks)
	}
	fmt.Fprintf(b, "\n")
	if l.Why != "" {
		fmt.Fprintf(b, "    %s\n", l.Why)
	}
	for i := range l.Findings {
		l.Findings[i].text(b)
	}
	if more := l.Failures - len(l.Findings); more > 0 && len(l.Findings) > 0 {
		fmt.Fprintf(b, "    and %d more failures of this law\n", more)
	}
}

func (f *Finding) text(b *strings.Builder) {
	subject := f.Type
	for _, name := range []string{f.Command, f.Event} {
		if name != "" {
			subject = strings.TrimSpace(subject + " " + name)
		}
	}
	if subject != "" {
		subject += ": "
	}
	fmt.Fprintf(b, "  - %s\n", below(subject+f.What, 6))
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(b, "      %-9s%s\n", name, below(text, 15))
		}
	}
	line("request", f.Request.Text)
	line("", f.Request.Hex)
	line("answer", f.Answer.Text)
	line("", f.Answer.Hex)
	line("want", f.Want)
	line("do", f.Do)
}

// How much of a text is shown in the table; the report as JSON has all of it.
const (
	mostLines = 12
	mostRunes = 400 // of a line
)

// below lays out a text of several lines, such as what a guest said when it
// trapped, in a column that is indented.
func below(text string, column int) string {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	if more := len(lines) - mostLines; more > 0 {
		lines = append(lines[:mostLines], fmt.Sprintf("... and %d more lines: --json has them all", more))
	}
	for i, line := range lines {
		line = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) && r != '\t' {
				return unicode.ReplacementChar // or it would move the cursor
			}
			return r
		}, line)
		if runes := []rune(line); len(runes) > mostRunes {
			line = string(runes[:mostRunes]) + "..."
		}
		lines[i] = strings.TrimRight(line, " \t")
	}
	return strings.Join(lines, "\n"+strings.Repeat(" ", column))
}
