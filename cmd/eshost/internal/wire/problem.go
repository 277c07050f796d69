// Package wire is what commands, states and failures look like to callers,
// whichever way they came: headers, bodies, media types and problems. There is one table
// of outcomes, for all of them.
package wire

import (
	"net/http"
	"time"

	"github.com/eshost/eshost/stores"
)

// URN is what the type of every problem begins with. The names behind it never
// change their meaning; new ones may be added.
const URN = "urn:eshost:problem:"

// Kind is one kind of problem (RFC 9457).
type Kind struct {
	Name   string // behind URN
	Status int
	Title  string
	Retry  time.Duration // for Retry-After; 0: no such header
}

// All the kinds there are. The OpenAPI document says of each what happened and what to do.
var (
	InvalidRequest   = Kind{"invalid-request", http.StatusBadRequest, "The request is not well-formed", 0}
	InvalidID        = Kind{"invalid-id", http.StatusBadRequest, "A type or an id is not well-formed", 0}
	InvalidPayload   = Kind{"invalid-payload", http.StatusBadRequest, "The payload cannot be decoded", 0}
	Unauthorized     = Kind{"unauthorized", http.StatusUnauthorized, "A bearer token is needed", 0}
	AdminOnly        = Kind{"admin-only", http.StatusForbidden, "The admin token is needed", 0}
	ForeignHost      = Kind{"foreign-host", http.StatusForbidden, "The Host header names another host", 0}
	ForeignOrigin    = Kind{"foreign-origin", http.StatusForbidden, "Web pages of other origins are not served", 0}
	NotFound         = Kind{"not-found", http.StatusNotFound, "There is nothing at this path", 0}
	UnknownType      = Kind{"unknown-type", http.StatusNotFound, "No plugin serves the entity type", 0}
	UnknownPlugin    = Kind{"unknown-plugin", http.StatusNotFound, "No such plugin was ever deployed", 0}
	NoFormerPlugin   = Kind{"no-former-plugin", http.StatusNotFound, "There is no plugin to go back to", 0}
	UnknownCommand   = Kind{"unknown-command", http.StatusNotFound, "The entity type has no such command", 0}
	NoEvents         = Kind{"no-events", http.StatusNotFound, "The entity has no events", 0}
	NotReached       = Kind{"not-reached", http.StatusNotFound, "The entity has not come to the sequence number", 0}
	MethodNotAllowed = Kind{"method-not-allowed", http.StatusMethodNotAllowed, "The path does not take this method", 0}
	NotAcceptable    = Kind{"not-acceptable", http.StatusNotAcceptable, "No acceptable media type", 0}
	Conflict         = Kind{"conflict", http.StatusConflict, "Other writers came first", 0}
	ExpectedSeq      = Kind{"expected-seq", http.StatusPreconditionFailed, "The entity is at another sequence number", 0}
	PlanOutdated     = Kind{"plan-outdated", http.StatusPreconditionFailed, "The plan is out of date", 0}
	DeploymentRace   = Kind{"deployment-race", http.StatusPreconditionFailed, "Another deployment came first", 0}
	TooLarge         = Kind{"too-large", http.StatusRequestEntityTooLarge, "Too large", 0}
	UnsupportedMedia = Kind{"unsupported-media-type", http.StatusUnsupportedMediaType, "The body's media type is not known", 0}
	Rejected         = Kind{"rejected", http.StatusUnprocessableEntity, "The command was rejected", 0}
	PluginRefused    = Kind{"plugin-refused", http.StatusUnprocessableEntity, "The plugin cannot be served", 0}
	UncoveredEvents  = Kind{"uncovered-events", http.StatusUnprocessableEntity, "The plugin cannot fold all events in the log", 0}
	CommandIDReused  = Kind{"command-id-reused", http.StatusUnprocessableEntity, "The command id was used for another command", 0}
	MailboxFull      = Kind{"mailbox-full", http.StatusTooManyRequests, "The entity's mailbox is full", time.Second}
	PluginFailed     = Kind{"plugin-failed", http.StatusInternalServerError, "The plugin failed", 0}
	StoreCorrupt     = Kind{"store-corrupt", http.StatusInternalServerError, "Stored events are damaged", 0}
	Internal         = Kind{"internal", http.StatusInternalServerError, "Internal error", 0}
	Quarantined      = Kind{"quarantined", http.StatusServiceUnavailable, "The entity's events cannot be folded", 30 * time.Second}
	Unavailable      = Kind{"unavailable", http.StatusServiceUnavailable, "The store is unavailable", 2 * time.Second}
	ShuttingDown     = Kind{"shutting-down", http.StatusServiceUnavailable, "The host is shutting down", 5 * time.Second}
	NotStarted       = Kind{"not-started", http.StatusServiceUnavailable, "The deadline ended before the command was taken up", time.Second}
	NotReady         = Kind{"not-ready", http.StatusServiceUnavailable, "The host is not ready", time.Second}
	OutcomeUnknown   = Kind{"outcome-unknown", http.StatusGatewayTimeout, "The command may or may not have happened", 0}
)

// Kinds lists them all.
var Kinds = []Kind{
	InvalidRequest, InvalidID, InvalidPayload, Unauthorized, AdminOnly, ForeignHost, ForeignOrigin,
	NotFound, UnknownType, UnknownPlugin, NoFormerPlugin, UnknownCommand, NoEvents, NotReached, MethodNotAllowed, NotAcceptable,
	Conflict, ExpectedSeq, PlanOutdated, DeploymentRace, TooLarge, UnsupportedMedia, Rejected, PluginRefused, UncoveredEvents, CommandIDReused,
	MailboxFull, PluginFailed, StoreCorrupt, Internal, Quarantined, Unavailable,
	ShuttingDown, NotStarted, NotReady, OutcomeUnknown,
}

// Problem is what a request failed with. The zero value of every field behind
// Kind and Detail leaves its member out.
type Problem struct {
	Kind
	Detail  string
	Code    string         // of a rejection
	Payload []byte         // of a rejection; one msgpack value
	Seq     *uint64        // the entity's present number
	Fault   string         // the kind of a plugin's failure
	Plugin  *stores.Digest // the plugin that failed
	Line    int            // of a bulk stream, from 1
	Allow   string         // the methods the path takes
	Cause   error          // for the log; nil: nothing to log
}

// Members appends p's members to the object that is open in e.
func (p *Problem) Members(e *Encoder) {
	e.Key("type")
	e.Str(URN + p.Name)
	e.Key("title")
	e.Str(p.Title)
	e.Key("status")
	e.Uint(uint64(p.Status))
	if p.Detail != "" {
		e.Key("detail")
		e.Str(p.Detail)
	}
	if p.Code != "" {
		e.Key("code")
		e.Str(p.Code)
	}
	if p.Payload != nil {
		e.Key("payload")
		e.Payload(p.Payload)
	}
	if p.Seq != nil {
		e.Key("seq")
		e.Uint(*p.Seq)
	}
	if p.Fault != "" {
		e.Key("fault")
		e.Str(p.Fault)
	}
	if p.Plugin != nil {
		e.Key("plugin")
		e.Str(p.Plugin.String())
	}
	if p.Line != 0 {
		e.Key("line")
		e.Uint(uint64(p.Line))
	}
}

// AppendProblem appends p as a document of its own, of the media type MediaProblem.
func AppendProblem(e *Encoder, p *Problem) {
	e.Object(0)
	p.Members(e)
	e.EndObject()
}

// Invalid is a request that is not well-formed.
func Invalid(detail string) *Problem { return &Problem{Kind: InvalidRequest, Detail: detail} }
