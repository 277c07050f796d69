package abitest

import "bytes"

// shown counts which state a part of a command's replies repeats, where an
// event changed that part of the state.
type shown struct {
	before, after, neither int
	values                 map[string]bool // of before
	finding                Finding         // of the first that repeats the state before
}

// shows looks for what the reply repeats of the state: the whole of it, or a
// field of the same name.
func (k *kit) shows(s *subject, c *command, at *place, d *decision) {
	before, reply := at.state, d.outcome().Reply
	if before == nil {
		before = s.initial
	}
	if before == nil || reply == nil || d.answer.State == nil {
		return
	}
	old, now, said := parse(before), parse(d.answer.State), parse(reply)
	c.show("the reply", said, old, now, d)
	if said.kind != kindMap || old.kind != kindMap || now.kind != kindMap {
		return
	}
	for i, key := range said.keys {
		name := string(key.text)
		if a, b := old.key(name), now.key(name); a >= 0 && b >= 0 {
			c.show("field \""+name+"\" of the reply", said.items[i], old.items[a], now.items[b], d)
		}
	}
}

func (c *command) show(part string, said, old, now value, d *decision) {
	b, before, after := canonicalForm.encode(said), canonicalForm.encode(old), canonicalForm.encode(now)
	if bytes.Equal(before, after) {
		return
	}
	at := c.shown[part]
	if at == nil {
		at = &shown{values: make(map[string]bool)}
		c.shown[part] = at
	}
	switch {
	case bytes.Equal(b, after):
		at.after++
	case !bytes.Equal(b, before):
		at.neither++
	default:
		if at.before++; at.before == 1 {
			at.finding = d.finding("%s shows the state before the command's own events, each time that they change it", part)
			at.finding.Command = c.spec.Name
			at.finding.Want = show(after)
		}
		at.values[string(before)] = true
	}
}

// replies checks that what a reply repeats of the state is the state after the
// command. That something shows the state before it must be seen twice, of
// different states, and nothing else beside: the same could be said by chance.
func (k *kit) replies() {
	for _, s := range k.subjects {
		for _, c := range s.commands {
			for _, at := range c.shown {
				switch {
				case at.after > 0:
					k.held(lawReply)
				case at.neither == 0 && len(at.values) > 1:
					f := at.finding
					f.Do = "fold the command's events first, and then make the reply"
					k.fail(lawReply, f)
				}
			}
		}
	}
}
