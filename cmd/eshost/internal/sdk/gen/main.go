// Command gen writes one file for each language, which eshost embeds: the
// source of its SDK and of its reference counter.
package main

import (
	"log"
	"os"

	"github.com/eshost/eshost/cmd/eshost/internal/sdk"
	"github.com/eshost/eshost/cmd/eshost/internal/sdk/pack"
)

func main() {
	for _, language := range sdk.Languages {
		text, err := pack.Archive("../../../..", language)
		if err == nil {
			err = os.WriteFile(language+".txtar", text, 0o644)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}
