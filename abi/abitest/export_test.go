package abitest

// Canonical says what of a payload without a schema is not in the canonical
// form.
func Canonical(payload []byte) string { return make(keyOrders).canonical(payload, nil, "") }

// CanonicalBy says it by a JSON Schema.
func CanonicalBy(payload []byte, schema string) string {
	return make(keyOrders).canonical(payload, newSchema(schema).of(), "")
}

// Wrong gives what is refused in place of a payload, by the words for it.
func Wrong(payload []byte, schema string) map[string][]byte {
	all := make(map[string][]byte)
	for _, w := range spoil([][]byte{payload}, newSchema(schema), mostWrong) {
		all[w.what] = w.payload
	}
	return all
}

// Made gives the payloads that are made from a schema.
func Made(schema string) [][]byte { return newSchema(schema).payloads() }

// Rewritten gives the other forms of a payload, by the words for them.
func Rewritten(payload []byte, schema string) map[string][]byte {
	all := make(map[string][]byte)
	for _, r := range rewrite(payload, newSchema(schema).of()) {
		all[r.what] = r.payload
	}
	return all
}
