package eshost

import "github.com/eshost/eshost/guest-sdk/go/internal/codec"

// describe makes the manifest.
func describe(types []AnyType) []byte {
	dst := codec.AppendMapHeader(nil, 3)
	dst = append(codec.AppendString(dst, "abi"), 0x92, 1, 0)
	dst = codec.AppendString(codec.AppendString(dst, "sdk"), SDK)
	dst = codec.AppendArrayHeader(codec.AppendString(dst, "types"), len(types))
	for _, t := range types {
		dst = t.describe(dst)
	}
	return dst
}

func (t *Type[S]) describe(dst []byte) []byte {
	dst = codec.AppendMapHeader(dst, 4)
	dst = codec.AppendString(codec.AppendString(dst, "type"), t.name)
	dst = codec.AppendString(codec.AppendString(dst, "state_schema"), t.stateSchema())
	dst = codec.AppendArrayHeader(codec.AppendString(dst, "commands"), len(t.commands))
	for _, c := range t.commands {
		dst = c.specification().describe(dst)
	}
	dst = codec.AppendArrayHeader(codec.AppendString(dst, "events"), len(t.events))
	for _, e := range t.events {
		dst = e.specification().describe(dst)
	}
	return dst
}

func (c *commandSpec) describe(dst []byte) []byte {
	n, replies := 2, !c.reply.None()
	for _, present := range []bool{replies, c.rejections != nil, c.examples != nil} {
		if present {
			n++
		}
	}
	dst = codec.AppendMapHeader(dst, n)
	dst = codec.AppendString(codec.AppendString(dst, "name"), c.name)
	dst = codec.AppendString(codec.AppendString(dst, "schema"), c.plan.Schema())
	if replies {
		dst = codec.AppendString(codec.AppendString(dst, "reply"), c.reply.Schema())
	}
	if c.rejections != nil {
		dst = codec.AppendArrayHeader(codec.AppendString(dst, "rejections"), len(c.rejections))
		for _, r := range c.rejections {
			dst = codec.AppendString(dst, r.code)
		}
	}
	if c.examples != nil {
		dst = codec.AppendArrayHeader(codec.AppendString(dst, "examples"), len(c.examples))
		for _, example := range c.examples {
			dst = codec.AppendBin(dst, example)
		}
	}
	return dst
}

func (e *eventSpec) describe(dst []byte) []byte {
	dst = codec.AppendMapHeader(dst, 3)
	dst = codec.AppendString(codec.AppendString(dst, "name"), e.name)
	dst = codec.AppendUint(codec.AppendString(dst, "version"), uint64(e.version))
	return codec.AppendString(codec.AppendString(dst, "schema"), e.plan.Schema())
}
