package natsapi

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// serviceName is that of every host's service.
const serviceName = "eshost"

// What the service's metadata tell of the host, and other hosts of theirs.
const (
	metaVersion = "version"
	metaLog     = "log" // the log's identity
	metaPrefix  = "prefix"
	metaQueue   = "queue"
)

func (s *Service) metadata() map[string]string {
	id := s.host.LogID()
	return map[string]string{metaVersion: s.o.Version, metaLog: hex.EncodeToString(id[:]), metaPrefix: s.o.Prefix, metaQueue: s.o.Queue}
}

// How long services may take to say who they are: ourselves, and then each after the one before.
const (
	ownInfo  = 2 * time.Second
	nextInfo = 250 * time.Millisecond
)

// checkMates refuses a queue group in which a host has another log: the commands of one
// entity would be spread over both logs. Our own metadata can be asked for
// by now, and our endpoints are not yet: of two that begin at once at least one sees the other.
func (s *Service) checkMates() error {
	inbox, err := s.nc.SubscribeSync(s.nc.NewInbox())
	if err != nil {
		return err
	}
	defer func() { _ = inbox.Unsubscribe() }()
	subject, err := micro.ControlSubject(micro.InfoVerb, serviceName, "")
	if err != nil {
		return err
	}
	if err := s.nc.PublishRequest(subject, inbox.Subject, nil); err != nil {
		return err
	}
	own, us := false, s.metadata()
	for wait, end := ownInfo, time.Now().Add(connectTimeout); time.Now().Before(end); {
		m, err := inbox.NextMsg(wait)
		if err != nil {
			break
		}
		var mate micro.Info
		if json.Unmarshal(m.Data, &mate) != nil {
			continue // it is none of us
		}
		if mate.ID == s.micro.Info().ID {
			own, wait = true, nextInfo
			continue
		}
		them := mate.Metadata
		if them[metaLog] != "" && them[metaLog] != us[metaLog] && them[metaPrefix] == us[metaPrefix] && them[metaQueue] == us[metaQueue] {
			return fmt.Errorf("another host serves %s.%s.> in the queue group %s already, from the log %s, and this one's log is %s: commands to one entity would go to either: choose another nats.prefix, or give both hosts the same store",
				s.o.Prefix, commandEndpoint, s.o.Queue, them[metaLog], us[metaLog])
		}
	}
	if !own {
		s.o.Logger.Warn("whether other hosts with another log serve the same subjects is not known: the NATS server does not answer, or its permissions do not let us ask", "subject", subject)
	}
	return nil
}

// settle waits until the server has the subscriptions, and refuses those that it does not let us have.
func (s *Service) settle() error {
	err := s.nc.FlushTimeout(connectTimeout)
	switch {
	case err != nil && (s.nc.IsConnected() || s.nc.IsClosed()):
		return err
	case err != nil:
		s.o.Logger.Warn("the connection to NATS was lost meanwhile: it is served when it is back", "error", err)
		return nil
	}
	if err := s.nc.LastError(); errors.Is(err, nats.ErrPermissionViolation) {
		for _, endpoint := range []string{commandEndpoint, stateEndpoint} {
			if strings.Contains(err.Error(), fmt.Sprintf(`Subscription to "%s.%s.>"`, s.o.Prefix, endpoint)) {
				return fmt.Errorf("%w: let the host's user subscribe to it, or choose another nats.prefix", err)
			}
		}
	}
	return nil
}
