package scenario

import (
	"fmt"
	"io"
	"strings"
)

// Report is what came of a run.
type Report struct {
	Passed    int      `json:"passed"`
	Failed    int      `json:"failed"`
	Scenarios []Result `json:"scenarios"`
}

// Result is what came of a scenario, which has passed if there are no failures.
type Result struct {
	File     string    `json:"file"`
	Line     int       `json:"line"`
	Name     string    `json:"name"`
	Failures []Failure `json:"failures,omitempty"`
}

// Failure is something that is not as it should be.
type Failure struct {
	Line    int    `json:"line"`
	Step    int    `json:"step,omitempty"` // counted from 1; 0: the only one, or the scenario as a whole
	Command string `json:"command,omitempty"`
	Text    string `json:"text"`
}

func (r *Report) add(result Result) {
	if len(result.Failures) == 0 {
		r.Passed++
	} else {
		r.Failed++
	}
	r.Scenarios = append(r.Scenarios, result)
}

// Text writes the result for people: the scenario's name, and what failed below it.
func (r *Result) Text(w io.Writer) {
	if len(r.Failures) == 0 {
		fmt.Fprintf(w, "ok    %s\n", r.Name)
		return
	}
	fmt.Fprintf(w, "FAIL  %s\n", r.Name)
	for i, f := range r.Failures {
		if i == 0 || f.Line != r.Failures[i-1].Line {
			fmt.Fprintf(w, "      %s:%d%s\n", r.File, f.Line, f.where())
		}
		for _, line := range strings.Split(f.Text, "\n") {
			fmt.Fprintf(w, "        %s\n", line)
		}
	}
}

func (f *Failure) where() string {
	where := ""
	if f.Step > 0 {
		where = fmt.Sprintf(": step %d", f.Step)
	}
	if f.Command != "" {
		where += ": " + f.Command
	}
	return where
}

// Summary is the last line: how many passed and failed.
func (r *Report) Summary() string { return fmt.Sprintf("%d passed, %d failed", r.Passed, r.Failed) }
