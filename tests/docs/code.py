#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles the C that a document shows against the headers of the tree.

    tests/docs/code.py ROOT DOCUMENT COMPILER…
"""

import pathlib
import re
import subprocess
import sys

FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
         "-Wno-missing-field-initializers", "-Wno-unused-parameter",
         "-fsyntax-only", "-x", "c", "-"]
CODE = re.compile(r"^```c\n(.*?)^```", re.M | re.S)


def main(root, document, *compiler):
    blocks = CODE.findall(pathlib.Path(document).read_text(encoding="utf-8"))
    bad = 0
    for number, code in enumerate(blocks, 1):
        result = subprocess.run(
            [*compiler, "-I", root, *FLAGS], input=code, text=True,
            check=False, capture_output=True)
        if result.returncode != 0:
            bad += 1
            print(f"{document}: block {number}:\n{result.stderr}")
    print(f"{len(blocks)} blocks, {bad} bad")
    return 1 if bad or not blocks else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
