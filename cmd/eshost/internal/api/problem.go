package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/eshost/eshost/stores"
)

// urn is what the type of every problem begins with. The names behind it never
// change their meaning; new ones may be added.
const urn = "urn:eshost:problem:"

// kind is one kind of problem (RFC 9457).
type kind struct {
	name   string // behind urn
	status int
	title  string
	retry  time.Duration // for Retry-After; 0: no such header
}

// All the kinds there are. The OpenAPI document says of each what happened and what to do.
var (
	kindInvalidRequest   = kind{"invalid-request", http.StatusBadRequest, "The request is not well-formed", 0}
	kindInvalidID        = kind{"invalid-id", http.StatusBadRequest, "A type or an id is not well-formed", 0}
	kindInvalidPayload   = kind{"invalid-payload", http.StatusBadRequest, "The payload cannot be decoded", 0}
	kindUnauthorized     = kind{"unauthorized", http.StatusUnauthorized, "A bearer token is needed", 0}
	kindAdminOnly        = kind{"admin-only", http.StatusForbidden, "The admin token is needed", 0}
	kindForeignHost      = kind{"foreign-host", http.StatusForbidden, "The Host header names another host", 0}
	kindForeignOrigin    = kind{"foreign-origin", http.StatusForbidden, "Web pages of other origins are not served", 0}
	kindNotFound         = kind{"not-found", http.StatusNotFound, "There is nothing at this path", 0}
	kindUnknownType      = kind{"unknown-type", http.StatusNotFound, "No plugin serves the entity type", 0}
	kindUnknownPlugin    = kind{"unknown-plugin", http.StatusNotFound, "No such plugin was ever deployed", 0}
	kindNoFormer         = kind{"no-former-plugin", http.StatusNotFound, "There is no plugin to go back to", 0}
	kindUnknownCommand   = kind{"unknown-command", http.StatusNotFound, "The entity type has no such command", 0}
	kindNoEvents         = kind{"no-events", http.StatusNotFound, "The entity has no events", 0}
	kindMethodNotAllowed = kind{"method-not-allowed", http.StatusMethodNotAllowed, "The path does not take this method", 0}
	kindNotAcceptable    = kind{"not-acceptable", http.StatusNotAcceptable, "No acceptable media type", 0}
	kindConflict         = kind{"conflict", http.StatusConflict, "Other writers came first", 0}
	kindExpectedSeq      = kind{"expected-seq", http.StatusPreconditionFailed, "The entity is at another sequence number", 0}
	kindPlanOutdated     = kind{"plan-outdated", http.StatusPreconditionFailed, "The plan is out of date", 0}
	kindDeploymentRace   = kind{"deployment-race", http.StatusPreconditionFailed, "Another deployment came first", 0}
	kindTooLarge         = kind{"too-large", http.StatusRequestEntityTooLarge, "Too large", 0}
	kindUnsupportedMedia = kind{"unsupported-media-type", http.StatusUnsupportedMediaType, "The body's media type is not known", 0}
	kindRejected         = kind{"rejected", http.StatusUnprocessableEntity, "The command was rejected", 0}
	kindPluginRefused    = kind{"plugin-refused", http.StatusUnprocessableEntity, "The plugin cannot be served", 0}
	kindUncovered        = kind{"uncovered-events", http.StatusUnprocessableEntity, "The plugin cannot fold all events in the log", 0}
	kindCommandIDReused  = kind{"command-id-reused", http.StatusUnprocessableEntity, "The command id was used for another command", 0}
	kindMailboxFull      = kind{"mailbox-full", http.StatusTooManyRequests, "The entity's mailbox is full", time.Second}
	kindPluginFailed     = kind{"plugin-failed", http.StatusInternalServerError, "The plugin failed", 0}
	kindStoreCorrupt     = kind{"store-corrupt", http.StatusInternalServerError, "Stored events are damaged", 0}
	kindInternal         = kind{"internal", http.StatusInternalServerError, "Internal error", 0}
	kindQuarantined      = kind{"quarantined", http.StatusServiceUnavailable, "The entity's events cannot be folded", 30 * time.Second}
	kindUnavailable      = kind{"unavailable", http.StatusServiceUnavailable, "The store is unavailable", 2 * time.Second}
	kindShuttingDown     = kind{"shutting-down", http.StatusServiceUnavailable, "The host is shutting down", 5 * time.Second}
	kindNotStarted       = kind{"not-started", http.StatusServiceUnavailable, "The deadline ended before the command was taken up", time.Second}
	kindNotReady         = kind{"not-ready", http.StatusServiceUnavailable, "The host is not ready", time.Second}
	kindOutcomeUnknown   = kind{"outcome-unknown", http.StatusGatewayTimeout, "The command may or may not have happened", 0}
)

// kinds lists them all.
var kinds = []kind{
	kindInvalidRequest, kindInvalidID, kindInvalidPayload, kindUnauthorized, kindAdminOnly, kindForeignHost, kindForeignOrigin,
	kindNotFound, kindUnknownType, kindUnknownPlugin, kindNoFormer, kindUnknownCommand, kindNoEvents, kindMethodNotAllowed, kindNotAcceptable,
	kindConflict, kindExpectedSeq, kindPlanOutdated, kindDeploymentRace, kindTooLarge, kindUnsupportedMedia, kindRejected, kindPluginRefused, kindUncovered, kindCommandIDReused,
	kindMailboxFull, kindPluginFailed, kindStoreCorrupt, kindInternal, kindQuarantined, kindUnavailable,
	kindShuttingDown, kindNotStarted, kindNotReady, kindOutcomeUnknown,
}

// problem is what a request failed with. The zero value of every field behind
// kind and detail leaves its member out.
type problem struct {
	kind
	detail  string
	code    string         // of a rejection
	payload []byte         // of a rejection; one msgpack value
	seq     *uint64        // the entity's present number
	fault   string         // the kind of a plugin's failure
	plugin  *stores.Digest // the plugin that failed
	line    int            // of a bulk stream, from 1
	allow   string         // the methods the path takes
	cause   error          // for the log; nil: nothing to log
}

// members appends p's members to the object that is open in e.
func (p *problem) members(e *encoder) {
	e.key("type")
	e.str(urn + p.name)
	e.key("title")
	e.str(p.title)
	e.key("status")
	e.uint(uint64(p.status))
	if p.detail != "" {
		e.key("detail")
		e.str(p.detail)
	}
	if p.code != "" {
		e.key("code")
		e.str(p.code)
	}
	if p.payload != nil {
		e.key("payload")
		e.payload(p.payload)
	}
	if p.seq != nil {
		e.key("seq")
		e.uint(*p.seq)
	}
	if p.fault != "" {
		e.key("fault")
		e.str(p.fault)
	}
	if p.plugin != nil {
		e.key("plugin")
		e.str(p.plugin.String())
	}
	if p.line != 0 {
		e.key("line")
		e.uint(uint64(p.line))
	}
}

// write answers the request with p.
func (p *problem) write(w http.ResponseWriter) {
	h := w.Header()
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(p.retry/time.Second)))
	}
	if p.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="eshost"`)
	}
	if p.allow != "" {
		h.Set("Allow", p.allow)
	}
	if p.seq != nil {
		h.Set("ETag", etag(*p.seq))
	}
	e := newEncoder(false)
	defer e.free()
	e.object(0)
	p.members(e)
	e.endObject()
	e.respond(w, p.status, "application/problem+json")
}

// invalid is a request that is not well-formed.
func invalid(detail string) *problem { return &problem{kind: kindInvalidRequest, detail: detail} }
