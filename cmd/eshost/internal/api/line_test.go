package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/api"
)

func TestALineIsACommand(t *testing.T) {
	for _, test := range []struct {
		text, want string
	}{
		{`{"type":"counter","id":"a","command":"increase"}`, `counter/a increase "" {} ref= expected=any`},
		{` { "ref" : 7 , "type":"t","id":"i","command":"c" , "payload" : {"by": 18446744073709551615} } `, `t/i c "" {"by":18446744073709551615} ref=7 expected=any`},
		{`{"ref":{"a":[1,"}"]},"type":"t","id":"a/b","command":"c","command_id":"k","expected_seq":0}`, `t/a/b c "k" {} ref={"a":[1,"}"]} expected=0`},
		{`{"ref":null,"type":"t","id":"i","command":"c","command_id":null,"expected_seq":null,"payload":[]}`, `t/i c "" [] ref=null expected=any`},
		{`{"type":"t","id":"\u00e9\"\\\n😀","command":"c","expected_seq":18446744073709551615}`, "t/é\"\\\n😀 c \"\" {} ref= expected=18446744073709551615"},
		{`{"type":"t","id":"` + strings.Repeat(`\u00e9`, 20) + `","command":"c"}`, `t/` + strings.Repeat("é", 20) + ` c "" {} ref= expected=any`},
		{`{"type":"t","id":"` + strings.Repeat(`\u00e9`, 200) + `","command":"c"}`, `t/` + strings.Repeat("é", 200) + ` c "" {} ref= expected=any`},
		{`{"type":"","id":"","command":"","payload":"}{"}`, `/  "" "}{" ref= expected=any`},
		{`{"type":"t","id":"i","command":"c","payload":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`,
			`t/i c "" ` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + ` ref= expected=any`},
	} {
		entity, command, id, payload, ref, expected, problem := api.ParseLine([]byte(test.text))
		text, _ := abi.AppendJSON(nil, payload)
		number := "any"
		if expected != nil {
			number = fmt.Sprint(*expected)
		}
		got := fmt.Sprintf("%s %s %q %s ref=%s expected=%s", entity, command, id, text, ref, number)
		if problem != "" || got != test.want {
			t.Errorf("%s\ngave %s %s\nwant %s", test.text, got, problem, test.want)
		}
	}
}

func TestALineThatIsNotACommandSaysSo(t *testing.T) {
	const valid = `"type":"t","id":"i","command":"c"`
	for _, test := range []struct{ text, ref, problem string }{
		{``, "", "invalid-request"},
		{`null`, "", "invalid-request"},
		{`[]`, "", "invalid-request"},
		{`{`, "", "invalid-request"},
		{`{}`, "", "invalid-request"},
		{`{"ref":1}`, "1", "invalid-request"},
		{`{"ref":1,` + valid, "1", "invalid-request"},
		{`{"ref":1,` + valid + `} x`, "1", "invalid-request"},
		{`{"ref":1,` + valid + `}{}`, "1", "invalid-request"},
		{`{"ref":1,` + valid + `,}`, "1", "invalid-request"},
		{`{"ref":1,,` + valid + `}`, "1", "invalid-request"},
		{`{"ref":1 ` + valid + `}`, "1", "invalid-request"},
		{`{"ref":1,"typ":"t"}`, "1", "invalid-request"},
		{`{"ref":1,"Type":"t"}`, "1", "invalid-request"},
		{`{"ref":1,"ref":2,` + valid + `}`, "1", "invalid-request"},
		{`{"ref":1,` + valid + `,"id":"j"}`, "1", "invalid-request"},
		{`{"ref":1,"type":1,"id":"i","command":"c"}`, "1", "invalid-request"},
		{`{"ref":1,"type":null,"id":"i","command":"c"}`, "1", "invalid-request"},
		{`{"ref":1,"type":"t","id":"\xff","command":"c"}`, "1", "invalid-request"},
		{"{\"ref\":1,\"type\":\"t\",\"id\":\"\xff\",\"command\":\"c\"}", "1", "invalid-request"},
		{`{"ref":1,"type":"t","id":"\ud800","command":"c"}`, "1", "invalid-request"},
		{"{\"ref\":1,\"type\":\"t\",\"id\":\"\x00\",\"command\":\"c\"}", "1", "invalid-request"},
		{`{"ref":1,` + valid + `,"expected_seq":"5"}`, "1", "invalid-request"},
		{`{"ref":1,` + valid + `,"expected_seq":-1}`, "1", "invalid-request"},
		{`{"ref":1,` + valid + `,"expected_seq":1.0}`, "1", "invalid-request"},
		{`{"ref":1,` + valid + `,"expected_seq":18446744073709551616}`, "1", "invalid-request"},
		{`{"ref":1,` + valid + `,"command_id":""}`, "1", "invalid-request"},
		{`{"ref":1,` + valid + `,"command_id":5}`, "1", "invalid-request"},
		{`{"ref":1,` + valid + `,"command_id":"` + strings.Repeat("k", 129) + `"}`, "1", "invalid-request"},
		{`{"ref":1,` + valid + `,"payload":null}`, "1", "invalid-payload"},
		{`{"ref":1,` + valid + `,"payload":18446744073709551616}`, "1", "invalid-payload"},
		{`{"ref":1,` + valid + `,"payload":{"a":1,"a":2}}`, "1", "invalid-payload"},
		{`{"ref":1,` + valid + `,"payload":[}}`, "1", "invalid-payload"},
		{`{"ref":1,` + valid + `,"payload":nul}`, "1", "invalid-payload"},
		{`{"ref":1,` + valid + `,"payload":}`, "1", "invalid-request"},
		{`{"ref":1,` + valid + `,"payload":1"x"}`, "1", "invalid-payload"},
		{`{"ref":x,` + valid + `}`, "", "invalid-request"},
		{"{\"ref\":\"\xff\"," + valid + `}`, "", "invalid-request"},
		{`{"ref":"` + strings.Repeat("r", 1023) + `",` + valid + `}`, "", "invalid-request"},
	} {
		_, _, _, _, ref, _, problem := api.ParseLine([]byte(test.text))
		if string(ref) != test.ref || problem != test.problem {
			t.Errorf("%s\ngave ref %s, %s; want ref %s, %s", test.text, ref, problem, test.ref, test.problem)
		}
	}
}

// FuzzLine takes any line: what is taken must be JSON, by encoding/json's word, and mean the same.
func FuzzLine(f *testing.F) {
	f.Add(`{"ref":1,"type":"t","id":"i","command":"c","payload":{"by":5},"command_id":"k","expected_seq":3}`)
	f.Add(`{"ref":{"a":"\""},"type":"t","id":"\u00e9","command":"c","payload":[1,{"$bin":"AA=="}]}`)
	f.Add(`{"type":"t","id":"i","command":"c"} x`)
	f.Add("{\"type\":\"\xff\",\"id\":\"\\ud800\",\"command\":1\"\"}")
	f.Fuzz(func(t *testing.T, text string) {
		entity, command, id, payload, ref, expected, problem := api.ParseLine([]byte(text))
		if problem != "" {
			return
		}
		var want struct {
			Ref         json.RawMessage
			Type        string
			ID          string
			Command     string
			CommandID   *string `json:"command_id"`
			ExpectedSeq *uint64 `json:"expected_seq"`
		}
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("%q was taken, but: %v", text, err)
		}
		if entity != want.Type+"/"+want.ID || command != want.Command {
			t.Fatalf("%q gave %q %q", text, entity, command)
		}
		if want.CommandID == nil && id != "" || want.CommandID != nil && id != *want.CommandID {
			t.Fatalf("%q gave command id %q", text, id)
		}
		if (expected == nil) != (want.ExpectedSeq == nil) || expected != nil && *expected != *want.ExpectedSeq {
			t.Fatalf("%q gave expected %v", text, expected)
		}
		if len(ref) > 0 && !json.Valid(ref) {
			t.Fatalf("%q gave ref %q", text, ref)
		}
		if err := abi.CheckPayload(payload); err != nil {
			t.Fatalf("%q gave payload %x: %v", text, payload, err)
		}
	})
}
