package pgstore

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// relations are the names of the store's tables, indexes and sequences, before
// the prefix. The longest decides how long a prefix may be.
var relations = []string{"meta", "commits", "commits_feed", "groups", "batches", "plugins", "kinds", "fences", "snapshots", "checkpoints", "blobs"}

// maxNameBytes is how long a name may be: Postgres cuts longer ones off, without an error.
const maxNameBytes = 63

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// names puts the configured schema and prefix into statements.
type names struct{ schema, prefix string }

// bare is the name of a relation with its prefix.
func (n names) bare(relation string) string { return n.prefix + relation }

// full is the name of a relation as it stands in a statement.
func (n names) full(relation string) string {
	return pgx.Identifier{n.schema, n.bare(relation)}.Sanitize()
}

// sql puts names in the place of {relation}. A new index has no schema of its own: it is in that of its table.
func (n names) sql(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(s string) string {
		if s = strings.Trim(s, "{}"); s == "commits_feed" {
			return pgx.Identifier{n.bare(s)}.Sanitize()
		}
		return n.full(s)
	})
}

// check says what is wrong with the names.
func (n names) check() error {
	if len(n.schema) == 0 || len(n.schema) > maxNameBytes || !plain(n.schema) {
		return fmt.Errorf("schema %.80q: a name of 1 to %d bytes of UTF-8 without control characters is wanted", n.schema, maxNameBytes)
	}
	if !plain(n.prefix) {
		return fmt.Errorf("table prefix %.80q: UTF-8 without control characters is wanted", n.prefix)
	}
	for _, r := range relations {
		if len(n.bare(r)) > maxNameBytes {
			return fmt.Errorf("table prefix %.80q: the name of table %.80q would have more than %d bytes: choose a shorter one", n.prefix, n.bare(r), maxNameBytes)
		}
	}
	return nil
}

// plain reports whether a name is one that a statement can hold whatever stands around it.
func plain(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

// holds reports whether Postgres's text can hold the value.
func holds(value string) bool { return utf8.ValidString(value) && strings.IndexByte(value, 0) < 0 }
