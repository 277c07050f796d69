package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The types of problems that callers tell apart most. The host's OpenAPI
// document lists all of them.
const (
	TypeRejected        = "urn:eshost:problem:rejected"
	TypeNoEvents        = "urn:eshost:problem:no-events"
	TypeNotReached      = "urn:eshost:problem:not-reached"
	TypeUnknownType     = "urn:eshost:problem:unknown-type"
	TypeUnknownCommand  = "urn:eshost:problem:unknown-command"
	TypeInvalidPayload  = "urn:eshost:problem:invalid-payload"
	TypeExpectedSeq     = "urn:eshost:problem:expected-seq"
	TypeCommandIDReused = "urn:eshost:problem:command-id-reused"
	TypeMailboxFull     = "urn:eshost:problem:mailbox-full"
	TypeUnauthorized    = "urn:eshost:problem:unauthorized"
	TypeOutcomeUnknown  = "urn:eshost:problem:outcome-unknown"
	TypeUnknownPlugin   = "urn:eshost:problem:unknown-plugin"
	TypeNoFormerPlugin  = "urn:eshost:problem:no-former-plugin"
	TypeAdminOnly       = "urn:eshost:problem:admin-only"
	TypePluginRefused   = "urn:eshost:problem:plugin-refused"
	TypeUncovered       = "urn:eshost:problem:uncovered-events"
	TypePlanOutdated    = "urn:eshost:problem:plan-outdated"
	TypeDeploymentRace  = "urn:eshost:problem:deployment-race"
	TypeQuarantined     = "urn:eshost:problem:quarantined"
	typeInternal        = "urn:eshost:problem:internal"
	typePrefix          = "urn:eshost:problem:"
)

// Problem is a refusal or a failure as the host reports it (RFC 9457).
type Problem struct {
	Type   string `json:"type"` // one of the host's types, "urn:eshost:problem:..."; anything else comes from somebody between
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`

	Code    string          `json:"code"`    // of a rejection
	Payload json.RawMessage `json:"payload"` // of a rejection; nil: none
	Seq     *uint64         `json:"seq"`     // where the entity is, when another number was expected; else nil
	Fault   string          `json:"fault"`   // how a plugin failed: panicked, trapped, ...
	Plugin  string          `json:"plugin"`  // the digest of the plugin that failed
	Line    int             `json:"line"`    // of a stream, from 1; 0: none

	RetryAfter time.Duration `json:"-"` // as the host asks; 0: it does not say
}

// Error gives what happened in one line.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return fmt.Sprintf("%s (status %d)", p.Title, p.Status)
	}
	return p.Detail
}

// maxProblemBytes bounds what is read of an answer that is not from an eshost.
const maxProblemBytes = 16 << 20

// readProblem makes a problem of any answer but a good one.
func readProblem(resp *http.Response) error {
	p := &Problem{}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxProblemBytes))
	if err != nil || kind != "application/problem+json" || json.Unmarshal(body, p) != nil || p.Status == 0 {
		text := strings.TrimSpace(strings.ToValidUTF8(string(body), "?"))
		if len(text) > 200 {
			text = text[:200] + "..."
		}
		p = &Problem{Type: "about:blank", Title: "not the answer of an eshost: " + resp.Status, Status: resp.StatusCode, Detail: ""}
		if text != "" {
			p.Title += ": " + strconv.Quote(text)
		}
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		p.RetryAfter = time.Duration(seconds) * time.Second
	}
	return p
}

// Rejected returns the problem if the error is a rejection by the plugin's
// rules, else nil.
func Rejected(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) && p.Type == TypeRejected {
		return p
	}
	return nil
}

// AwaitsDeployment reports whether nothing happened, and the same request
// succeeds once a plugin is deployed that can fold the entity's events.
func AwaitsDeployment(err error) bool {
	var p *Problem
	return errors.As(err, &p) && p.Type == TypeQuarantined
}

// Retryable reports whether nothing happened and the same request may succeed
// later by itself; see [AwaitsDeployment].
func Retryable(err error) bool {
	var p *Problem
	if !errors.As(err, &p) {
		return errors.Is(err, ErrUnreachable)
	}
	if p.Type == TypeQuarantined {
		return false
	}
	switch p.Status {
	case http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return strings.HasPrefix(p.Type, typePrefix)
	}
	return false
}

// MayHaveHappened reports whether a command that ended with the error may have
// been accepted all the same. Sent again with the same CommandID it is not
// decided twice.
func MayHaveHappened(err error) bool {
	var p *Problem
	switch {
	case !errors.As(err, &p):
		return errors.Is(err, ErrInterrupted)
	case strings.HasPrefix(p.Type, typePrefix):
		return p.Type == TypeOutcomeUnknown || p.Type == typeInternal
	default:
		return p.Status >= 500
	}
}
