package natsapi

import (
	"fmt"
	"strings"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/stores"
)

// The endpoints, which are also what stands behind the prefix.
const (
	commandEndpoint = "command"
	stateEndpoint   = "state"
)

// subject returns the subject of an endpoint and names.
func subject(prefix, endpoint string, names ...string) string {
	b := []byte(prefix + "." + endpoint)
	for _, name := range names {
		b = stores.AppendToken(append(b, '.'), name)
	}
	return string(b)
}

// names takes a subject of the endpoint apart into the names it must have.
func names(subject, prefix, endpoint string, want ...string) ([]string, *wire.Problem) {
	rest := strings.TrimPrefix(subject, prefix+"."+endpoint+".")
	tokens := strings.Split(rest, ".")
	if len(tokens) != len(want) {
		return nil, wire.Invalid(fmt.Sprintf("subject %.200q: want %s.%s.<%s>; a dot within one of them is =2E", subject, prefix, endpoint, strings.Join(want, ">.<")))
	}
	for i, token := range tokens {
		text, ok := stores.ParseToken(token)
		if !ok {
			return nil, wire.Invalid(fmt.Sprintf("subject: the %s %.200q is not encoded: letters, digits, - and _ stand for themselves, every other byte is = and two upper-case hexadecimal digits",
				want[i], token))
		}
		tokens[i] = text
	}
	return tokens, nil
}

// CheckPrefix returns why a prefix cannot begin subjects; "" if it can.
func CheckPrefix(prefix string) string {
	for token := range strings.SplitSeq(prefix, ".") {
		if token == "" || strings.ContainsAny(token, "*> \t\r\n") {
			return "want words with dots between them, without *, > and spaces"
		}
	}
	if strings.HasPrefix(prefix, "$") || strings.HasPrefix(prefix, "_INBOX") {
		return "is a subject of NATS itself"
	}
	return ""
}
