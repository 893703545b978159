#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a link in a Markdown document leads to no file, or to no
heading of it.

    tests/docs/links.py ROOT
"""

import pathlib
import re
import sys

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
SKIPPED_FOLDERS = {"subprojects", "node_modules"}


def anchors(text):
    """The anchors that a reader's site gives to the headings."""
    found = set()
    for heading in re.findall(r"^#+ +(.*)$", FENCE.sub("", text), re.M):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(plain.strip().replace(" ", "-"))
    return found


def broken(document):
    text = document.read_text(encoding="utf-8")
    for target in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        if not file.exists():
            yield f"{document}: {target}: there is no such file"
        elif anchor and anchor not in anchors(
                file.read_text(encoding="utf-8")):
            yield f"{document}: {target}: there is no such heading"


def documents(root):
    for document in sorted(pathlib.Path(root).rglob("*.md")):
        parts = document.relative_to(root).parts
        if not any(p in SKIPPED_FOLDERS or p.startswith((".", "build"))
                   for p in parts):
            yield document


def main(root):
    found = [line for d in documents(root) for line in broken(d)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
