package api_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/eshost/eshost/cmd/eshost/internal/api"
)

func TestAnyIDWorksOrIsRefused(t *testing.T) {
	h := serve(t, newFake(), nil)
	for _, test := range []struct {
		name, segment string // as it stands in the path
		id            string // "": refused as an invalid id
	}{
		{"empty", "", ""},
		{"a dot", ".", "."},
		{"two dots", "..", ".."},
		{"an encoded dot", "%2E", "."},
		{"encoded dots", "%2e%2E", ".."},
		{"a slash", "a%2Fb", "a/b"},
		{"a lower-case slash", "a%2fb", "a/b"},
		{"only slashes", "%2F%2F", "//"},
		{"a way out", "..%2F..%2Fetc", "../../etc"},
		{"a percent sign", "100%25", "100%"},
		{"an encoded escape", "%252F", "%2F"},
		{"a question mark", "a%3Fb=c", "a?b=c"},
		{"a hash", "a%23b", "a#b"},
		{"a space", "a%20b", "a b"},
		{"only a space", "%20", " "},
		{"a plus is a plus", "a+b", "a+b"},
		{"an emoji", "%F0%9F%98%80", "😀"},
		{"a semicolon and more", "a;b,c=d&e@f:g!$'()*~", "a;b,c=d&e@f:g!$'()*~"},
		{"the word commands", "commands", "commands"},
		{"the word events", "events", "events"},
		{"backslashes and quotes", "%5C%22%27", `\"'`},
		{"512 bytes", strings.Repeat("x", 512), strings.Repeat("x", 512)},
		{"512 bytes, all encoded", strings.Repeat("%C3%A9", 256), strings.Repeat("é", 256)},
		{"513 bytes", strings.Repeat("x", 513), ""},
		{"a NUL", "a%00b", ""},
		{"a line end", "a%0Ab", ""},
		{"a control character of C1", "a%C2%85b", ""},
		{"not UTF-8", "%FF", ""},
		{"half an emoji", "%F0%9F%98", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			base := "/v1/entities/counter/" + test.segment
			if test.id == "" {
				h.post(base+"/commands/increase", `{"by":1}`).wantProblem(400, "invalid-id")
				h.get(base).wantProblem(400, "invalid-id")
				h.get(base+"/events").wantProblem(400, "invalid-id")
				h.get(base+"/events", "Accept: text/event-stream").wantProblem(400, "invalid-id")
				return
			}
			h.post(base+"/commands/increase", `{"by":1}`, "If-None-Match: *").want(200, `{"seq":1,"events":1,"reply":1}`)
			var state struct{ ID string }
			h.get(base).decode(&state)
			if state.ID != test.id {
				t.Errorf("the id arrived as %q, want %q", state.ID, test.id)
			}
			var events struct{ Events []struct{ Seq uint64 } }
			if h.get(base + "/events").decode(&events); len(events.Events) != 1 {
				t.Errorf("%d events, want 1", len(events.Events))
			}
			// Each of these ids is another entity: the next one is not there yet.
			delete(h.fake.entities, h.fake.only(t))
			clear(h.fake.values)
		})
	}
}

func TestPathsAreTakenAsTheyAre(t *testing.T) {
	h := serve(t, newFake().with("counter", "a", 1), nil)
	for _, path := range []string{
		"/", "//", "/v1", "/v1/", "/v2/types", "/v1/types/", "/v1//types", "//v1/types", "/v1/./types", "/v1/x/../types", "/V1/types",
		"/v1/entities", "/v1/entities/counter/a/", "/v1/entities/counter/a/commands", "/v1/entities/counter/a/commands/increase/",
		"/v1/entities/counter/a/events/", "/v1/entities/counter/a/b/commands/increase", "/v1/entities/counter/a/../b/events/1",
		"/healthz/", "/index.html", "/v1/entities/counter/a/b/c/d/e/f/g/h",
	} {
		h.get(path).wantProblem(404, "not-found")
	}
	h.get("/v1/entities/").wantProblem(400, "invalid-id")
	h.get("/v1/entities/Counter/a").wantProblem(400, "invalid-id")
	h.get("/v1/entities/counter/").wantProblem(400, "invalid-id")
	if a := h.get("/%761/typ%65s"); a.status != 200 {
		t.Errorf("an encoded letter is another letter: %d", a.status)
	}
}

func TestMethodsThatAPathDoesNotTake(t *testing.T) {
	h := serve(t, newFake(), nil)
	for _, test := range []struct{ method, path, allow string }{
		{"GET", increase, "POST"},
		{"DELETE", increase, "POST"},
		{"OPTIONS", increase, "POST"},
		{"POST", "/v1/entities/counter/a", "GET, HEAD"},
		{"PUT", "/v1/entities/counter", "GET, HEAD"},
		{"POST", "/v1/types", "GET, HEAD"},
		{"GET", "/v1/commands", "POST"},
		{"POST", "/healthz", "GET, HEAD"},
		{"BREW", "/v1/types", "GET, HEAD"},
	} {
		a := h.send(test.method, test.path, "")
		a.wantProblem(405, "method-not-allowed")
		if got := a.header.Get("Allow"); got != test.allow {
			t.Errorf("%s %s: Allow is %q, want %q", test.method, test.path, got, test.allow)
		}
	}
	a := h.send("HEAD", "/v1/types", "")
	if a.status != 200 || len(a.body) != 0 || a.header.Get("Content-Length") == "0" {
		t.Errorf("HEAD: %d with %d bytes, %v", a.status, len(a.body), a.header)
	}
}

func TestParametersAreTakenStrictly(t *testing.T) {
	h := serve(t, newFake().with("counter", "a", 1), nil)
	for _, path := range []string{
		"/v1/entities/counter?aftr=a", "/v1/entities/counter?after=a&after=b", "/v1/entities/counter?limit=0", "/v1/entities/counter?limit=-1",
		"/v1/entities/counter?limit=", "/v1/entities/counter?limit=x", "/v1/entities/counter?limit=18446744073709551616", "/v1/entities/counter?a;b",
		"/v1/entities/counter?after=%zz", "/v1/entities/counter/a?after=1", "/v1/entities/counter/a/events?after=-1",
		"/v1/entities/counter/a/events?after=1.0", "/v1/entities/counter/a/events?after=", "/v1/entities/counter/a/events?after=01", "/v1/types?x",
	} {
		h.get(path).wantProblem(400, "invalid-request")
	}
	h.post(increase+"?by=1", `{"by":1}`).wantProblem(400, "invalid-request")
	h.get("/v1/entities/counter?after=%FF").wantProblem(400, "invalid-id")
	h.get("/v1/entities/counter?limit=1000000").want(200, `{"entities":["a"]}`)
	if a := h.get("/healthz?from=probe"); a.status != 200 {
		t.Errorf("a probe with a parameter: %d", a.status)
	}
}

// Clients that do not encode what they should are understood all the same.
func TestRawPathsOnTheWire(t *testing.T) {
	h := serve(t, newFake(), nil)
	for _, test := range []struct{ target, id string }{
		{"/v1/entities/counter/a%2Fb😀/commands/increase", "a/b😀"},
		{"/v1/entities/counter/\"<>|^`{}/commands/increase", "\"<>|^`{}"},
		{"http://localhost/v1/entities/counter/a%2Fc/commands/increase", "a/c"},
		{"/v1/entities/counter/a#b/commands/increase", "a#b"},
	} {
		c, err := net.Dial("tcp", h.srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 8\r\nConnection: close\r\n\r\n{\"by\":1}", test.target)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		c.Close()
		if resp.StatusCode != 200 {
			t.Errorf("%s: %d", test.target, resp.StatusCode)
			continue
		}
		if got := h.fake.only(t).ID; got != test.id {
			t.Errorf("%s: the id arrived as %q, want %q", test.target, got, test.id)
		}
		clear(h.fake.entities)
	}
}

// FuzzSegments takes any path: it must not fail on what has been encoded, give
// back every piece as it was, and agree with net/url about what is an error.
func FuzzSegments(f *testing.F) {
	f.Add("counter", "a/b", "increase", "/v1/entities/%zz")
	f.Add("", "..", "%2F", "//")
	f.Add("\xff", "😀?#", " +", "/a%2")
	f.Fuzz(func(t *testing.T, typ, id, command, raw string) {
		path := "/v1/entities/" + url.PathEscape(typ) + "/" + url.PathEscape(id) + "/commands/" + url.PathEscape(command)
		got, err := api.Segments(path)
		if want := []string{"v1", "entities", typ, id, "commands", command}; err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("%q: got %q, %v; want %q", path, got, err, want)
		}
		u, err := url.ParseRequestURI("http://host" + path)
		if err != nil {
			t.Fatal(err)
		}
		if got := api.RawPath(u); got != path {
			t.Fatalf("raw path %q, want %q", got, path)
		}
		got, err = api.Segments(raw)
		if err != nil {
			if _, urlErr := url.PathUnescape(raw); urlErr == nil {
				t.Fatalf("%q: %v, but net/url takes it", raw, err)
			}
			return
		}
		if n := len(got); n < 1 || n > 7 {
			t.Fatalf("%q: %d segments", raw, n)
		}
		if n := strings.Count(strings.TrimPrefix(raw, "/"), "/") + 1; n != len(got) && n < 7 {
			t.Fatalf("%q: %d segments, want %d", raw, len(got), n)
		}
		if utf8.ValidString(raw) && !strings.Contains(raw, "%") && !strings.HasPrefix(strings.TrimPrefix(raw, "/"), strings.Join(got, "/")) {
			t.Fatalf("%q became %q", raw, got)
		}
	})
}
