package abi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/eshost/eshost/abi"
)

// wantFormatError fails unless err is a FormatError within b, or wraps one.
func wantFormatError(t *testing.T, err error, b []byte) {
	t.Helper()
	var format *abi.FormatError
	if !errors.As(err, &format) {
		t.Fatalf("got error %v, want a *FormatError", err)
	}
	if format.Offset < 0 || format.Offset > len(b) || format.What == "" {
		t.Fatalf("error %+v does not lie in %d bytes", format, len(b))
	}
}

// wantSame fails unless what was decoded from b, and encoded again as first,
// is decoded and encoded as the same once more.
func wantSame(t *testing.T, b, first []byte, again func(b []byte) ([]byte, error)) {
	t.Helper()
	second, err := again(first)
	if err != nil {
		t.Fatalf("%x is taken, but not as the codec writes it, %x: %v", b, first, err)
	}
	if !bytes.Equal(first, second) {
		t.Fatalf("%x becomes %x and then %x", b, first, second)
	}
	if len(first) > len(b) {
		t.Fatalf("%x becomes %x, which is longer", b, first)
	}
}

func addEnvelopes[M any](f *testing.F, cases []envelope[M], bad []malformed) {
	for _, c := range cases {
		for _, b := range c.Encodings {
			f.Add([]byte(b))
		}
	}
	for _, c := range bad {
		f.Add([]byte(c.Bytes))
	}
}

func FuzzCommandRequest(f *testing.F) {
	v := readVectors(f)
	addEnvelopes(f, v.CommandRequests, v.MalformedCommandRequests)
	f.Fuzz(func(t *testing.T, b []byte) {
		recode := func(b []byte) ([]byte, error) {
			var r abi.CommandRequest
			err := r.Decode(b)
			return abi.AppendCommandRequest(nil, &r), err
		}
		first, err := recode(b)
		if err != nil {
			wantFormatError(t, err, b)
			return
		}
		wantSame(t, b, first, recode)
	})
}

func FuzzEventRequest(f *testing.F) {
	v := readVectors(f)
	addEnvelopes(f, v.EventRequests, v.MalformedEventRequests)
	f.Fuzz(func(t *testing.T, b []byte) {
		recode := func(b []byte) ([]byte, error) {
			var r abi.EventRequest
			err := r.Decode(b)
			return abi.AppendEventRequest(nil, &r), err
		}
		first, err := recode(b)
		if err != nil {
			wantFormatError(t, err, b)
			return
		}
		wantSame(t, b, first, recode)
	})
}

func FuzzCommandAnswer(f *testing.F) {
	v := readVectors(f)
	addEnvelopes(f, v.CommandAnswers, v.MalformedCommandAnswers)
	f.Fuzz(func(t *testing.T, b []byte) {
		var a, limited abi.CommandAnswer
		err := a.Decode(b, nil)
		limits := abi.Limits{Outcomes: 2, Events: 1, PayloadBytes: 4, StateBytes: 4}
		if limitedErr := limited.Decode(b, &limits); limitedErr == nil && err != nil {
			t.Fatalf("is taken with limits, but not without: %v", err)
		}
		var one *abi.OutcomeError
		if err != nil {
			wantFormatError(t, err, b)
			if !errors.As(err, &one) {
				return
			}
		}
		blamed, events := -1, 0
		for i := range a.Outcomes {
			o := &a.Outcomes[i]
			if o.Problem != nil && blamed < 0 {
				blamed = i
			}
			if o.Status == abi.Accepted {
				events += len(a.EventsOf(i))
			}
		}
		if events != len(a.Events) || (events > 0) != (a.State != nil) {
			t.Fatalf("outcomes have %d events, the answer %d and state %x", events, len(a.Events), a.State)
		}
		if one != nil && one.Index != blamed || one == nil && blamed >= 0 {
			t.Fatalf("outcome %d has a problem, the error is %v", blamed, err)
		}
		if err == nil {
			wantSame(t, b, abi.AppendCommandAnswer(nil, &a), func(b []byte) ([]byte, error) {
				var a abi.CommandAnswer
				err := a.Decode(b, nil)
				return abi.AppendCommandAnswer(nil, &a), err
			})
		}
	})
}

func FuzzEventAnswer(f *testing.F) {
	v := readVectors(f)
	addEnvelopes(f, v.EventAnswers, v.MalformedEventAnswers)
	f.Fuzz(func(t *testing.T, b []byte) {
		recode := func(b []byte) ([]byte, error) {
			var a abi.EventAnswer
			err := a.Decode(b, nil)
			return abi.AppendEventAnswer(nil, &a), err
		}
		first, err := recode(b)
		if err != nil {
			wantFormatError(t, err, b)
			return
		}
		wantSame(t, b, first, recode)
	})
}

func FuzzManifest(f *testing.F) {
	v := readVectors(f)
	addEnvelopes(f, v.Manifests, v.MalformedManifests)
	for _, c := range v.InvalidManifests {
		f.Add([]byte(c.Bytes))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := abi.DecodeManifest(b)
		if err != nil {
			wantFormatError(t, err, b)
			return
		}
		valid := m.Validate() == nil
		wantSame(t, b, abi.AppendManifest(nil, m), func(b []byte) ([]byte, error) {
			m, err := abi.DecodeManifest(b)
			if err != nil {
				return nil, err
			}
			if (m.Validate() == nil) != valid {
				t.Errorf("is valid: %t, but not so after it was encoded again", valid)
			}
			return abi.AppendManifest(nil, m), nil
		})
	})
}

func addPayloads(f *testing.F, v *vectors) {
	for _, c := range v.Payloads {
		f.Add([]byte(c.Bytes))
		for _, b := range c.Also {
			f.Add([]byte(b))
		}
	}
	for _, c := range v.StrictDecoding {
		f.Add([]byte(c.Bytes))
	}
	for _, c := range append(v.WellformedPayloads, v.MalformedPayloads...) {
		f.Add([]byte(c.Bytes))
	}
	for _, c := range append(v.PayloadToJSON, v.JSON...) {
		f.Add([]byte(c.Bytes))
	}
}

// What the scanner takes another msgpack library must be able to read, to the
// last byte.
func FuzzCheckPayload(f *testing.F) {
	addPayloads(f, readVectors(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := abi.CheckPayload(b); err != nil {
			wantFormatError(t, err, b)
			return
		}
		rest := bytes.NewReader(b)
		if err := msgpack.NewDecoder(rest).Skip(); err != nil || rest.Len() != 0 {
			t.Fatalf("%x is taken, but skipping it leaves %d bytes (error %v)", b, rest.Len(), err)
		}
	})
}

func FuzzPayloadToJSON(f *testing.F) {
	addPayloads(f, readVectors(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		text, err := abi.AppendJSON(nil, b)
		if (err == nil) != (abi.CheckPayload(b) == nil) {
			t.Fatalf("%x: printing it gives error %v", b, err)
		}
		if err != nil {
			wantFormatError(t, err, b)
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%x is printed as %s, which is not JSON", b, text)
		}
		back, err := abi.AppendFromJSON(nil, text)
		if err != nil {
			// Only what cannot be said in JSON may be lost: keys that come
			// twice, and maps that look like bytes or floats.
			if !bytes.Contains(b, []byte("$bin")) && !bytes.Contains(b, []byte("$float")) && !hasTwins(b) {
				t.Fatalf("%x is printed as %s, which is refused: %v", b, text, err)
			}
			return
		}
		again, err := abi.AppendJSON(nil, back)
		if err != nil || !bytes.Equal(again, text) {
			t.Fatalf("%x is printed as %s, and after that as %s (error %v)", b, text, again, err)
		}
	})
}

// hasTwins reports whether some map in a payload has a key twice.
func hasTwins(b []byte) bool {
	decoder := msgpack.NewDecoder(bytes.NewReader(b))
	twins := false
	decoder.SetMapDecoder(func(d *msgpack.Decoder) (any, error) {
		n, err := d.DecodeMapLen()
		seen := make(map[string]bool)
		for ; n > 0 && err == nil; n-- {
			var key string
			if key, err = d.DecodeString(); err != nil {
				break
			}
			twins = twins || seen[key]
			seen[key] = true
			_, err = d.DecodeInterface()
		}
		return nil, err
	})
	_, err := decoder.DecodeInterface()
	return twins && err == nil
}

func FuzzJSONToPayload(f *testing.F) {
	v := readVectors(f)
	for _, c := range append(append(v.JSON, v.JSONErrors...), v.PayloadToJSON...) {
		text, _ := c.text()
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		payload, err := abi.AppendFromJSON(nil, text)
		if err != nil {
			wantFormatError(t, err, text)
			return
		}
		if len(bytes.Trim(text, " \t\r\n")) > 0 && !json.Valid(text) {
			t.Fatalf("%q is taken", text)
		}
		if err := abi.CheckPayload(payload); err != nil {
			t.Fatalf("%q becomes %x: %v", text, payload, err)
		}
		printed, err := abi.AppendJSON(nil, payload)
		if err != nil {
			t.Fatal(err)
		}
		back, err := abi.AppendFromJSON(nil, printed)
		if err != nil || !bytes.Equal(back, payload) {
			t.Fatalf("%q becomes %x, which is printed as %s and becomes %x (error %v)", text, payload, printed, back, err)
		}
	})
}
