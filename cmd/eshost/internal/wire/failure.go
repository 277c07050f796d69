package wire

import (
	"context"
	"errors"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// ProblemOf classifies an error of the host. The order matters: an unknown
// outcome is never reported as something that did not happen, and a quarantine
// wraps the fault that caused it.
func ProblemOf(err error) *Problem {
	p := &Problem{Detail: err.Error()}
	var (
		rejection   *host.Rejection
		expected    *host.ExpectedError
		fault       *host.Fault
		beyond      *host.NotReachedError
		formatError *abi.FormatError
		refused     *host.LoadError
	)
	switch {
	case errors.Is(err, host.ErrOutcomeUnknown):
		p.Kind = OutcomeUnknown
		p.Detail += "; send it again with the same Idempotency-Key to learn what became of it"
	case errors.Is(err, host.ErrPlanOutdated):
		p.Kind = PlanOutdated
	case errors.Is(err, host.ErrDeploymentRace):
		p.Kind = DeploymentRace
	case errors.Is(err, host.ErrUncovered):
		p.Kind = UncoveredEvents
	case errors.As(err, &refused), errors.Is(err, host.ErrIncompatible):
		p.Kind = PluginRefused
	case errors.Is(err, host.ErrNoFormer):
		p.Kind = NoFormerPlugin
	case errors.Is(err, host.ErrUnknownPlugin), errors.Is(err, host.ErrAmbiguousPlugin), errors.Is(err, stores.ErrNotFound):
		p.Kind = UnknownPlugin
	case errors.As(err, &rejection):
		p.Kind, p.Code, p.Payload = Rejected, rejection.Code, rejection.Payload
	case errors.As(err, &expected):
		p.Kind, p.Seq = ExpectedSeq, &expected.Seq
	case errors.As(err, &beyond):
		p.Kind, p.Seq = NotReached, &beyond.Seq
	case errors.Is(err, host.ErrQuarantined):
		p.Kind = Quarantined
		p.Detail += "; it waits for a plugin that can: deploy one whose handler takes the event as it is stored (an event that has changed needs the next version beside the former one); nothing is lost"
	case errors.Is(err, stores.ErrTooLarge):
		p.Kind = TooLarge
	case errors.As(err, &fault):
		p.ofFault(fault)
	case errors.Is(err, host.ErrConflict):
		p.Kind = Conflict
	case errors.Is(err, host.ErrCommandIDReused):
		p.Kind = CommandIDReused
	case errors.Is(err, host.ErrMailboxFull):
		p.Kind = MailboxFull
	case errors.Is(err, host.ErrUnknownType):
		p.Kind = UnknownType
		p.Detail += "; GET /v1/types lists those that are served"
	case errors.Is(err, host.ErrNoEvents):
		p.Kind = NoEvents
	case errors.Is(err, host.ErrInvalidID):
		p.Kind = InvalidID
	case errors.Is(err, host.ErrInvalidPayload), errors.As(err, &formatError):
		p.Kind = InvalidPayload
	case errors.Is(err, host.ErrClosed), errors.Is(err, stores.ErrClosed):
		p.Kind = ShuttingDown
	case errors.Is(err, host.ErrNotStarted):
		p.Kind = NotStarted
	case errors.Is(err, host.ErrUnavailable), errors.Is(err, stores.ErrUnavailable),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p.Kind = Unavailable
	case errors.Is(err, stores.ErrCorrupt):
		p.Kind, p.Cause = StoreCorrupt, err
	default:
		p.Kind, p.Cause, p.Detail = Internal, err, "the log of the host says more"
	}
	return p
}

// ofFault classifies a plugin's failure. The host has logged those that are
// the plugin's own.
func (p *Problem) ofFault(f *host.Fault) {
	switch f.Kind {
	case host.UnknownCommand:
		p.Kind = UnknownCommand
		p.Detail += "; GET /v1/types lists the commands of each type"
		return
	case host.BadPayload:
		p.Kind = InvalidPayload
		return
	case host.BadState:
		p.Fault = "bad-state"
	case host.Panicked:
		p.Fault = "panicked"
	case host.BadEvent:
		p.Fault = "bad-event"
	case host.Trapped:
		p.Fault = "trapped"
	case host.Malformed:
		p.Fault = "malformed"
	case host.OverLimit:
		p.Fault = "over-limit"
	case host.OutOfFuel:
		p.Fault = "out-of-fuel"
	}
	p.Kind, p.Plugin = PluginFailed, &f.Plugin
}
