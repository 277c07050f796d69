package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/api"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

const increase = "/v1/entities/counter/a/commands/increase"

func TestAnAcceptedCommandIsAnswered(t *testing.T) {
	h := serve(t, newFake(), nil)
	a := h.post(increase, `{"by":5}`)
	a.want(200, `{"seq":1,"events":1,"reply":5}`)
	if got := a.header.Get("ETag"); got != `"1"` {
		t.Errorf("ETag is %s", got)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %s", got)
	}
	h.post(increase, `{"by":5}`, "Idempotency-Key: k").want(200, `{"seq":2,"events":1,"reply":10,"command_id":"k"}`)
	h.post(increase, `{"by":5}`, "Idempotency-Key: k").want(200, `{"seq":2,"events":1,"reply":10,"command_id":"k","repeated":true}`)
	h.send("POST", "/v1/entities/counter/a/commands/echo", "").want(200, `{"seq":2,"events":0,"reply":{}}`)
}

func TestEveryFailureHasItsProblem(t *testing.T) {
	id := stores.EntityID{Type: "counter", ID: "a"}
	fault := func(k host.FaultKind) error {
		return fmt.Errorf("decide: %w", &host.Fault{Kind: k, Plugin: digest, Func: "handle_command", Message: "at \"line\" 3\n"})
	}
	for _, test := range []struct {
		err    error
		status int
		name   string
		header string // "Name: value" that must be there
		member string // "name=value" that must be there
	}{
		{&host.Rejection{Code: "underflow", Payload: abi.AppendUint(nil, 1<<63+1)}, 422, "rejected", "", "payload=9223372036854775809"},
		{&host.Rejection{Code: "underflow"}, 422, "rejected", "", "code=underflow"},
		{fault(host.UnknownCommand), 404, "unknown-command", "", ""},
		{fault(host.BadPayload), 400, "invalid-payload", "", ""},
		{fault(host.BadState), 500, "plugin-failed", "", "fault=bad-state"},
		{fault(host.Panicked), 500, "plugin-failed", "", "fault=panicked"},
		{fault(host.BadEvent), 500, "plugin-failed", "", "fault=bad-event"},
		{fault(host.Trapped), 500, "plugin-failed", "", "fault=trapped"},
		{fault(host.Malformed), 500, "plugin-failed", "", "plugin=" + digest.String()},
		{fault(host.OverLimit), 500, "plugin-failed", "", "fault=over-limit"},
		{fault(host.OutOfFuel), 500, "plugin-failed", "", "fault=out-of-fuel"},
		{&host.ExpectedError{Entity: id, Expected: 3, Seq: 18446744073709551615}, 412, "expected-seq", `Etag: "18446744073709551615"`, "seq=18446744073709551615"},
		{&host.ExpectedError{Entity: id, Expected: 3}, 412, "expected-seq", `Etag: "0"`, "seq=0"},
		{&host.QuarantineError{Entity: id, Err: fault(host.BadEvent)}, 503, "quarantined", "Retry-After: 30", ""},
		{fmt.Errorf("append: %w", host.ErrConflict), 409, "conflict", "", ""},
		{host.ErrCommandIDReused, 422, "command-id-reused", "", ""},
		{host.ErrMailboxFull, 429, "mailbox-full", "Retry-After: 1", ""},
		{fmt.Errorf("%w: %w", host.ErrNotStarted, context.DeadlineExceeded), 503, "not-started", "Retry-After: 1", ""},
		{fmt.Errorf("%w: %w", host.ErrOutcomeUnknown, context.DeadlineExceeded), 504, "outcome-unknown", "", ""},
		{fmt.Errorf("%w: %w", host.ErrOutcomeUnknown, stores.ErrUnavailable), 504, "outcome-unknown", "", ""},
		{fmt.Errorf("append: %w: %w", host.ErrUnavailable, errors.New("disk full")), 503, "unavailable", "Retry-After: 2", ""},
		{stores.ErrUnavailable, 503, "unavailable", "Retry-After: 2", ""},
		{context.Canceled, 503, "unavailable", "", ""},
		{host.ErrClosed, 503, "shutting-down", "Retry-After: 5", ""},
		{stores.ErrClosed, 503, "shutting-down", "", ""},
		{fmt.Errorf("payload: %w", stores.ErrTooLarge), 413, "too-large", "", ""},
		{&host.Fault{Kind: host.OverLimit, Plugin: digest, Err: stores.ErrTooLarge}, 413, "too-large", "", ""},
		{host.ErrUnknownType, 404, "unknown-type", "", ""},
		{host.ErrInvalidID, 400, "invalid-id", "", ""},
		{host.ErrInvalidPayload, 400, "invalid-payload", "", ""},
		{fmt.Errorf("read: %w", stores.ErrCorrupt), 500, "store-corrupt", "", ""},
		{errors.New("secret"), 500, "internal", "", "detail=the log of the host says more"},
	} {
		t.Run(test.name+" for "+test.err.Error(), func(t *testing.T) {
			h := serve(t, newFake().failing("increase", test.err), nil)
			a := h.post(increase, `{"by":1}`)
			members := a.wantProblem(test.status, test.name)
			if name, value, ok := strings.Cut(test.header, ": "); ok && a.header.Get(name) != value {
				t.Errorf("%s is %q, want %s", name, a.header.Get(name), value)
			}
			if name, value, ok := strings.Cut(test.member, "="); ok && fmt.Sprint(members[name]) != value {
				t.Errorf("%s is %v, want %s", name, members[name], value)
			}
			if fmt.Sprint(members["status"]) != fmt.Sprint(test.status) || members["title"] == "" || members["detail"] == "" {
				t.Errorf("members are %v", members)
			}
			if test.name == "outcome-unknown" && !strings.Contains(fmt.Sprint(members["detail"]), "Idempotency-Key") {
				t.Errorf("detail does not say what to do: %v", members["detail"])
			}
		})
	}
}

func TestAPluginsRefusalsAreToldApart(t *testing.T) {
	h := serve(t, newFake(), nil)
	h.post("/v1/entities/nothing/a/commands/increase", `{"by":1}`).wantProblem(404, "unknown-type")
	h.post("/v1/entities/counter/a/commands/nothing", `{"by":1}`).wantProblem(404, "unknown-command")
	h.post("/v1/entities/counter/a/commands/", `{"by":1}`).wantProblem(404, "unknown-command")
	h.post("/v1/entities/counter/a/commands/decrease", `{"by":1}`).wantProblem(422, "rejected")
	h.post(increase, `{"by":"x"}`).wantProblem(400, "invalid-payload")
	h.post(increase, `{}`).wantProblem(400, "invalid-payload")
}

func TestIntegersAreExactBothWays(t *testing.T) {
	h := serve(t, newFake(), nil)
	echo := "/v1/entities/counter/a/commands/echo"
	for _, text := range []string{
		"0", "9007199254740993", "18446744073709551615", "-9223372036854775808", "1.0", "1e+300", "1.7976931348623157e+308", "5e-324", "-0.0",
		`{"$float":"nan"}`, `{"$float":"-inf"}`, `{"$bin":"AAEC/w=="}`, `"é😀\u0000\"\\"`, `[]`, `[null,true,{"b":1,"a":2}]`, `""`,
		strings.Repeat("[", 64) + strings.Repeat("]", 64),
	} {
		h.post(echo, " "+text+"\n").want(200, `{"seq":0,"events":0,"reply":`+text+`}`)
	}
	for _, text := range []string{
		"18446744073709551616", "-9223372036854775809", "1e309", `{"a":1,"a":2}`, "{", "{} {}", "null", "NaN", "\xff", `"\ud800"`,
		strings.Repeat("[", 65) + strings.Repeat("]", 65), `{"$bin":"!"}`, "01",
	} {
		h.post(echo, text).wantProblem(400, "invalid-payload")
	}
}

func TestMsgpackGoesInAndOut(t *testing.T) {
	h := serve(t, newFake(), nil)
	by := string(abi.AppendUint(abi.AppendString(abi.AppendMap(nil, 1), "by"), 7))
	asMsgpack := "\x83\xa3seq\x01\xa6events\x01\xa5reply\x07"
	for _, test := range []struct {
		name, contentType, accept, body, reply string
	}{
		{"an answer is in the body's format", "application/msgpack", "", by, asMsgpack},
		{"any format is the body's", "application/msgpack", "*/*", by, asMsgpack},
		{"JSON may be asked for", "application/msgpack", "application/json", by, `{"seq":1,"events":1,"reply":7}`},
		{"msgpack may be asked for", "application/json", "application/msgpack", `{"by":7}`, asMsgpack},
		{"the registered name is known", "application/vnd.msgpack", "application/vnd.msgpack", by, asMsgpack},
		{"the wanted format wins", "application/msgpack", "application/msgpack;q=0.5, application/json", by, `{"seq":1,"events":1,"reply":7}`},
		{"q=0 excludes", "application/msgpack", "application/msgpack;q=0, */*;q=0.1", by, `{"seq":1,"events":1,"reply":7}`},
		{"the exact range wins over the wide one", "application/json", "application/*;q=0.9, application/json;q=0.1", `{"by":7}`, asMsgpack},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := serve(t, newFake(), nil)
			headers := []string{"Content-Type: " + test.contentType}
			if test.accept != "" {
				headers = append(headers, "Accept: "+test.accept)
			}
			h.send("POST", increase, test.body, headers...).want(200, test.reply)
		})
	}

	echo := "/v1/entities/counter/a/commands/echo"
	h.send("POST", echo, "", "Content-Type: application/msgpack").want(200, "\x83\xa3seq\x00\xa6events\x00\xa5reply\xc0")
	for _, body := range []string{"\xc0", "\x01\x01", "\xa1", "\xc7\x00\x00", "\x81\x01\x01", "\xa1\xff"} {
		h.send("POST", echo, body, "Content-Type: application/msgpack").wantProblem(400, "invalid-payload")
	}
	// Bytes pass as they are, in whatever form of msgpack they came.
	wide := "\xcf\x00\x00\x00\x00\x00\x00\x00\x05"
	h.send("POST", echo, wide, "Content-Type: application/msgpack").want(200, "\x83\xa3seq\x00\xa6events\x00\xa5reply"+wide)
}

func TestBodiesNeedAKnownType(t *testing.T) {
	h := serve(t, newFake(), nil)
	for _, headers := range [][]string{
		nil,
		{"Content-Type: text/plain"},
		{"Content-Type: application/x-www-form-urlencoded"},
		{"Content-Type: multipart/form-data; boundary=x"},
		{"Content-Type: application/json; charset=latin-1"},
		{"Content-Type: application/json;;"},
		{"Content-Type: application/json", "Content-Type: application/json"},
		{"Content-Type: application/json", "Content-Encoding: gzip"},
		{"Content-Type: application/x-ndjson"},
	} {
		h.send("POST", increase, `{"by":1}`, headers...).wantProblem(415, "unsupported-media-type")
	}
	h.send("POST", increase, "", "Content-Type: text/plain").wantProblem(415, "unsupported-media-type")
	h.send("POST", increase, `{"by":1}`, "Content-Type: Application/JSON; Charset=UTF-8").want(200, `{"seq":1,"events":1,"reply":1}`)
	h.post(increase, `{"by":1}`, "Accept: text/html").wantProblem(406, "not-acceptable")
	h.post(increase, `{"by":1}`, "Accept: application/json;q=x").wantProblem(406, "not-acceptable")
	h.post(increase, `{"by":1}`, "Accept: text/html,application/xhtml+xml,*/*;q=0.8", "Content-Encoding: identity").want(200, `{"seq":2,"events":1,"reply":2}`)
}

func TestBodiesHaveALimit(t *testing.T) {
	h := serve(t, newFake(), &api.Options{MaxBodyBytes: 100})
	echo := "/v1/entities/counter/a/commands/echo"
	if a := h.post(echo, `"`+strings.Repeat("x", 98)+`"`); a.status != 200 {
		t.Errorf("100 bytes: %d %s", a.status, a.body)
	}
	h.post(echo, `"`+strings.Repeat("x", 99)+`"`).wantProblem(413, "too-large")
}

func TestPreconditions(t *testing.T) {
	for _, test := range []struct {
		name    string
		headers []string
		status  int
		problem string
	}{
		{"the number it has", []string{`If-Match: "3"`}, 200, ""},
		{"another number", []string{`If-Match: "2"`}, 412, "expected-seq"},
		{"zero is an entity that does not exist", []string{`If-Match: "0"`}, 412, "expected-seq"},
		{"must not exist", []string{`If-None-Match: *`}, 412, "expected-seq"},
		{"both", []string{`If-Match: "3"`, `If-None-Match: *`}, 400, "invalid-request"},
		{"a weak tag", []string{`If-Match: W/"3"`}, 400, "invalid-request"},
		{"any", []string{`If-Match: *`}, 400, "invalid-request"},
		{"a list", []string{`If-Match: "3", "4"`}, 400, "invalid-request"},
		{"two headers", []string{`If-Match: "3"`, `If-Match: "3"`}, 400, "invalid-request"},
		{"no quotes", []string{`If-Match: 3`}, 400, "invalid-request"},
		{"a leading zero", []string{`If-Match: "03"`}, 400, "invalid-request"},
		{"a sign", []string{`If-Match: "+3"`}, 400, "invalid-request"},
		{"nothing in quotes", []string{`If-Match: ""`}, 400, "invalid-request"},
		{"nothing", []string{`If-Match: `}, 400, "invalid-request"},
		{"beyond 64 bits", []string{`If-Match: "18446744073709551616"`}, 400, "invalid-request"},
		{"a tag that must not match", []string{`If-None-Match: "3"`}, 400, "invalid-request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := serve(t, newFake().with("counter", "a", 3), nil)
			a := h.post(increase, `{"by":1}`, test.headers...)
			if test.problem == "" {
				a.want(200, `{"seq":4,"events":1,"reply":1}`)
				return
			}
			members := a.wantProblem(test.status, test.problem)
			if test.status == 412 && (fmt.Sprint(members["seq"]) != "3" || a.header.Get("ETag") != `"3"`) {
				t.Errorf("seq is %v and ETag %s, want 3", members["seq"], a.header.Get("ETag"))
			}
		})
	}
	serve(t, newFake(), nil).post(increase, `{"by":1}`, "If-None-Match: *").want(200, `{"seq":1,"events":1,"reply":1}`)
}

func TestIdempotencyKeysAreCommandIDs(t *testing.T) {
	for _, test := range []struct {
		header string
		id     string // "": refused
	}{
		{`8e03978e-40d5`, "8e03978e-40d5"},
		{`"8e03978e-40d5"`, "8e03978e-40d5"},
		{`"a \"b\" \\ c"`, `a "b" \ c`},
		{`" spaces "`, " spaces "},
		{`a"b`, `a"b`},
		{`a\b`, `a\b`},
		{`é😀`, "é😀"},
		{strings.Repeat("k", 128), strings.Repeat("k", 128)},
		{strings.Repeat("k", 129), ""},
		{``, ""},
		{`""`, ""},
		{`"`, ""},
		{`"a`, ""},
		{`"a\"`, ""},
		{`"a\n"`, ""},
		{`"a";b=1`, ""},
		{`"a" "b"`, ""},
		{"\xff", ""},
		{"a\tb", ""},
	} {
		id, problem := api.CommandID(http.Header{"Idempotency-Key": {test.header}})
		if id != test.id || (problem == "") != (test.id != "") {
			t.Errorf("%q: id %q, problem %q; want id %q", test.header, id, problem, test.id)
		}
	}
	h := serve(t, newFake(), nil)
	h.post(increase, `{"by":1}`, "Idempotency-Key: a", "Idempotency-Key: a").wantProblem(400, "invalid-request")
	h.post(increase, `{"by":1}`, `Idempotency-Key: "a`).wantProblem(400, "invalid-request")
	h.post(increase, `{"by":1}`, `Idempotency-Key: "a \"b\""`).want(200, `{"seq":1,"events":1,"reply":1,"command_id":"a \"b\""}`)
	if got := h.fake.lastCommand().ID; got != `a "b"` {
		t.Errorf("command id is %q", got)
	}
}

func TestTraceparentIsRecordedWhenItIsValid(t *testing.T) {
	const valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for _, test := range []struct{ name, header, want string }{
		{"none", "", ""},
		{"valid", valid, valid},
		{"a later version is taken as this one", "cc" + valid[2:] + "-more", valid},
		{"version ff", "ff" + valid[2:], ""},
		{"upper case", strings.ToUpper(valid), ""},
		{"too short", valid[:54], ""},
		{"no trace", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", ""},
		{"no span", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", ""},
		{"something else", "hello", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := serve(t, newFake(), nil)
			h.post(increase, `{"by":1}`, "traceparent: "+test.header, "tracestate: a=b").want(200, `{"seq":1,"events":1,"reply":1}`)
			meta := h.fake.lastCommand().Meta
			if meta["traceparent"] != test.want || len(meta) > 1 || test.want == "" && meta != nil {
				t.Errorf("recorded %v, want %q", meta, test.want)
			}
		})
	}
}

func TestACommandEndsWithItsDeadline(t *testing.T) {
	h := serve(t, newFake(), nil)
	wait := "/v1/entities/counter/a/commands/wait"
	h.post(wait, "", "Request-Timeout: 0.01").wantProblem(503, "not-started")
	for _, value := range []string{"", "0", "-1", "5s", "NaN", "1e", "x"} {
		h.post(wait, "", "Request-Timeout: "+value).wantProblem(400, "invalid-request")
	}
	for _, value := range []string{"1e9", "Inf", "300", "0.5"} {
		h.post(increase, `{"by":0}`, "Request-Timeout: "+value)
	}
	if n := len(h.fake.entities[stores.EntityID{Type: "counter", ID: "a"}]); n != 4 {
		t.Errorf("%d of 4 commands were accepted", n)
	}
}

func TestAPanicIsAnInternalProblemAndTheServerGoesOn(t *testing.T) {
	f := newFake()
	f.panics = "boom"
	logger, logged := recording()
	h := serve(t, f, &api.Options{Logger: logger})
	h.post("/v1/entities/counter/a/commands/boom", `{}`).wantProblem(500, "internal")
	errors := slices.DeleteFunc(strings.Split(logged(), "\n"), func(l string) bool { return !strings.Contains(l, "level=ERROR") })
	if len(errors) != 1 || !strings.Contains(errors[0], "told to") || !strings.Contains(errors[0], "command.go") {
		t.Errorf("logged %q, want the panic and its stack once", errors)
	}
	h.post(increase, `{"by":1}`).want(200, `{"seq":1,"events":1,"reply":1}`)
}

func TestRequestsAreLoggedForDebugging(t *testing.T) {
	logger, logged := recording()
	h := serve(t, newFake(), &api.Options{Logger: logger})
	h.post(increase, `{"by":1}`)
	h.srv.Close()
	if line := logged(); !strings.Contains(line, "level=DEBUG msg=request method=POST path="+increase+" status=200 bytes=30 ") {
		t.Errorf("logged %q", line)
	}
}
