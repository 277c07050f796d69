package api

import (
	"net/url"
	"strings"
)

// maxSegments is one more than the longest path of the API has.
const maxSegments = 8

// segments splits a path, as it stands in the request, at its slashes and
// undoes the percent encoding of each piece. Nothing is cleaned: a piece may
// come out empty, as "." or "..", or with slashes in it, because ids may. A
// path of more pieces than any of the API gives maxSegments of them.
func segments(path string) ([]string, error) {
	path = strings.TrimPrefix(path, "/")
	parts := make([]string, 0, maxSegments)
	for more := true; more && len(parts) < maxSegments; {
		var part string
		part, path, more = strings.Cut(path, "/")
		part, err := url.PathUnescape(part)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// rawPath is the path as the client sent it. (URL.EscapedPath is not, where
// the client left characters unescaped that should have been.)
func rawPath(u *url.URL) string {
	if u.RawPath != "" {
		return u.RawPath
	}
	return u.EscapedPath()
}
