"""Compiles definitions that must not compile, and checks that the compiler says why in the SDK's words.

usage: refused.py CC INCLUDE
"""
import os
import subprocess
import sys

CASES = {
    "a command without a reply": (
        'ESHOST_COMMAND(A, go, "go", A, examples({1}));', "a command says once what it is answered with"),
    "a command with two replies": (
        'ESHOST_COMMAND(A, go, "go", A, no_reply, state_reply);', "a command says once what it is answered with"),
    "a struct of 65 fields": (
        "ESHOST_STRUCT(B, %s);" % ", ".join("field(bool, f%d)" % i for i in range(65)), "more than 64 fields"),
    "a version 0": (
        'ESHOST_EVENT(A, done, "done", 0, A);', "the versions of an event begin at 1"),
}


def main(compiler, include):
    for name, (definition, want) in CASES.items():
        source = '#include "eshost.h"\nESHOST_STRUCT(A, field(uint64_t, by));\n%s\n' % definition
        result = subprocess.run([compiler, "-std=c11", "-fsyntax-only", "-I" + include, "-xc", "-"], input=source,
                                capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"))
        assert result.returncode != 0, "%s: it compiles" % name
        assert want in result.stderr, "%s: the compiler says: %s" % (name, result.stderr)
    print("%d definitions refused" % len(CASES))


main(*sys.argv[1:])
