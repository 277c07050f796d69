package storeurl_test

import (
	"strings"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
)

func TestAURLSaysWhichStore(t *testing.T) {
	for _, test := range []struct{ text, kind, folder, shown string }{
		{"pebble:data", storeurl.Pebble, "data", "pebble:data"},
		{"pebble:./a b/@?", storeurl.Pebble, "./a b/@?", "pebble:./a b/@?"},
		{"pebble:///var/lib/eshost", storeurl.Pebble, "/var/lib/eshost", "pebble:/var/lib/eshost"},
		{"pebble:/var/lib/eshost", storeurl.Pebble, "/var/lib/eshost", "pebble:/var/lib/eshost"},
		{"pebble:", storeurl.Pebble, "", "pebble:"},
		{"memory:", storeurl.Memory, "", "memory:"},
		{"nats://a:4222,b:4222", storeurl.NATS, "", "nats://a:4222,b:4222"},
		{"tls://a", storeurl.NATS, "", "tls://a"},
		{"postgres:", storeurl.Postgres, "", "postgres:"},
		{"postgresql://me@h/db?sslmode=disable", storeurl.Postgres, "", "postgresql://me@h/db?sslmode=disable"},
	} {
		u, err := storeurl.Parse(test.text)
		if err != nil || u.Kind != test.kind || u.Folder != test.folder || u.String() != test.shown || u.Secret() != test.text {
			t.Errorf("%s: %+v, shown as %s, %v", test.text, u, u, err)
		}
	}
}

func TestWhatIsNoStoreIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "no store is named",
		"data":                             "pebble:data",
		"http://h":                         "is no store",
		"file:data":                        "is no store",
		"memory:x":                         "has no name",
		"postgres://me:(redacted)@h/db":    "in the place of a secret",
		"nats://h?token=(redacted)":        "in the place of a secret",
		"Pebble:x":                         "is no store",
		"mysql://me:hunter2@h/db":          "is no store",
		"me:hunter2@h/db":                  "is no store",
		"mysql://me@h/db?password=hunter2": "is no store",
		"memory:hunter2@x":                 "has no name",
	} {
		_, err := storeurl.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error shows the secret: %v", text, err)
		}
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://me:hunter2@h:5432/db":                            "postgres://me:(redacted)@h:5432/db",
		"postgres://me@h/db":                                         "postgres://me@h/db",
		"postgres://h/db?user=me&password=hunter2":                   "postgres://h/db?user=me&password=(redacted)",
		"postgres://h/db?user=me&pass%77ord=hunter2&sslmode=require": "postgres://h/db?user=me&pass%77ord=(redacted)&sslmode=require",
		"postgres://h/db?sslpassword=hunter2":                        "postgres://h/db?sslpassword=(redacted)",
		"postgres://me:hun@ter2@h/db":                                "postgres://me:(redacted)@h/db",
		"postgres://me:hunter2/hunter2@h/db":                         "postgres://me:(redacted)@h/db",
		"postgres://me:hunter2@h/db?x=hunter2@y":                     "postgres://me:(redacted)@y",
		"nats://hunter2@h:4222":                                      "nats://(redacted)@h:4222",
		"nats://me:hunter2@a,nats://me:hunter2@b":                    "nats://me:(redacted)@b",
		"nats://me:hunter2@h:4222?TOKEN=hunter2":                     "nats://me:(redacted)@h:4222?TOKEN=(redacted)",
		"nats://hunter2:@h":                                          "nats://(redacted)@h",
		"hunter2@h":                                                  "(redacted)",
		"host=h password=hunter2":                                    "(redacted)",
	} {
		got := storeurl.Redact(text)
		if got != want {
			t.Errorf("%s is shown as %s, want %s", text, got, want)
		}
		if strings.Contains(got, "hunter2") {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
}
