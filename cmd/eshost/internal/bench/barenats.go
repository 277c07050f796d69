package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/eshost/eshost/stores/natsstore"
)

// bareNATS publishes a message a write to one stream, without any condition: all of a batch at once, and
// waits for the acknowledgements; or as an atomic batch, where that is how the host's store writes.
type bareNATS struct {
	ctx    context.Context
	shape  *shape
	conn   *nats.Conn
	js     jetstream.JetStream
	stream string
	owner  bool // deletes the stream
	atomic int  // writes from which on a batch is atomic; 0: never
	random *rand.PCG

	batch []*nats.Msg
}

// connectNATS connects as the store does.
func connectNATS(o *natsstore.Options) (*nats.Conn, jetstream.JetStream, error) {
	options := []nats.Option{nats.Name("eshost bench")}
	switch {
	case o.CredentialsFile != "":
		options = append(options, nats.UserCredentials(o.CredentialsFile))
	case o.Token != "":
		options = append(options, nats.Token(o.Token))
	case o.User != "":
		options = append(options, nats.UserInfo(o.User, o.Password))
	}
	if o.TLSCAFile != "" {
		options = append(options, nats.RootCAs(o.TLSCAFile))
	}
	if o.TLSCertFile != "" {
		options = append(options, nats.ClientCert(o.TLSCertFile, o.TLSKeyFile))
	}
	conn, err := nats.Connect(strings.Join(o.Servers, ","), options...)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to NATS: %w", err)
	}
	var js jetstream.JetStream
	if o.Domain != "" {
		js, err = jetstream.NewWithDomain(conn, o.Domain, jetstream.WithPublishAsyncMaxPending(1<<16))
	} else {
		js, err = jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(1<<16))
	}
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, js, nil
}

// openNATS makes a stream, and connections that publish to it.
func openNATS(ctx context.Context, o *natsstore.Options, stream string, connections int, s *shape) (engines []engine, err error) {
	atomic := 0
	if o.Replicas <= 1 && o.Sync != natsstore.SyncInterval {
		if atomic = 2; o.Sync == natsstore.SyncUnknown {
			atomic = 100
		}
	}
	for i := range connections {
		conn, js, err := connectNATS(o)
		if err == nil && i == 0 {
			_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: stream, Subjects: []string{stream + ".>"}, Replicas: max(1, o.Replicas), AllowAtomicPublish: atomic > 0, AllowDirect: true, DenyDelete: true})
		}
		if err != nil {
			if conn != nil {
				conn.Close()
			}
			for _, e := range engines {
				err = errors.Join(err, e.remove())
			}
			return nil, fmt.Errorf("open bare NATS: %w", err)
		}
		engines = append(engines, &bareNATS{ctx: ctx, shape: s, conn: conn, js: js, stream: stream, owner: i == 0, atomic: atomic, random: rand.NewPCG(uint64(i), 2)})
	}
	return engines, nil
}

func (b *bareNATS) add(entity int, _ uint64) {
	b.batch = append(b.batch, &nats.Msg{Subject: b.stream + "." + entityID(entity), Data: b.shape.appendValue(nil, b.random.Uint64(), b.random.Uint64())})
}

func (b *bareNATS) commit(int) error {
	defer func() { b.batch = b.batch[:0] }()
	if b.atomic > 0 && len(b.batch) >= b.atomic {
		return b.together()
	}
	acks := make([]jetstream.PubAckFuture, len(b.batch))
	for i, m := range b.batch {
		var err error
		if acks[i], err = b.js.PublishMsgAsync(m); err != nil {
			return err
		}
	}
	for _, ack := range acks {
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			return err
		case <-b.ctx.Done():
			return b.ctx.Err()
		}
	}
	return nil
}

// together publishes the batch as one that is there as a whole.
func (b *bareNATS) together() error {
	id := nuid.Next()
	for i, m := range b.batch {
		m.Header = nats.Header{"Nats-Batch-Id": {id}, "Nats-Batch-Sequence": {strconv.Itoa(i + 1)}}
		if i < len(b.batch)-1 {
			if err := b.conn.PublishMsg(m); err != nil {
				return err
			}
			continue
		}
		m.Header.Set("Nats-Batch-Commit", "1")
		ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
		defer cancel()
		answer, err := b.conn.RequestMsgWithContext(ctx, m)
		if err != nil {
			return err
		}
		var ack struct {
			Error *struct{ Description string }
			Count int
		}
		if err := json.Unmarshal(answer.Data, &ack); err != nil {
			return err
		}
		if ack.Error != nil || ack.Count != len(b.batch) {
			return fmt.Errorf("a batch of %d was answered with %s", len(b.batch), answer.Data)
		}
	}
	return nil
}

func (b *bareNATS) remove() error {
	defer b.conn.Close()
	if !b.owner {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.ctx), stopTime)
	defer cancel()
	return b.js.DeleteStream(ctx, b.stream)
}

// dropStreams deletes what the host has written.
func dropStreams(ctx context.Context, o *natsstore.Options, stream string) error {
	conn, js, err := connectNATS(o)
	if err != nil {
		return err
	}
	defer conn.Close()
	names := js.StreamNames(ctx)
	var errs []error
	for name := range names.Name() {
		if name == stream || strings.HasPrefix(name, "KV_"+stream+"_") || strings.HasPrefix(name, "OBJ_"+stream+"_") {
			errs = append(errs, js.DeleteStream(ctx, name))
		}
	}
	if err := errors.Join(append(errs, names.Err())...); err != nil {
		return fmt.Errorf("remove the stream %s: %w", stream, err)
	}
	return nil
}
