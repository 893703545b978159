#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lints manual pages with mandoc; skipped where that is missing.

    tests/docs/man.py FILE…
"""

import shutil
import subprocess
import sys

SKIPPED = 77
# What only holds once the pages are installed, is a matter of taste, or counts
# the bytes of a character.
ALLOWED = ("referenced manual not found", "function name without markup",
           "outdated mandoc.db", "longer than 80 bytes")


def findings(path):
    result = subprocess.run(
        ["mandoc", "-Tlint", "-Wall", path], text=True, check=False,
        capture_output=True)
    lines = (result.stdout + result.stderr).splitlines()
    return [line for line in lines
            if not any(part in line for part in ALLOWED)]


def main(paths):
    if shutil.which("mandoc") is None:
        print("mandoc is missing")
        return SKIPPED
    lines = [line for path in paths for line in findings(path)]
    print("\n".join(lines))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
