package build

import (
	"fmt"
	"regexp"
	"strings"
)

// What clang says of C that uses the SDK, whose macros an author need not know.
var (
	cBegins    = regexp.MustCompile(`^(?:\S[^:]*:\d+:\d+: |<scratch space>:\d+:\d+: |\S+: )?(?:fatal error|error|warning|note): `)
	cUnknown   = regexp.MustCompile(`(?:use of )?undeclared identifier 'eshost_(type|flat|rejection|command|event)_(\w+)'`)
	cUndefined = regexp.MustCompile(`function '(\w+)' has internal linkage but is not defined`)
	cEvent     = regexp.MustCompile(`ESHOST_EVENT\(\s*(\w+),[^,]*,[^,]*,[^,]*,\s*(\w+)`)
	cCommand   = regexp.MustCompile(`ESHOST_COMMAND\(\s*(\w+),[^,]*,[^,]*,\s*(\w+)`)
)

// cDefinitions say what to do about a name that the SDK's macros have not defined, by what it would be.
var cDefinitions = map[string]string{
	"type": "%[1]s is no type that a payload or a state can have: it is bool, int8_t to uint64_t, double, eshost_str, eshost_bytes, " +
		"or a name that ESHOST_STRUCT, ESHOST_EMPTY, ESHOST_LIST, ESHOST_MAP, ESHOST_ENUM or ESHOST_UNION defined above (a typedef is none of these)",
	"rejection": "there is no rejection %[1]s above: define it with ESHOST_REJECTION(%[1]s, \"code\")",
	"command":   "there is no command %[1]s above: define it with ESHOST_COMMAND(State, %[1]s, ...)",
	"event":     "there is no event %[1]s above: define it with ESHOST_EVENT(State, %[1]s, ...)",
}

// adviseC is what clang said of sources in C, without how the SDK's macros expand, and with what to do about what it means.
func adviseC(output string) string {
	var kept, advice []string
	told := make(map[string]bool)
	for _, part := range diagnostics(output) {
		if expands(part) {
			continue
		}
		if m := cUnknown.FindStringSubmatch(part); m != nil {
			kind := strings.Replace(m[1], "flat", "type", 1)
			if told[kind+m[2]] {
				continue
			}
			told[kind+m[2]] = true
			advice = append(advice, fmt.Sprintf(cDefinitions[kind], m[2]))
		} else if first, _, _ := strings.Cut(part, "\n"); len(told) > 0 && strings.Contains(first, "eshost_") {
			continue // it comes of what is not defined
		}
		if m := cUndefined.FindStringSubmatch(part); m != nil {
			advice = append(advice, m[1]+" is not defined: write "+missingHandler(m[1], part))
		}
		kept = append(kept, part)
	}
	return strings.Join(append(kept, advice...), "\n")
}

// missingHandler is how a function begins that a definition in the SDK's words declares, as far as clang shows it.
func missingHandler(name, shown string) string {
	if m := cEvent.FindStringSubmatch(shown); m != nil {
		return fmt.Sprintf("static void %s(%s *state, const %s *event)", name, m[1], m[2])
	}
	if m := cCommand.FindStringSubmatch(shown); m != nil {
		return fmt.Sprintf("static eshost_effect %s(eshost_context *ctx, const %s *state, const %s *command)", name, m[1], m[2])
	}
	return "the function that is declared there"
}

// diagnostics are what a compiler said, each with the lines of the source that it shows.
func diagnostics(output string) (parts []string) {
	for _, line := range strings.Split(output, "\n") {
		if len(parts) == 0 || cBegins.MatchString(line) {
			parts = append(parts, line)
		} else {
			parts[len(parts)-1] += "\n" + line
		}
	}
	return parts
}

// expands reports whether a diagnostic shows only how macros expand, or that there are more.
func expands(part string) bool {
	first, _, _ := strings.Cut(part, "\n")
	for _, mark := range []string{"note: expanded from", "note: (skipping", "note: in expansion of macro", "too many errors emitted", "note: used here"} {
		if strings.Contains(first, mark) {
			return true
		}
	}
	return false
}
