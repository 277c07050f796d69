package natsstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
)

// Versions of nats-server that can do something.
var (
	versionNeeded = version{2, 11} // direct get of many messages
	versionAtomic = version{2, 12} // atomic batches
)

type version [2]int

func parseVersion(s string) (v version) {
	major, rest, _ := strings.Cut(s, ".")
	minor, _, _ := strings.Cut(rest, ".")
	v[0], _ = strconv.Atoi(major)
	v[1], _ = strconv.Atoi(minor)
	return v
}

func (v version) less(o version) bool { return slices.Compare(v[:], o[:]) < 0 }

func (s *Store) version() version { return parseVersion(s.nc.ConnectedServerVersion()) }

func (s *Store) atomic() bool { return !s.version().less(versionAtomic) }

// checkServer makes sure that JetStream answers.
func (s *Store) checkServer(ctx context.Context) error {
	if s.version().less(versionNeeded) {
		return fmt.Errorf("nats-server %s is too old: 2.11 or later is needed, 2.15 or later is better", s.nc.ConnectedServerVersion())
	}
	return s.retry(ctx, func() error {
		_, err := s.js.AccountInfo(ctx)
		return s.classify(ctx, err)
	})
}

// wanted is the configuration of a log's stream that is made.
func (s *Store) wanted() jetstream.StreamConfig {
	c := jetstream.StreamConfig{
		Name: s.o.Stream, Description: "event log of eshost", Subjects: []string{s.subjects.all()},
		Retention: jetstream.LimitsPolicy, Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew,
		MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: -1, Replicas: max(1, s.o.Replicas),
		DenyDelete: true, DenyPurge: true, AllowDirect: true, AllowAtomicPublish: s.atomic(),
	}
	if s.o.MaxBytes > 0 {
		c.MaxBytes = s.o.MaxBytes
	}
	return c
}

// openStream returns the configuration of the log's stream, once it is as it
// must be. A stream that holds something else is not touched.
func (s *Store) openStream(ctx context.Context) (*jetstream.StreamConfig, error) {
	var config *jetstream.StreamConfig
	err := s.retry(ctx, func() error {
		stream, err := s.js.Stream(ctx, s.o.Stream)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound) && s.o.NoSetup:
			return fmt.Errorf("stream %s is not there, and setup is off: make it, or open the store once with setup", s.o.Stream)
		case errors.Is(err, jetstream.ErrStreamNotFound):
			stream, err = s.js.CreateStream(ctx, s.wanted())
			if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
				stream, err = s.js.Stream(ctx, s.o.Stream) // another host was first
			}
		}
		if err != nil {
			return s.setupError(ctx, "stream "+s.o.Stream, err)
		}
		c := stream.CachedInfo().Config
		config = &c
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, _, err := s.readLog(ctx); err != nil {
		return nil, err
	}
	if !s.o.NoSetup {
		if config, err = s.amend(ctx, config); err != nil {
			return nil, err
		}
	}
	wrong, warn := s.faults(config)
	if len(wrong) > 0 {
		return nil, fmt.Errorf("stream %s cannot hold a log: %s", s.o.Stream, strings.Join(wrong, "; "))
	}
	for _, w := range warn {
		s.o.Logger.Warn("the log's stream is not as it should be", "stream", s.o.Stream, "what", w)
	}
	return config, nil
}

// setupError says what of JetStream's refusals a user can do something about.
func (s *Store) setupError(ctx context.Context, what string, err error) error {
	var api *jetstream.APIError
	if errors.Is(err, errBucket) {
		return fmt.Errorf("%s: %w", what, err)
	}
	if errors.As(err, &api) && api.Code != 503 {
		return fmt.Errorf("%s: JetStream answers: %s (code %d)", what, api.Description, api.ErrorCode)
	}
	return fmt.Errorf("%s: %w", what, s.classify(ctx, err))
}

// amend brings a stream that is there to the options and to what is safe.
func (s *Store) amend(ctx context.Context, have *jetstream.StreamConfig) (*jetstream.StreamConfig, error) {
	want := *have
	if s.o.Replicas > 0 {
		want.Replicas = s.o.Replicas
	}
	if s.o.MaxBytes > 0 {
		want.MaxBytes = s.o.MaxBytes
	}
	want.DenyDelete, want.DenyPurge, want.AllowDirect, want.AllowRollup = true, true, true, false
	want.AllowAtomicPublish = want.AllowAtomicPublish || s.atomic()
	if want.Replicas == have.Replicas && want.MaxBytes == have.MaxBytes && have.DenyDelete && have.DenyPurge && have.AllowDirect && !have.AllowRollup && want.AllowAtomicPublish == have.AllowAtomicPublish {
		return have, nil
	}
	if wrong, _ := s.faults(&want); len(wrong) > 0 {
		return have, nil // it is somebody else's: not touched
	}
	s.o.Logger.Info("changing the log's stream", "stream", s.o.Stream, "replicas", want.Replicas, "max_bytes", want.MaxBytes)
	stream, err := s.js.UpdateStream(ctx, want)
	if err != nil {
		return nil, s.setupError(ctx, "change stream "+s.o.Stream, err)
	}
	c := stream.CachedInfo().Config
	return &c, nil
}

// faults says what keeps a stream from holding a log, and what makes it less
// safe than it could be.
func (s *Store) faults(c *jetstream.StreamConfig) (wrong, warn []string) {
	must := func(ok bool, text string) {
		if !ok {
			wrong = append(wrong, text)
		}
	}
	should := func(ok bool, text string) {
		if !ok {
			warn = append(warn, text)
		}
	}
	must(slices.Equal(c.Subjects, []string{s.subjects.all()}), fmt.Sprintf("its subjects are %v and must be %s alone", c.Subjects, s.subjects.all()))
	must(c.Storage == jetstream.FileStorage, "its storage must be file")
	must(c.Retention == jetstream.LimitsPolicy, "its retention must be limits: it would delete events")
	must(c.MaxAge == 0, fmt.Sprintf("its max_age must be 0: it would delete events after %s", c.MaxAge.Round(time.Second)))
	must(c.MaxMsgsPerSubject <= 0, "its max_msgs_per_subject must be -1: it would delete or refuse events")
	must(c.Discard == jetstream.DiscardNew || c.MaxBytes <= 0 && c.MaxMsgs <= 0, "it has a limit of bytes or messages and would delete old events when it is reached: its discard must be new")
	must(!c.NoAck, "its no_ack must be false: nothing would be acknowledged")
	must(!c.Sealed, "it is sealed and takes no events")
	must(c.PersistMode != jetstream.AsyncPersistMode, "its persist_mode must not be async: it would acknowledge what is not written")
	must(c.AllowDirect, "its allow_direct must be true: events are read by direct get")
	must(c.Mirror == nil && len(c.Sources) == 0, "it must not be fed from other streams")
	must(c.SubjectTransform == nil, "it must not transform subjects")
	must(c.FirstSeq <= 1, fmt.Sprintf("its first_seq is %d and must be 1: messages before it would be missing", c.FirstSeq))
	must(!c.AllowRollup, "its allow_rollup_hdrs must be false: a message could delete all events before it")
	must(s.o.Replicas == 0 || c.Replicas == s.o.Replicas, fmt.Sprintf("it has %d replicas and should have %d: change one of them, or open the store with setup", c.Replicas, s.o.Replicas))
	must(s.o.MaxBytes == 0 || c.MaxBytes == s.o.MaxBytes, fmt.Sprintf("its max_bytes is %d and should be %d: change one of them, or open the store with setup", c.MaxBytes, s.o.MaxBytes))
	should(c.DenyDelete, "deny_delete is false: anybody may delete events")
	should(c.DenyPurge, "deny_purge is false: anybody may delete all events")
	should(c.AllowAtomicPublish || !s.atomic(), "allow_atomic is false: with sync_interval always each commit costs a sync of its own")
	return wrong, warn
}

// bytes of a message that are not its record: headers and what is before the record.
const messageOverhead = 512

// describe makes Info, and tells the operator what the log promises.
func (s *Store) describe(id stores.LogID, c *jetstream.StreamConfig) {
	limit := s.nc.MaxPayload()
	if c.MaxMsgSize > 0 {
		limit = min(limit, int64(c.MaxMsgSize))
	}
	level, words := durability(c.Replicas, s.o.Sync)
	s.info = stores.Info{
		Name: "jetstream", ID: id, Durability: level, DurabilityIs: words,
		MaxCommit: int(max(limit-messageOverhead, 1)), Concurrency: 2, AppendCommits: maxBatch, AppendBytes: 4 << 20,
	}
	if c.AllowAtomicPublish {
		s.strategy.choose(c.Replicas, s.o.Sync)
	}
	log := s.o.Logger.Info
	if level < stores.Synced {
		log = s.o.Logger.Warn
	}
	log("the log is open", "stream", s.o.Stream, "durability", words, "server", s.nc.ConnectedServerVersion(), "cluster", s.nc.ConnectedClusterName(), "replicas", c.Replicas, "max_bytes", c.MaxBytes)
}

// durability says what a stream's acknowledgement is worth.
func durability(replicas int, sync Sync) (stores.Durability, string) {
	switch {
	case replicas >= 3 && sync == SyncAlways:
		return stores.Replicated, fmt.Sprintf("every commit is synced by a majority of %d servers before it is acknowledged, by the operator's word that their sync_interval is always", replicas)
	case replicas >= 3:
		return stores.Replicated, fmt.Sprintf("every commit is held by a majority of %d servers before it is acknowledged, synced later: commits are lost if a majority loses its power at once", replicas)
	case sync == SyncAlways:
		return stores.Synced, "every commit is synced to the disk of one server before it is acknowledged, by the operator's word that its sync_interval is always"
	case sync == SyncInterval:
		return stores.Process, "commits are acknowledged before they are synced: the last ones are lost if the server's machine fails; sync_interval: always or 3 replicas would keep them"
	default:
		return stores.Process, "commits may be acknowledged before they are synced, which a client cannot find out: the last ones are lost then if the server's machine fails; set sync_interval: always on the server and sync=always here, or have 3 replicas"
	}
}
