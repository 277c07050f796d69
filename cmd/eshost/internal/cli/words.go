package cli

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/eshost/eshost/cmd/eshost/internal/build"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/sandbox"
)

// words gives an error as a user reads it: places in sources as they are seen
// from the working directory, and of a guest's panic the sentence and the place.
func words(err error) string {
	text := err.Error()
	var compile *build.CompileError
	if errors.As(err, &compile) {
		text = strings.Replace(text, compile.Output, fromHere(compile.Path, compile.Output), 1)
	}
	var load *host.LoadError
	if errors.As(err, &load) {
		for _, problem := range load.Problems {
			text = strings.Replace(text, problem, sandbox.PanicText(problem), 1)
		}
	}
	return strings.TrimRight(text, "\n")
}

// sourcePlace is a place in a source file as compilers name it: a path, and a
// line behind a colon or in brackets.
var sourcePlace = regexp.MustCompile(`[\w./@+-]+\.(?:go|mod|rs|toml|ts|c|cc|cpp|h|hpp)[:(]\d`)

// fromHere puts the folder before those paths of a compiler's words that lie in it.
func fromHere(dir, text string) string {
	return sourcePlace.ReplaceAllStringFunc(text, func(place string) string {
		end := strings.LastIndexAny(place, ":(")
		name := place[:end]
		if filepath.IsAbs(name) {
			return place
		}
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err != nil {
			return place
		}
		return path + place[end:]
	})
}
