package wire

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The media types of bodies and answers.
const (
	MediaJSON    = "application/json"
	MediaMsgpack = "application/msgpack"
	MediaNDJSON  = "application/x-ndjson"
	MediaEvents  = "text/event-stream"
	MediaProblem = "application/problem+json"
)

// The names under which each is known.
var (
	NamesOfJSON    = []string{MediaJSON}
	NamesOfMsgpack = []string{MediaMsgpack, "application/vnd.msgpack"}
	NamesOfNDJSON  = []string{MediaNDJSON, "application/ndjson", "application/jsonl", MediaJSON}
)

// BodyType returns which of the groups of names the body's media type is in,
// or -1 if there is neither a type nor a body. A type that is not known is a
// problem even where there is no body.
func BodyType(h http.Header, empty bool, groups ...[]string) (int, *Problem) {
	if c := h.Get("Content-Encoding"); c != "" && !strings.EqualFold(c, "identity") {
		return 0, &Problem{Kind: UnsupportedMedia, Detail: fmt.Sprintf("Content-Encoding %.40q: send the body as it is", c)}
	}
	given := h.Values("Content-Type")
	if len(given) == 0 && empty {
		return -1, nil
	}
	if len(given) == 1 {
		name, params, err := mime.ParseMediaType(given[0])
		charset, named := params["charset"]
		if err == nil && (!named || strings.EqualFold(charset, "utf-8")) {
			for i, names := range groups {
				for _, n := range names {
					if n == name {
						return i, nil
					}
				}
			}
		}
	}
	var first []string
	for _, names := range groups {
		first = append(first, names[0])
	}
	return 0, &Problem{Kind: UnsupportedMedia,
		Detail: fmt.Sprintf("Content-Type %.80q: want %s", strings.Join(given, ", "), strings.Join(first, " or "))}
}

// Acceptable chooses one of the offers, each a list of names of one media type,
// by the request's Accept headers; the first of those that are wanted equally.
func Acceptable(h http.Header, offers ...[]string) (int, *Problem) {
	accept := h.Values("Accept")
	if len(accept) == 0 {
		return 0, nil
	}
	if len(accept) == 1 && (accept[0] == "*/*" || accept[0] == offers[0][0]) {
		return 0, nil
	}
	best, bestQ := -1, 0.0
	for i, names := range offers {
		if q := quality(accept, names); q > bestQ {
			best, bestQ = i, q
		}
	}
	if best >= 0 {
		return best, nil
	}
	var first []string
	for _, names := range offers {
		first = append(first, names[0])
	}
	return 0, &Problem{Kind: NotAcceptable,
		Detail: fmt.Sprintf("Accept %.80q: there is %s", strings.Join(accept, ", "), strings.Join(first, ", "))}
}

// quality is how much a media type is wanted, by the most exact range that
// covers it. What cannot be parsed wants nothing.
func quality(accept []string, names []string) float64 {
	q, exactness := 0.0, 0
	for _, header := range accept {
		for element := range strings.SplitSeq(header, ",") {
			name, params, err := mime.ParseMediaType(strings.TrimSpace(element))
			if err != nil {
				continue
			}
			e := covers(name, names)
			if e == 0 || e < exactness {
				continue
			}
			v := 1.0
			if text, ok := params["q"]; ok {
				if v, err = strconv.ParseFloat(text, 64); err != nil || !(v >= 0 && v <= 1) {
					continue
				}
			}
			if e > exactness {
				q, exactness = v, e
			} else {
				q = max(q, v)
			}
		}
	}
	return q
}

// covers returns how exactly a range covers a media type; 0: not at all.
func covers(name string, names []string) int {
	if name == "*/*" {
		return 1
	}
	for _, n := range names {
		family, _, _ := strings.Cut(n, "/")
		switch name {
		case n:
			return 3
		case family + "/*":
			return 2
		}
	}
	return 0
}
