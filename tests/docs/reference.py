#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when the committed reference pages are not those that the tables
give.

    tests/docs/reference.py GENERATE FOLDER
"""

import difflib
import pathlib
import subprocess
import sys
import tempfile


def pages(folder):
    return {p.name: p.read_text(encoding="utf-8").splitlines(keepends=True)
            for p in pathlib.Path(folder).glob("*.md")}


def main(generate, folder):
    with tempfile.TemporaryDirectory() as fresh:
        subprocess.run([generate, "pages", fresh], check=True)
        wanted = pages(fresh)
    found = pages(folder)
    stale = False
    for name in sorted(wanted.keys() | found.keys()):
        diff = list(difflib.unified_diff(
            found.get(name, []), wanted.get(name, []),
            f"docs/reference/{name}", "from the tables"))
        sys.stdout.writelines(diff)
        stale = stale or bool(diff)
    if not wanted:
        print("no pages were made")
    if stale:
        print("\nThe tables have changed: run docs/update BUILD and commit "
              "docs/reference.")
    return 1 if stale or not wanted else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
