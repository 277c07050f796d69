package abitest

// maxDepth is how deep values are made and changed: types may contain
// themselves.
const maxDepth = 6

// payloads makes payloads that the schema takes: one with all fields and an
// element in every list and map, and one with as little as there may be. None,
// if the schema asks for more than its shape tells, such as a pattern.
func (s *schema) payloads() (all [][]byte) {
	if !s.usable() || s.shape.kind == shapeUnknown {
		return nil
	}
	for _, full := range []bool{true, false} {
		v, ok := s.shape.make(full, 0)
		if !ok {
			continue
		}
		payload := canonicalForm.encode(v)
		if s.check(payload) == nil && (len(all) == 0 || string(all[0]) != string(payload)) {
			all = append(all, payload)
		}
	}
	return all
}

// make makes a value.
func (s *shape) make(full bool, depth int) (value, bool) {
	s, _ = s.real()
	if depth > maxDepth {
		return value{}, false
	}
	switch s.kind {
	case shapeBool:
		return boolean(full), true
	case shapeInt:
		return number(1), true
	case shapeFloat:
		return floating(1.5), true
	case shapeString:
		return text("a"), true
	case shapeBytes:
		return binaryOf([]byte{1}), true
	case shapeList:
		v := list()
		for len(v.items) < s.fewest || full && len(v.items) == 0 {
			item, ok := s.elem.make(full, depth+1)
			if !ok || s.fewest > 16 {
				return v, s.fewest == 0
			}
			v.items = append(v.items, item)
		}
		return v, true
	case shapeMap:
		if item, ok := s.elem.make(full, depth+1); ok && full {
			return mapOf(text("a"), item), true
		}
		return mapOf(), true
	case shapeStruct:
		v := mapOf()
		for _, f := range s.fields {
			if !full && !f.required {
				continue
			}
			item, ok := f.shape.make(full, depth+1)
			if ok {
				v = v.and(text(f.name), item)
			} else if f.required {
				return v, false
			}
		}
		return v, true
	case shapeEnum:
		for _, variant := range s.variants {
			if variant.shape == nil {
				return text(variant.name), true
			}
			if item, ok := variant.shape.make(full, depth+1); ok {
				return mapOf(text(variant.name), item), true
			}
		}
	}
	return value{}, false
}
