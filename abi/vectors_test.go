package abi_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"testing"

	"github.com/eshost/eshost/abi"
)

// hexBytes is bytes written in hex; null is nil.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	if *h == nil {
		*h = hexBytes{}
	}
	return err
}

// integer is a JSON number, or {"$int": "<digits>"} where that would lose digits.
type integer string

func (n *integer) UnmarshalJSON(text []byte) error {
	var large struct {
		Int string `json:"$int"`
	}
	if text[0] != '{' {
		*n = integer(text)
		return nil
	}
	err := json.Unmarshal(text, &large)
	*n = integer(large.Int)
	return err
}

func (n integer) uint(t *testing.T) uint64 {
	v, err := strconv.ParseUint(string(n), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (n integer) int(t *testing.T) int64 {
	v, err := strconv.ParseInt(string(n), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

type envelope[M any] struct {
	Name      string
	Message   M
	Encodings []hexBytes
}

type commandRequestVector struct {
	Type, ID string
	Seq, Now integer
	State    hexBytes
	Commands []struct {
		Name    string
		Payload hexBytes
	}
}

type eventVector struct {
	Name    string
	Version uint32
	Payload hexBytes
}

type eventRequestVector struct {
	Type, ID string
	Seq      integer
	State    hexBytes
	Events   []eventVector
}

type refusedVector struct {
	Kind    abi.Kind
	Index   uint32
	Message string
}

type commandAnswerVector struct {
	Refused  *refusedVector
	State    hexBytes
	Outcomes []struct {
		Accepted *struct {
			Reply  hexBytes
			Events []eventVector
		}
		Rejected *struct {
			Code    string
			Payload hexBytes
		}
		Fault *refusedVector
	}
}

type eventAnswerVector struct {
	State   hexBytes
	Refused *refusedVector
}

type manifestVector struct {
	ABI   [2]uint32
	SDK   string
	Types []struct {
		Type        string
		StateSchema string `json:"state_schema"`
		Commands    []struct {
			Name, Schema, Reply string
			Rejections          []string
			Examples            []hexBytes
		}
		Events []struct {
			Name    string
			Version uint32
			Schema  string
		}
	}
}

type malformed struct {
	Name    string
	Bytes   hexBytes
	At      int
	Outcome *int
}

type typedVector struct {
	Name  string
	Type  json.RawMessage
	Bytes hexBytes
	Value json.RawMessage
	Kind  abi.Kind
	Also  []hexBytes
}

type jsonVector struct {
	Name    string
	JSON    string
	JSONHex hexBytes `json:"json_hex"`
	Bytes   hexBytes
	Back    string
	At      int
}

// text is the JSON text, and back what the payload is printed as.
func (v *jsonVector) text() (text, back string) {
	text = v.JSON
	if v.JSONHex != nil {
		text = string(v.JSONHex)
	}
	if v.Back != "" {
		return text, v.Back
	}
	return text, text
}

type words struct{ Valid, Invalid []string }

type vectors struct {
	CommandRequests          []envelope[commandRequestVector] `json:"command_requests"`
	CommandAnswers           []envelope[commandAnswerVector]  `json:"command_answers"`
	EventRequests            []envelope[eventRequestVector]   `json:"event_requests"`
	EventAnswers             []envelope[eventAnswerVector]    `json:"event_answers"`
	MalformedCommandAnswers  []malformed                      `json:"malformed_command_answers"`
	MalformedEventAnswers    []malformed                      `json:"malformed_event_answers"`
	MalformedCommandRequests []malformed                      `json:"malformed_command_requests"`
	MalformedEventRequests   []malformed                      `json:"malformed_event_requests"`
	Payloads                 []typedVector
	StrictDecoding           []typedVector `json:"strict_decoding"`
	NoPayload                []typedVector `json:"no_payload"`
	WellformedPayloads       []malformed   `json:"wellformed_payloads"`
	MalformedPayloads        []malformed   `json:"malformed_payloads"`
	JSON                     []jsonVector
	PayloadToJSON            []jsonVector               `json:"payload_to_json"`
	JSONErrors               []jsonVector               `json:"json_errors"`
	Manifests                []envelope[manifestVector] `json:"manifests"`
	MalformedManifests       []malformed                `json:"malformed_manifests"`
	InvalidManifests         []struct {
		Name  string
		Bytes hexBytes
		Paths []string
	} `json:"invalid_manifests"`
	Names, IDs words
}

func readVectors(t testing.TB) *vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	v := new(vectors)
	if err := decoder.Decode(v); err != nil {
		t.Fatal(err)
	}
	return v
}

// each runs a test for every case of a section, which must have some.
func each[C any](t *testing.T, cases []C, name func(*C) string, test func(*testing.T, *C)) {
	t.Helper()
	if len(cases) == 0 {
		t.Fatal("the section is empty")
	}
	for i := range cases {
		t.Run(name(&cases[i]), func(t *testing.T) { test(t, &cases[i]) })
	}
}

// wantAt fails unless err is, or wraps, a FormatError at that byte.
func wantAt(t *testing.T, err error, at int) {
	t.Helper()
	var format *abi.FormatError
	if !errors.As(err, &format) {
		t.Fatalf("got error %v, want a *FormatError at byte %d", err, at)
	}
	if format.Offset != at {
		t.Errorf("noticed at byte %d (%v), want byte %d", format.Offset, err, at)
	}
}
