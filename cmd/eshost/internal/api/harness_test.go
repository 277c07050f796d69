package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/api"
)

// harness is a server over a fake.
type harness struct {
	t    *testing.T
	fake *fake
	api  *api.Server
	srv  *httptest.Server
}

// serve starts a server; it ends with the test.
func serve(t *testing.T, f *fake, o *api.Options) *harness {
	t.Helper()
	s := api.NewOver(f, o)
	h := &harness{t: t, fake: f, api: s, srv: httptest.NewServer(s)}
	t.Cleanup(h.srv.Close)
	return h
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// send sends a request with the path exactly as it is written, checks the
// answer against the specification, and checks that it is no redirect. Headers are "Name: value".
func (h *harness) send(method, path string, body string, headers ...string) answer {
	h.t.Helper()
	host := "localhost"
	var given strings.Builder
	for _, line := range headers {
		if value, ok := strings.CutPrefix(line, "Host: "); ok {
			host = value
			continue
		}
		given.WriteString(line + "\r\n")
	}
	if body != "" {
		fmt.Fprintf(&given, "Content-Length: %d\r\n", len(body))
	}
	c, err := net.Dial("tcp", h.srv.Listener.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n%s", method, path, host, &given, body)
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	a := answer{h.t, resp.StatusCode, resp.Header, b}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 && resp.StatusCode != http.StatusNotModified || resp.Header.Get("Location") != "" {
		h.t.Fatalf("%s %s: redirected with status %d to %q", method, path, resp.StatusCode, resp.Header.Get("Location"))
	}
	conforms(h.t, method, path, a)
	return a
}

func (h *harness) get(path string, headers ...string) answer {
	h.t.Helper()
	return h.send("GET", path, "", headers...)
}

// post sends a JSON body.
func (h *harness) post(path, body string, headers ...string) answer {
	h.t.Helper()
	return h.send("POST", path, body, append([]string{"Content-Type: application/json"}, headers...)...)
}

// want checks the status and the body as it stands.
func (a answer) want(status int, body string) {
	a.t.Helper()
	if a.status != status || string(a.body) != body {
		a.t.Errorf("answered %d\n%.2000s\nwant %d\n%s", a.status, a.body, status, body)
	}
}

// wantProblem checks the status and the kind of a problem, and returns its members.
func (a answer) wantProblem(status int, name string) map[string]any {
	a.t.Helper()
	var members map[string]any
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	if err := d.Decode(&members); err != nil || a.status != status || members["type"] != api.URN+name || a.header.Get("Content-Type") != "application/problem+json" {
		a.t.Fatalf("answered %d with %s\n%.2000s\nwant %d and problem %s", a.status, a.header.Get("Content-Type"), a.body, status, name)
	}
	return members
}

// specification is the document as it is served.
var specification = sync.OnceValues(func() (*openapi3.T, error) {
	rec := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "http://localhost/v1/openapi.json", nil)
	api.NewOver(newFake(), nil).ServeHTTP(rec, r)
	openapi3filter.RegisterBodyDecoder("application/msgpack", decodeMsgpack)
	openapi3filter.RegisterBodyDecoder("text/event-stream", openapi3filter.PlainBodyDecoder)
	if rec.Code != http.StatusOK {
		return nil, fmt.Errorf("openapi.json: %d %s", rec.Code, rec.Body)
	}
	doc, err := openapi3.NewLoader().LoadFromData(rec.Body.Bytes())
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background())
})

// decodeMsgpack is for the validator: a document in msgpack has the same shape as in JSON.
func decodeMsgpack(body io.Reader, h http.Header, s *openapi3.SchemaRef, e openapi3filter.EncodingFn) (any, error) {
	b, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	text, err := abi.AppendJSON(nil, b)
	if err != nil {
		return nil, err
	}
	return openapi3filter.JSONBodyDecoder(bytes.NewReader(text), h, s, e)
}

// conforms checks an answer against the specification.
func conforms(t *testing.T, method, path string, a answer) {
	t.Helper()
	doc, err := specification()
	if err != nil {
		t.Fatal(err)
	}
	raw, _, _ := strings.Cut(path, "?")
	template, item := find(doc, raw)
	var op *openapi3.Operation
	if item != nil && method != "HEAD" {
		op = item.GetOperation(method)
	}
	if op == nil {
		if method != "HEAD" {
			conformsTo(t, "Problem", a.body)
		}
		return
	}
	r, err := http.NewRequest(method, "http://localhost", nil)
	if err != nil {
		t.Fatal(err)
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r,
			Route: &routers.Route{Spec: doc, Path: template, PathItem: item, Method: method, Operation: op}},
		Status: a.status, Header: a.header, Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if strings.HasPrefix(a.header.Get("Content-Type"), "application/x-ndjson") {
		for line := range strings.Lines(string(a.body)) {
			conformsTo(t, map[string]string{"/v1/commands": "Answer", "/v1/deployments": "DeploymentLine", "/v1/types/{type}/replay": "Replay"}[template], []byte(line))
		}
		return
	}
	if err := openapi3filter.ValidateResponse(context.Background(), in.SetBodyBytes(a.body)); err != nil {
		t.Errorf("%s %s: answer does not conform to the specification: %.2000v\n%d %.2000s", method, path, err, a.status, a.body)
	}
}

// conformsTo checks a JSON document against a schema of the specification.
func conformsTo(t *testing.T, schema string, document []byte) {
	t.Helper()
	doc, err := specification()
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(document, &v); err != nil {
		t.Errorf("not JSON: %v\n%.2000s", err, document)
		return
	}
	if err := doc.Components.Schemas[schema].Value.VisitJSON(v, openapi3.EnableJSONSchema2020()); err != nil {
		t.Errorf("does not conform to %s: %.2000v\n%.2000s", schema, err, document)
	}
}

// find finds the path of the specification that a request's path is one of.
func find(doc *openapi3.T, raw string) (string, *openapi3.PathItem) {
	given := strings.Split(strings.TrimPrefix(raw, "/"), "/")
	for template, item := range doc.Paths.Map() {
		parts := strings.Split(template[1:], "/")
		matched := len(parts) == len(given)
		for i := 0; matched && i < len(parts); i++ {
			segment, err := url.PathUnescape(given[i])
			matched = err == nil && (parts[i][0] == '{' || parts[i] == segment)
		}
		if matched {
			return template, item
		}
	}
	return "", nil
}
