package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Store is what a host's store promises and can hold.
type Store struct {
	URL            string `json:"url"`              // without secrets
	Folder         string `json:"folder,omitempty"` // of an embedded store, on the host's machine
	Engine         string `json:"engine"`
	LogID          string `json:"log_id"`
	Durability     string `json:"durability"` // volatile, process, synced or replicated
	DurabilityIs   string `json:"durability_is"`
	Exclusive      bool   `json:"exclusive"` // no other host can write to it
	Fencing        bool   `json:"fencing"`
	MaxCommitBytes int    `json:"max_commit_bytes"`
	AppendCommits  int    `json:"append_commits"` // that one write takes well
}

// Store returns what the host's store promises and can hold.
func (c *Client) Store(ctx context.Context) (*Store, error) {
	s := &Store{}
	return s, c.get(ctx, path("store"), s)
}

// Backup calls read with a backup of the host's embedded store, a tar file of all that
// was acknowledged before. It is whole only when read comes to its end: a read that fails before is an error.
func (c *Client) Backup(ctx context.Context, read func(io.Reader) error) error {
	resp, err := c.do(ctx, http.MethodGet, path("store", "backup"), nil, header{"Accept", "application/x-tar, application/problem+json"})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := read(resp.Body); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil { // what follows the end of the tar file, and that the answer was not cut off
		return fmt.Errorf("the backup is not whole: %w", c.unanswered(err))
	}
	return nil
}
