"""Puts the C of a README together to a program: its blocks in order, between what they leave out.

usage: readme.py README.md > readme_test.c
"""
import re
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    blocks = re.findall(r"```c\n(.*?)```", file.read(), re.S)
print('#include "eshost_test.h"\n')
print("\n".join(blocks))
