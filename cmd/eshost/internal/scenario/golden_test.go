package scenario_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/eshost/eshost/cmd/eshost/internal/scenario"
)

var update = flag.Bool("update", false, "write the golden files")

// Each golden file is a file of scenarios and what is said about it, for a box of the kind that its comment names.
func TestWhatIsSaidReadsAsTheGoldenFiles(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(archive.Files) == 1 {
				archive.Files = append(archive.Files, txtar.File{Name: "output"})
			}
			how := strings.TrimSpace(string(archive.Comment))
			got := []byte(said(t, how, archive.Files[0].Data))
			if *update {
				archive.Files[1].Data = got
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := archive.Files[1].Data; !bytes.Equal(got, want) {
				t.Errorf("%s\nwant (go test -update writes it)\n%s", got, want)
			}
		})
	}
}

// said runs a file of scenarios and gives all that a user reads.
func said(t *testing.T, how string, text []byte) string {
	var out strings.Builder
	f, err := scenario.Parse("box.yaml", text)
	var report *scenario.Report
	if err == nil {
		report, err = scenario.Run(context.Background(), boxes(how), []*scenario.File{f}, nil, func(r *scenario.Result) { r.Text(&out) })
	}
	parse := (*scenario.ParseError)(nil)
	switch {
	case errors.As(err, &parse):
		fmt.Fprintln(&out, err)
	case err != nil:
		t.Fatal(err)
	default:
		fmt.Fprintln(&out, report.Summary())
	}
	return out.String()
}
