package natsstore

import (
	"errors"
	"fmt"
	"strings"
)

// apiError is what JetStream answers a request that it does not grant.
type apiError struct {
	Code        int    `json:"code"`
	ErrCode     int    `json:"err_code"`
	Description string `json:"description"`
}

func (e *apiError) Error() string {
	return fmt.Sprintf("JetStream answers: %s (code %d)", e.Description, e.ErrCode)
}

// Codes of errors, see https://github.com/nats-io/nats-server/blob/main/server/errors.json.
const (
	codeAccountResources    = 10002
	codeResources           = 10023
	codeMemoryResources     = 10028
	codeNoMessage           = 10037
	codeStorageResources    = 10047
	codeMessageTooLarge     = 10054
	codeNoStream            = 10059
	codeOtherStream         = 10060
	codeWrongLastSequence   = 10071
	codeStoreFailed         = 10077
	codeHeaderTooLarge      = 10097
	codeSealed              = 10109
	codeNoLimits            = 10120
	codeLastSequenceInDoubt = 10164 // another write to the subject is under way
	codeBatchDisabled       = 10174
	codeBatchIncomplete     = 10176
	codeBatchTooLarge       = 10199
	codeTooManyBatches      = 10210
)

// codeOf is the code of JetStream's answer; 0: the error is none.
func codeOf(err error) int {
	var api *apiError
	if errors.As(err, &api) {
		return api.ErrCode
	}
	return 0
}

// isMismatch reports whether a stream refused a message for what it expects.
func isMismatch(err error) bool {
	return codeOf(err) == codeWrongLastSequence || isInDoubt(err)
}

func isInDoubt(err error) bool { return codeOf(err) == codeLastSequenceInDoubt }

func isTooLarge(err error) bool {
	return codeOf(err) == codeMessageTooLarge || codeOf(err) == codeHeaderTooLarge
}

// isProof reports whether the answer proves that the message was not stored: the
// server gives it before it writes. What else it says may be said of a write that
// failed half-way.
func isProof(err error) bool {
	switch codeOf(err) {
	case codeAccountResources, codeResources, codeMemoryResources, codeStorageResources, codeNoLimits,
		codeNoStream, codeOtherStream, codeSealed, codeBatchDisabled, codeBatchIncomplete, codeBatchTooLarge, codeTooManyBatches:
		return true
	case codeStoreFailed:
		var api *apiError
		errors.As(err, &api)
		return strings.Contains(api.Description, "maximum bytes exceeded") || strings.Contains(api.Description, "maximum messages exceeded")
	}
	return false
}
