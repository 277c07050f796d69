package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// A live stream that says nothing for silence is taken for dead: the host
// sends a word every 15 seconds if not told otherwise.
const (
	silence  = 90 * time.Second
	maxPause = 15 * time.Second
)

// Follow yields an entity's events after the sequence number, and goes on with
// new ones as they come, until ctx ends: then its error is the last thing
// it yields. When the connection is lost it connects again and goes on where it
// was. It gives up, with the error as the last thing it yields, when the first
// connection cannot be made and when the host refuses.
func (c *Client) Follow(ctx context.Context, typ, id string, after uint64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		f := follower{c: c, path: path("entities", typ, id, "events"), last: after, retry: time.Second}
		pause := time.Duration(0)
		for {
			f.heard = false
			wanted, err := f.connect(ctx, yield)
			switch {
			case !wanted:
				return
			case ctx.Err() != nil:
				yield(Event{}, ctx.Err())
				return
			case !f.worthRetrying(err):
				yield(Event{}, err)
				return
			}
			if pause = min(2*pause, maxPause); f.heard || pause == 0 {
				pause = f.retry
			}
			select {
			case <-time.After(pause/2 + rand.N(pause/2+1)):
			case <-ctx.Done():
			}
		}
	}
}

// follower is one Follow, over all its connections.
type follower struct {
	c         *Client
	path      string
	last      uint64
	retry     time.Duration // as the host asks
	connected bool          // once
	heard     bool          // something, on this connection
}

// worthRetrying reports whether another connection may do better.
func (f *follower) worthRetrying(err error) bool {
	var p *Problem
	if errors.As(err, &p) {
		return p.Status == http.StatusServiceUnavailable
	}
	return f.connected
}

// connect follows on one connection until it ends. wanted is false when
// nobody wants more events.
func (f *follower) connect(ctx context.Context, yield func(Event, error) bool) (wanted bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	headers := []header{{"Accept", "text/event-stream"}}
	if f.last > 0 {
		headers = append(headers, header{"Last-Event-ID", strconv.FormatUint(f.last, 10)})
	}
	dead := time.AfterFunc(silence, cancel)
	defer dead.Stop()
	resp, err := f.c.do(ctx, http.MethodGet, f.path, nil, headers...)
	if err != nil {
		return true, err
	}
	defer resp.Body.Close()
	f.connected = true
	in := bufio.NewReader(resp.Body)
	var data []byte
	name := ""
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF // a live stream has no end
			}
			return true, f.c.unanswered(err)
		}
		dead.Reset(silence)
		f.heard = true
		line = bytes.TrimRight(line, "\r\n")
		if len(line) > 0 {
			field, value, _ := bytes.Cut(line, []byte(":"))
			value = bytes.TrimPrefix(value, []byte(" "))
			switch string(field) {
			case "data":
				data = append(data, value...)
			case "event":
				name = string(value)
			case "retry":
				if ms, err := strconv.ParseUint(string(value), 10, 31); err == nil {
					f.retry = time.Duration(ms) * time.Millisecond
				}
			}
			continue
		}
		if len(data) > 0 {
			e, err := f.event(name, data)
			if err != nil {
				return true, err
			}
			// Time in which the receiver is busy is not silence.
			dead.Stop()
			if !yield(e, nil) {
				return false, nil
			}
			dead.Reset(silence)
			f.last = e.Seq
		}
		data, name = data[:0], ""
	}
}

// event decodes what was sent.
func (f *follower) event(name string, data []byte) (Event, error) {
	if name == "problem" {
		p := &Problem{}
		if err := json.Unmarshal(data, p); err != nil {
			return Event{}, fmt.Errorf("live stream of %s is not what an eshost gives: %w", f.c.base, err)
		}
		return Event{}, p
	}
	var e Event
	if err := json.Unmarshal(data, &e); err != nil {
		return Event{}, fmt.Errorf("live stream of %s is not what an eshost gives: %w", f.c.base, err)
	}
	return e, nil
}
