package abitest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/eshost/eshost/abi/abitest"
)

func TestWhatAGuestSaidInManyLinesIsLaidOutAndWholeInJSON(t *testing.T) {
	trap := "handle_command: trapped: unreachable: panicked at src/lib.rs:7:\r\n  left: 1\n\x1b[31m right: 2\n" + strings.Repeat("frame\n", 30)
	r := abitest.Report{Laws: []abitest.LawReport{{Law: "memory", Says: "memory stays flat", Status: abitest.Failed, Failures: 1, Findings: []abitest.Finding{{
		What: "call 7 fails: " + trap, Type: "counter", Command: "increase",
		Answer: abitest.Message{Text: trap}, Want: strings.Repeat("x", 1000),
	}}}}}
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"  - counter increase: call 7 fails: handle_command: trapped: unreachable: panicked at src/lib.rs:7:\n        left: 1\n      \uFFFD[31m right: 2\n      frame\n",
		"      frame\n      ... and 21 more lines: --json has them all\n      answer   handle_command: trapped",
		"src/lib.rs:7:\n                 left: 1\n               \uFFFD[31m right: 2\n               frame\n",
		"      want     " + strings.Repeat("x", 400) + "...\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table does not have %q:\n%s", want, b.String())
		}
	}
	text, err := json.Marshal(&r)
	if err != nil {
		t.Fatal(err)
	}
	var back abitest.Report
	if err := json.Unmarshal(text, &back); err != nil || back.Laws[0].Findings[0].Answer.Text != trap {
		t.Errorf("error %v; as JSON it says %s", err, text)
	}
}
