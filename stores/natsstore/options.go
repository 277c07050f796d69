package natsstore

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"
)

// DefaultStream is what Options.Stream is when not set.
const DefaultStream = "eshost"

// Parts says what of a store is used. What is not used is neither made nor
// asked for: with the log on JetStream and snapshots elsewhere there is no bucket
// for snapshots.
type Parts uint8

// The parts of a store.
const (
	UseLog Parts = 1 << iota
	UseSnapshots
	UseCheckpoints
	UseBlobs
	UseAll = UseLog | UseSnapshots | UseCheckpoints | UseBlobs
)

// Sync is what the operator says of the servers' sync_interval. A client
// cannot ask for it.
type Sync uint8

const (
	// SyncUnknown: not said. The worst is assumed.
	SyncUnknown Sync = iota
	// SyncInterval: now and then, by default every two minutes: what was
	// acknowledged since may be lost with the machine.
	SyncInterval
	// SyncAlways: sync_interval is "always" on every server.
	SyncAlways
)

// String returns the word that stands for it in a URL.
func (s Sync) String() string {
	switch s {
	case SyncInterval:
		return "interval"
	case SyncAlways:
		return "always"
	default:
		return "unknown"
	}
}

// Options configure a store; nil stands for all defaults.
type Options struct {
	Servers []string // "host:port" or "nats://host:port", "tls://host:port"; none: 127.0.0.1:4222

	// How to log in; at most one of the three.
	User, Password  string
	Token           string
	CredentialsFile string // with the JWT and its key
	// TLS is used when one of these is set, or a server is "tls://".
	TLSCAFile               string // of those who sign the servers' certificates; empty: the system's
	TLSCertFile, TLSKeyFile string // the client's own

	Stream      string // holds the log; empty: DefaultStream. Its subjects begin with its name
	Snapshots   string // bucket; empty: STREAM_snapshots. Large ones are in an object bucket of this name and "_large"
	Checkpoints string // bucket; empty: STREAM_checkpoints
	Blobs       string // object bucket; empty: STREAM_blobs
	Domain      string // JetStream's; empty: the one the server is in

	// Use is what of the store is used; 0: UseAll.
	Use Parts
	// NoSetup does not make streams and buckets or change their configuration: they
	// must be there as they should be, and may be empty. Messages are written to them
	// all the same: what the log says about itself when it is opened for the first time,
	// and a key that every bucket has. With setup they are made, and brought to these options; those
	// of snapshots, checkpoints and blobs when they are first used.
	NoSetup  bool
	Replicas int   // of everything; 0: 1 for what is made, and what is there stays
	MaxBytes int64 // of the log's stream; 0: no limit for what is made, and what is there stays

	// Sync is what the servers' sync_interval is. It decides what Info promises.
	Sync Sync
	// AnswerTimeout is how long an answer of a server is waited for when the
	// context allows longer; 0: 5 seconds.
	AnswerTimeout time.Duration
	ClientName    string       // as servers show it; empty: "eshost"
	Logger        *slog.Logger // nil: discards

	poll time.Duration // between two looks at the log's head; 0: pollPause
}

// validName is what NATS takes for streams and buckets alike, less what file
// systems may not.
var validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

func (o *Options) defaults() error {
	if len(o.Servers) == 0 {
		o.Servers = []string{"127.0.0.1:4222"}
	}
	for _, server := range o.Servers {
		if strings.Contains(server, "@") {
			return errors.New("a server's address holds an @: give user, password and token apart from it")
		}
	}
	if o.Stream == "" {
		o.Stream = DefaultStream
	}
	for name, suffix := range map[*string]string{&o.Snapshots: "_snapshots", &o.Checkpoints: "_checkpoints", &o.Blobs: "_blobs"} {
		if *name == "" {
			*name = o.Stream + suffix
		}
	}
	for _, n := range []struct{ what, name string }{{"the stream", o.Stream}, {"the bucket of snapshots", o.Snapshots}, {"the bucket of checkpoints", o.Checkpoints}, {"the bucket of blobs", o.Blobs}} {
		if !validName.MatchString(n.name) {
			return fmt.Errorf("the name of %s may hold letters, digits, _ and - only, and at most 100 of them", n.what)
		}
	}
	if o.Use == 0 {
		o.Use = UseAll
	}
	if o.Replicas < 0 || o.Replicas > 5 {
		return fmt.Errorf("%d replicas: JetStream takes 1 to 5", o.Replicas)
	}
	if o.MaxBytes < 0 {
		return fmt.Errorf("a stream of at most %d bytes", o.MaxBytes)
	}
	if o.AnswerTimeout <= 0 {
		o.AnswerTimeout = 5 * time.Second
	}
	if o.poll == 0 {
		o.poll = pollPause
	}
	if o.ClientName == "" {
		o.ClientName = "eshost"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	logins := 0
	for _, set := range []bool{o.User != "" || o.Password != "", o.Token != "", o.CredentialsFile != ""} {
		if set {
			logins++
		}
	}
	if logins > 1 {
		return errors.New("more than one of user and password, token, credentials file: choose one")
	}
	if (o.TLSCertFile == "") != (o.TLSKeyFile == "") {
		return errors.New("a TLS certificate and its key go together: give both tls_cert and tls_key")
	}
	return nil
}
