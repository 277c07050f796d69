package natsstore_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/stores/natsstore"
)

func TestAURLGivesAllOptions(t *testing.T) {
	for _, test := range []struct {
		url  string
		want natsstore.Options
		text string
	}{
		{"nats://localhost", natsstore.Options{Servers: []string{"localhost"}}, "nats://localhost/eshost"},
		{"nats://user:p%40ss@a:4222,b,[::1]:4333/EVENTS?replicas=3&credentials=&setup=false&sync=always&timeout=2s&max_bytes=1000000", natsstore.Options{
			Servers: []string{"a:4222", "b", "[::1]:4333"}, User: "user", Password: "p@ss", Stream: "EVENTS", Replicas: 3, NoSetup: true, Sync: natsstore.SyncAlways,
			AnswerTimeout: 2 * time.Second, MaxBytes: 1e6}, "nats://user:xxxxx@a:4222,b,[::1]:4333/EVENTS?max_bytes=1000000&replicas=3&setup=false&sync=always&timeout=2s"},
		{"tls://s3cret@a:1/x?tls_ca=ca.pem&tls_cert=c.pem&tls_key=k.pem", natsstore.Options{Servers: []string{"tls://a:1"}, Token: "s3cret", Stream: "x",
			TLSCAFile: "ca.pem", TLSCertFile: "c.pem", TLSKeyFile: "k.pem"}, "nats://xxxxx@tls://a:1/x?tls_ca=ca.pem&tls_cert=c.pem&tls_key=k.pem"},
		{"nats://a/x/?credentials=user.creds&snapshots=s&checkpoints=c&blobs=b&domain=hub&name=me&sync=interval&setup=true", natsstore.Options{Servers: []string{"a"}, Stream: "x",
			CredentialsFile: "user.creds", Snapshots: "s", Checkpoints: "c", Blobs: "b", Domain: "hub", ClientName: "me", Sync: natsstore.SyncInterval},
			"nats://a/x?blobs=b&checkpoints=c&credentials=user.creds&domain=hub&name=me&snapshots=s&sync=interval"},
	} {
		o, err := natsstore.ParseURL(test.url)
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
			continue
		}
		if !reflect.DeepEqual(*o, test.want) {
			t.Errorf("%s: %+v\nwant %+v", test.url, *o, test.want)
		}
		if got := o.String(); got != test.text {
			t.Errorf("%s: shown as %s, want %s", test.url, got, test.text)
		}
	}
}

func TestAWrongURLIsRefusedWithoutItsSecrets(t *testing.T) {
	for url, want := range map[string]string{
		"postgres://s3cret@a/x":             "nats://",
		"nats:a":                            "nats://",
		"nats://":                           "no host",
		"nats://a:b:s3cret/x":               "not host:port",
		"nats://user:s3cret@:4222":          "no host",
		"nats://user:s3cret@a:99999":        "port",
		"nats://user:s3cret%zz@a":           "%25",
		"nats://user:s3cret@a,/x":           "no host",
		"nats://a/s3cret y":                 "the name of the stream",
		"nats://a/s3cret.y":                 "the name of the stream",
		"nats://a/x?replica=3":              "no parameter \"replica\"",
		"nats://a/x?replicas=3&replicas=3":  "2 times",
		"nats://a/x?replicas=many":          "replicas must be a number",
		"nats://a/x?replicas=6":             "1 to 5",
		"nats://a/x?setup=perhaps":          "setup must be true or false",
		"nats://a/x?sync=s3cret":            "interval",
		"nats://a/x?timeout=5":              "timeout must be a time",
		"nats://a/x?max_bytes=-1":           "-1",
		"nats://a/x?tls_cert=c":             "tls_key",
		"nats://a/x?%zz":                    "well encoded",
		"nats://u:s3cret@a?credentials=f":   "choose one",
		"nats://a/x?snapshots=s3cret.b":     "snapshots",
		"nats://u:x@a/x?timeout=s3cret":     "timeout must be",
		"nats://u:s3cret@a/x?password=s3c3": "no parameter",
		"nats://abc/s3cret@host:4222/x":     "%2F",
		"nats://u:12/s3cret@host/x":         "%2F",
		"nats://u:p@1/s3cret@host":          "%2F",
		"nats://u:1?s3cret@host":            "%3F",
		"nats://tok?s3cret@host/x":          "%3F",
		"nats://u:1/a?s3cret=x@host":        "%3F",
		"nats://h/x?timeout=s3cret@h":       "%40",
	} {
		o, err := natsstore.ParseURL(url)
		if err == nil {
			t.Errorf("%s: %+v", url, o)
			continue
		}
		if text := err.Error(); !strings.Contains(text, want) || strings.Contains(text, "s3cret") {
			t.Errorf("%s: %v, want something of %q", url, err, want)
		}
	}
}

func TestOptionsShowNoSecretHoweverTheyArePrinted(t *testing.T) {
	for _, url := range []string{"nats://user:s3cret@host/x", "nats://s3cret@host/x"} {
		o, err := natsstore.ParseURL(url)
		if err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		slog.New(slog.NewTextHandler(&said, nil)).Info("open", "options", *o, "pointer", o)
		for _, text := range []string{fmt.Sprintf("%v %+v %s %#v", *o, *o, *o, *o), fmt.Sprintf("%v %+v %s %#v", o, o, o, o), said.String()} {
			if strings.Contains(text, "s3cret") || strings.Count(text, "xxxxx@host/x") < 2 {
				t.Error(text)
			}
		}
	}
}
