package scenario_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/eshost/eshost/cmd/eshost/internal/scenario"
)

// Whatever a file holds, it is refused with lines that say why, or can be run.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(txtar.Parse(text).Files[0].Data)
	}
	f.Add([]byte("scenarios: &a [*a]"))
	f.Add([]byte("scenarios: [{name: a, when: {put: &a [*a]}}]"))
	f.Add([]byte("scenarios: [{name: a, when: {put: [&a [1,1,1,1,1,1,1,1], &b [*a,*a,*a,*a,*a,*a,*a,*a], &c [*b,*b,*b,*b,*b,*b,*b], &d [*c,*c,*c,*c,*c,*c,*c,*c,*c], &e [*d,*d,*d,*d,*d,*d,*d,*d,*d], &f [*e,*e,*e,*e,*e,*e], [*f,*f,*f,*f,*f]]}}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := scenario.Parse("box.yaml", text)
		if err == nil {
			_, err = scenario.Run(context.Background(), boxes("right"), []*scenario.File{file}, nil, nil)
		}
		if parse := (*scenario.ParseError)(nil); err != nil && (!errors.As(err, &parse) || len(parse.Problems) == 0) {
			t.Errorf("an error without a line: %v", err)
		}
	})
}
