package api

import (
	"context"
	"errors"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// problemOf classifies an error of the host. The order matters: an unknown
// outcome is never reported as something that did not happen, and a quarantine
// wraps the fault that caused it.
func problemOf(err error) *problem {
	p := &problem{detail: err.Error()}
	var (
		rejection   *host.Rejection
		expected    *host.ExpectedError
		fault       *host.Fault
		formatError *abi.FormatError
		refused     *host.LoadError
	)
	switch {
	case errors.Is(err, host.ErrOutcomeUnknown):
		p.kind = kindOutcomeUnknown
		p.detail += "; send it again with the same Idempotency-Key to learn what became of it"
	case errors.Is(err, host.ErrPlanOutdated):
		p.kind = kindPlanOutdated
	case errors.Is(err, host.ErrDeploymentRace):
		p.kind = kindDeploymentRace
	case errors.Is(err, host.ErrUncovered):
		p.kind = kindUncovered
	case errors.As(err, &refused), errors.Is(err, host.ErrIncompatible):
		p.kind = kindPluginRefused
	case errors.Is(err, host.ErrNoFormer):
		p.kind = kindNoFormer
	case errors.Is(err, host.ErrUnknownPlugin), errors.Is(err, host.ErrAmbiguousPlugin), errors.Is(err, stores.ErrNotFound):
		p.kind = kindUnknownPlugin
	case errors.As(err, &rejection):
		p.kind, p.code, p.payload = kindRejected, rejection.Code, rejection.Payload
	case errors.As(err, &expected):
		p.kind, p.seq = kindExpectedSeq, &expected.Seq
	case errors.Is(err, host.ErrQuarantined):
		p.kind = kindQuarantined
		p.detail += "; it waits for a plugin that can: deploy one whose handler takes the event as it is stored (an event that has changed needs the next version beside the former one); nothing is lost"
	case errors.Is(err, stores.ErrTooLarge):
		p.kind = kindTooLarge
	case errors.As(err, &fault):
		p.ofFault(fault)
	case errors.Is(err, host.ErrConflict):
		p.kind = kindConflict
	case errors.Is(err, host.ErrCommandIDReused):
		p.kind = kindCommandIDReused
	case errors.Is(err, host.ErrMailboxFull):
		p.kind = kindMailboxFull
	case errors.Is(err, host.ErrUnknownType):
		p.kind = kindUnknownType
		p.detail += "; GET /v1/types lists those that are served"
	case errors.Is(err, host.ErrNoEvents):
		p.kind = kindNoEvents
	case errors.Is(err, host.ErrInvalidID):
		p.kind = kindInvalidID
	case errors.Is(err, host.ErrInvalidPayload), errors.As(err, &formatError):
		p.kind = kindInvalidPayload
	case errors.Is(err, host.ErrClosed), errors.Is(err, stores.ErrClosed):
		p.kind = kindShuttingDown
	case errors.Is(err, host.ErrNotStarted):
		p.kind = kindNotStarted
	case errors.Is(err, host.ErrUnavailable), errors.Is(err, stores.ErrUnavailable),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p.kind = kindUnavailable
	case errors.Is(err, stores.ErrCorrupt):
		p.kind, p.cause = kindStoreCorrupt, err
	default:
		p.kind, p.cause, p.detail = kindInternal, err, "the log of the host says more"
	}
	return p
}

// ofFault classifies a plugin's failure. The host has logged those that are
// the plugin's own.
func (p *problem) ofFault(f *host.Fault) {
	switch f.Kind {
	case host.UnknownCommand:
		p.kind = kindUnknownCommand
		p.detail += "; GET /v1/types lists the commands of each type"
		return
	case host.BadPayload:
		p.kind = kindInvalidPayload
		return
	case host.BadState:
		p.fault = "bad-state"
	case host.Panicked:
		p.fault = "panicked"
	case host.BadEvent:
		p.fault = "bad-event"
	case host.Trapped:
		p.fault = "trapped"
	case host.Malformed:
		p.fault = "malformed"
	case host.OverLimit:
		p.fault = "over-limit"
	case host.OutOfFuel:
		p.fault = "out-of-fuel"
	}
	p.kind, p.plugin = kindPluginFailed, &f.Plugin
}
