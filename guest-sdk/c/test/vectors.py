"""Turns abi/testdata/vectors.json into a C header: its types by the SDK's macros, its values as initializers.

usage: vectors.py VECTORS.json > vectors.h
"""
import base64
import json
import struct
import sys

SCALARS = {
    "u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t",
    "i8": "int8_t", "i16": "int16_t", "i32": "int32_t", "i64": "int64_t",
    "f64": "double", "bool": "bool", "str": "eshost_str", "bytes": "eshost_bytes",
}

types = {}  # the JSON of a type: its C name
out = []


def c_bytes(data):
    return '(const uint8_t *)"%s"' % "".join("\\%03o" % b for b in data)


def c_text(data):
    return '"%s"' % "".join("\\%03o" % b for b in data)


def declared(t):
    """Gives the C name of a type, and declares it if it is new."""
    if isinstance(t, str):
        return SCALARS[t]
    key = json.dumps(t)
    if key in types:
        return types[key]
    (kind, content), = t.items()
    if kind == "struct":
        fields = []
        for name, of in content:
            optional = isinstance(of, str) and of.endswith("?") or isinstance(of, dict) and "optional" in of
            fields.append("%s(%s, f_%s, %s)" % ("optional_as" if optional else "field_as", declared(inner(of)), name, json.dumps(name)))
        name = "Struct%d" % len(types)
        out.append("ESHOST_STRUCT(%s, %s);" % (name, ", ".join(fields)) if fields else "ESHOST_EMPTY(%s);" % name)
    elif kind in ("list", "map"):
        of = declared(content)
        name = "%s%d" % (kind.capitalize(), len(types))
        out.append("ESHOST_%s(%s, %s);" % (kind.upper(), name, of))
    else:
        of = [(v, c and declared(c)) for v, c in content]
        name = "Union%d" % len(types)
        out.append("ESHOST_UNION(%s, %s);" % (name, ", ".join(
            'content(%s_%s, "%s", %s, v_%s)' % (name, v, v, c, v) if c else 'variant(%s_%s, "%s")' % (name, v, v) for v, c in of)))
    types[key] = name
    return name


def inner(t):
    if isinstance(t, str):
        return t.rstrip("?")
    return t.get("optional", t)


def integer(v):
    return int(v["$int"]) if isinstance(v, dict) else int(v)


def initializer(t, v):
    """Gives the C initializer of a value; what it points to is declared before it."""
    if t == "str":
        data = v.encode()
        return "{%s, %d}" % (c_text(data), len(data))
    if t == "bytes":
        data = base64.b64decode(v["$bin"])
        return "{%s, %d}" % (c_bytes(data), len(data))
    if t == "bool":
        return "true" if v else "false"
    if t == "f64":
        if isinstance(v, dict):
            return {"nan": "__builtin_nan(\"\")", "inf": "__builtin_inf()", "-inf": "-__builtin_inf()"}[v["$float"]]
        return float(v).hex()
    if isinstance(t, str):
        n = integer(v)
        if t[0] == "u":
            return "UINT64_C(%d)" % n
        return "INT64_MIN" if n == -2**63 else "INT64_C(%d)" % n
    (kind, content), = t.items()
    name = declared(t)
    if kind == "struct":
        parts = [".f_%s = %s, .has_f_%s = true" % (n, initializer(inner(of), v[n]), n)
                 if inner(of) != of else ".f_%s = %s" % (n, initializer(of, v[n]))
                 for n, of in content if n in v]
        return "{%s}" % (", ".join(parts) or "0")
    if kind == "list":
        items = [initializer(content, x) for x in v]
        return "{%s, %d}" % (array(declared(content), items), len(items))
    if kind == "map":
        entries = ["{%s, %s}" % (initializer("str", k), initializer(content, x)) for k, x in v.items()]
        return "{%s, %d}" % (array(name + "_entry", entries), len(entries))
    variant = v if isinstance(v, str) else next(iter(v))
    if isinstance(v, str):
        return "{.tag = %s_%s}" % (name, variant)
    of = dict((n, c) for n, c in content)[variant]
    return "{.tag = %s_%s, .as = {.v_%s = %s}}" % (name, variant, variant, initializer(of, v[variant]))


arrays = 0


def array(of, items):
    global arrays
    if not items:
        return "NULL"
    arrays += 1
    out.append("ESHOST_UNUSED_ static const %s array%d[] = {%s};" % (of, arrays, ", ".join(items)))
    return "array%d" % arrays


def span(data):
    return "{%s, %d}" % (c_bytes(data), len(data))


def payload(text):
    return "{NULL, 0}" if text is None else span(bytes.fromhex(text))


def main(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    cases = []
    for section in ("payloads", "strict_decoding", "no_payload"):
        for case in vectors[section]:
            t = case["type"]
            if t == "f32":  # the SDK has no floats of 32 bits
                continue
            name = declared(t)
            value = "NULL"
            if "value" in case:
                init = initializer(t, case["value"])
                out.append("ESHOST_UNUSED_ static const %s value%d = %s;" % (name, len(cases), init))
                value = "&value%d" % len(cases)
            also = [span(bytes.fromhex(b)) for b in case.get("also", [])]
            also = array("eshost_bytes", also), len(also)
            cases.append("{SECTION_%s, %s, &eshost_type_%s, %s, %s, %s, %d}" % (
                section.upper(), json.dumps(case["name"]), name, value,
                payload(case.get("bytes")) if section != "no_payload" else "{NULL, 0}", *also))
    out.append("ESHOST_UNUSED_ static const payload_case payload_cases[] = {\n\t%s};" % ",\n\t".join(cases))

    cases = []
    for section in ("command_requests", "event_requests"):
        for case in vectors[section]:
            m = case["message"]
            items = m.get("commands", m.get("events"))
            items = array("item", ["{%s, %d, %s}" % (json.dumps(i["name"]), i.get("version", 0), payload(i["payload"])) for i in items]), len(items)
            forms = [span(bytes.fromhex(b)) for b in case["encodings"]]
            cases.append("{%s, %s, %s, %s, UINT64_C(%d), %s, INT64_C(%d), %s, %d, %s, %d}" % (
                "true" if section == "command_requests" else "false", json.dumps(case["name"]), json.dumps(m["type"]),
                initializer("str", m["id"]), integer(m["seq"]), payload(m["state"]), m.get("now", 0), *items,
                array("eshost_bytes", forms), len(forms)))
    out.append("ESHOST_UNUSED_ static const request_case request_cases[] = {\n\t%s};" % ",\n\t".join(cases))

    cases = []
    for case in vectors["command_answers"]:
        m = case["message"]
        outcomes = []
        for o in m.get("outcomes", []):
            (tag, of), = o.items()
            if tag == "accepted":
                events = ["{%s, %dU, %s}" % (json.dumps(e["name"]), e["version"], payload(e["payload"])) for e in of["events"]]
                outcomes.append("{0, 0, NULL, %s, %s, %d}" % (payload(of["reply"]), array("item", events), len(events)))
            elif tag == "rejected":
                outcomes.append("{1, 0, %s, %s, NULL, 0}" % (json.dumps(of["code"]), payload(of["payload"])))
            else:
                outcomes.append("{2, %d, %s, {NULL, 0}, NULL, 0}" % (of["kind"], json.dumps(of["message"])))
        refused = m.get("refused", {"kind": 0, "message": ""})
        cases.append("{%s, %d, %s, %s, %d, %s, %s}" % (
            json.dumps(case["name"]), refused["kind"], json.dumps(refused["message"]),
            array("outcome", outcomes), len(outcomes), payload(m.get("state")), span(bytes.fromhex(case["encodings"][0]))))
    out.append("ESHOST_UNUSED_ static const answer_case answer_cases[] = {\n\t%s};" % ",\n\t".join(cases))

    cases = []
    for case in vectors["event_answers"]:
        m = case["message"]
        refused = m.get("refused", {"kind": 0, "index": 0, "message": ""})
        cases.append("{%s, %d, %d, %s, %s, %s}" % (
            json.dumps(case["name"]), refused["kind"], refused["index"], json.dumps(refused["message"]),
            payload(m.get("state")), span(bytes.fromhex(case["encodings"][0]))))
    out.append("ESHOST_UNUSED_ static const fold_case fold_cases[] = {\n\t%s};" % ",\n\t".join(cases))

    for name, sections in (("payloads", ("malformed_payloads",)), ("requests", ("malformed_command_requests", "malformed_event_requests"))):
        malformed = [span(bytes.fromhex(c["bytes"])) for s in sections for c in vectors[s]]
        out.append("ESHOST_UNUSED_ static const eshost_bytes malformed_%s[] = {\n\t%s};" % (name, ",\n\t".join(malformed)))
    print("\n".join(out))


main(sys.argv[1])
