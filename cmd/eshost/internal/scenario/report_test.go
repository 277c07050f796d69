package scenario_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/scenario"
)

const three = `scenarios:
  - name: one put
    when: {put: {key: a, value: 1}}
  - name: one that fails
    steps:
      - when: {put: {key: a, value: 1}}
      - when: {put: {key: a, value: 1}}
        then: {reply: 2}
  - name: two puts
    when: {put: {key: b, value: 1}}
`

func parse(t *testing.T, text string) *scenario.File {
	t.Helper()
	f, err := scenario.Parse("box.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTheReportIsJSONForPrograms(t *testing.T) {
	report, err := scenario.Run(context.Background(), boxes("right"), []*scenario.File{parse(t, three)}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"passed":2,"failed":1,"scenarios":[{"file":"box.yaml","line":2,"name":"one put"},` +
		`{"file":"box.yaml","line":4,"name":"one that fails","failures":[{"line":7,"step":2,"command":"put {\"key\":\"a\",\"value\":1}",` +
		`"text":"want it accepted, got it rejected with \"taken\""}]},{"file":"box.yaml","line":9,"name":"two puts"}]}`
	if string(got) != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestOnlyScenariosWhoseNamesMatchAreRun(t *testing.T) {
	var names []string
	report, err := scenario.Run(context.Background(), boxes("right"), []*scenario.File{parse(t, three)}, regexp.MustCompile("puts?$"),
		func(r *scenario.Result) { names = append(names, r.Name) })
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names, ", "); got != "one put, two puts" || report.Passed != 2 || report.Failed != 0 {
		t.Errorf("%s: %s", got, report.Summary())
	}
}

func TestARunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := scenario.Run(ctx, boxes("right"), []*scenario.File{parse(t, three)}, nil, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAnInstanceThatCannotBeMadeEndsTheRun(t *testing.T) {
	broken := errors.New("no room")
	for after := range 4 {
		p, n := boxes("right"), 0
		open := p.Open
		p.Open = func(ctx context.Context) (scenario.Guest, error) {
			if n++; n > after {
				return nil, broken
			}
			return open(ctx)
		}
		_, err := scenario.Run(context.Background(), p, []*scenario.File{parse(t, "scenarios: [{name: a, when: crash, then: {fault: panic}}]")}, nil, nil)
		if !errors.Is(err, broken) {
			t.Errorf("after %d instances: %v", after, err)
		}
	}
}

func TestFilesAreFoundInFolders(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.yaml", "a.yml", "c.txt", "empty/x.txt", "d.yaml/e.yaml"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("- "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	found, err := scenario.Find([]string{at("c.txt"), dir})
	if got := strings.Join(found, " "); err != nil || got != at("c.txt")+" "+at("a.yml")+" "+at("b.yaml") {
		t.Error(got, err)
	}
	if _, err := scenario.Find([]string{at("empty")}); err == nil || !strings.Contains(err.Error(), "holds no .yaml file") {
		t.Error(err)
	}
	if _, err := scenario.Find([]string{at("missing")}); err == nil || !strings.Contains(err.Error(), "there is no such file or folder") {
		t.Error(err)
	}
	_, err = scenario.Load(found)
	if parse := (*scenario.ParseError)(nil); !errors.As(err, &parse) || len(parse.Problems) != 3 || !strings.HasPrefix(parse.Problems[1], at("a.yml")+":1: ") {
		t.Error(err)
	}
}
