package api_test

import (
	"strings"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/api"
)

func TestWithoutATokenOnlyThisMachineIsServed(t *testing.T) {
	for _, o := range []*api.Options{nil, {Loopback: true}, {AllowedHosts: []string{"eshost.example", "other.example:8080"}}} {
		h := serve(t, newFake(), o)
		allowed := o != nil && len(o.AllowedHosts) > 0
		for _, test := range []struct {
			host   string
			served bool
		}{
			{"localhost", true}, {"localhost:8080", true}, {"LOCALHOST:1", true}, {"127.0.0.1", true}, {"127.0.0.1:8080", true},
			{"127.8.9.1:1", true}, {"[::1]", true}, {"[::1]:8080", true}, {"[::ffff:127.0.0.1]:80", true},
			{"evil.example", false}, {"evil.example:8080", false}, {"localhost.evil.example", false}, {"127.0.0.1.evil.example", false},
			{"192.168.0.1:8080", false}, {"[::2]:80", false}, {"0.0.0.0:8080", false}, {"localhost:80:80", false}, {"127.1", false},
			{"eshost.example", allowed}, {"eshost.example:99", allowed}, {"ESHOST.example", allowed},
			{"other.example:8080", allowed}, {"other.example", false}, {"other.example:1", false},
		} {
			for _, path := range []string{"/v1/types", "/v1/nothing", "/v1/openapi.json"} {
				a := h.get(path, "Host: "+test.host)
				if !test.served {
					a.wantProblem(403, "foreign-host")
				} else if a.status == 403 {
					t.Errorf("Host %s: %s", test.host, a.body)
				}
			}
			if a := h.get("/healthz", "Host: "+test.host); a.status != 200 {
				t.Errorf("a probe with Host %s: %d", test.host, a.status)
			}
		}
	}
}

func TestPagesOfOtherOriginsAreRefused(t *testing.T) {
	h := serve(t, newFake(), &api.Options{AllowedHosts: []string{"app.example"}})
	own := strings.TrimPrefix(h.srv.URL, "http://")
	for _, test := range []struct {
		origin string
		served bool
	}{
		{"http://" + own, true},
		{"https://app.example", true},
		{"https://app.example:8443", true},
		{"http://evil.example", false},
		{"http://localhost:3000", false}, // another program of this machine
		{"null", false},
		{"", false},
		{"http://", false},
		{"https://app.example.evil.example", false},
		{"%", false},
	} {
		a := h.post(increase, `{"by":1}`, "Host: "+own, "Origin: "+test.origin)
		if !test.served {
			a.wantProblem(403, "foreign-origin")
		} else if a.status != 200 {
			t.Errorf("Origin %q: %d %s", test.origin, a.status, a.body)
		}
	}
	// What a form can send without asking first.
	h.send("POST", increase, `{"by":1}`, "Content-Type: text/plain").wantProblem(415, "unsupported-media-type")
	if n := len(h.fake.entities[h.fake.only(t)]); n != 3 {
		t.Errorf("%d commands were accepted, want 3", n)
	}
}

func TestATokenIsAskedFor(t *testing.T) {
	h := serve(t, newFake(), &api.Options{Token: "s3cret"})
	for _, test := range []struct {
		headers []string
		served  bool
	}{
		{[]string{"Authorization: Bearer s3cret"}, true},
		{[]string{"Authorization: bearer s3cret"}, true},
		{[]string{"Authorization: Bearer  s3cret"}, true},
		{[]string{"Authorization: Bearer s3cret", "Host: eshost.example", "Origin: http://elsewhere.example"}, true},
		{nil, false},
		{[]string{"Authorization: s3cret"}, false},
		{[]string{"Authorization: Basic s3cret"}, false},
		{[]string{"Authorization: Bearer"}, false},
		{[]string{"Authorization: Bearer "}, false},
		{[]string{"Authorization: Bearer s3cre"}, false},
		{[]string{"Authorization: Bearer s3cretx"}, false},
		{[]string{"Authorization: Bearer S3CRET"}, false},
		{[]string{"Authorization: Bearer s3cret", "Authorization: Bearer s3cret"}, false},
	} {
		for _, path := range []string{"/v1/types", "/v1/entities/counter", "/v1/openapi.json"} {
			a := h.get(path, test.headers...)
			if test.served {
				if a.status != 200 {
					t.Errorf("%s with %q: %d", path, test.headers, a.status)
				}
				continue
			}
			a.wantProblem(401, "unauthorized")
			if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("WWW-Authenticate is %q", a.header.Get("WWW-Authenticate"))
			}
		}
	}
	h.get("/v1/nothing").wantProblem(401, "unauthorized")
	for _, probe := range []string{"/healthz", "/readyz"} {
		if a := h.get(probe); a.status != 200 {
			t.Errorf("%s without a token: %d", probe, a.status)
		}
	}
	both := serve(t, newFake(), &api.Options{Token: "s3cret", Loopback: true})
	both.get("/v1/types", "Authorization: Bearer s3cret", "Host: evil.example").wantProblem(403, "foreign-host")
	both.get("/v1/types").wantProblem(401, "unauthorized")
}
