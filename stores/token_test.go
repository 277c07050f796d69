package stores_test

import (
	"strings"
	"testing"

	"github.com/eshost/eshost/stores"
)

func TestATokenIsWhatItAlwaysWas(t *testing.T) {
	for text, token := range map[string]string{
		"": "=", "order-17_B": "order-17_B", "a.b c": "a=2Eb=20c", "*": "=2A", ">": "=3E", "=": "=3D", "=2E": "=3D2E", "é": "=C3=A9", ".": "=2E", "..": "=2E=2E",
		"a/b%2F~": "a=2Fb=252F=7E",
	} {
		if got := string(stores.AppendToken(nil, text)); got != token {
			t.Errorf("%q is the token %q, want %q", text, got, token)
		}
		if got, ok := stores.ParseToken(token); !ok || got != text {
			t.Errorf("token %q is %q, %v, want %q", token, got, ok, text)
		}
	}
}

func TestEveryByteFitsIntoATokenAndComesBack(t *testing.T) {
	for c := range 256 {
		text := "x" + string([]byte{byte(c)}) + "y"
		token := string(stores.AppendToken(nil, text))
		if strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=") != "" {
			t.Errorf("token %q is not fit for a subject and a key", token)
		}
		if got, ok := stores.ParseToken(token); !ok || got != text {
			t.Errorf("%q came back as %q, %v", text, got, ok)
		}
	}
}

func TestATextHasOneTokenOnly(t *testing.T) {
	for _, token := range []string{"", "a.b", "a b", "==", "=2", "a=2", "=2e", "=61", "=5F", "=2D", "é", "=GG", "= 2E", "=+2", "*", ">", "a=2Eb="} {
		if got, ok := stores.ParseToken(token); ok {
			t.Errorf("token %q was taken for %q", token, got)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add("a=2Eb")
	f.Fuzz(func(t *testing.T, token string) {
		if text, ok := stores.ParseToken(token); ok && string(stores.AppendToken(nil, text)) != token {
			t.Errorf("token %q is %q, which is the token %q", token, text, string(stores.AppendToken(nil, text)))
		}
	})
}
