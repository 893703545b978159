#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Loads every configuration in the folder of examples, as TAP.

    tests/examples/examples.py FAULTWIRE FOLDER

An example is good if `faultwire check` finds neither an error nor a warning,
and says what it is for: it begins with a comment.
"""

import json
import pathlib
import subprocess
import sys


def complaints(program, path):
    result = subprocess.run([program, "check", "-c", path, "--json"],
                            text=True, check=False, capture_output=True)
    try:
        report = json.loads(result.stdout)
    except json.JSONDecodeError:
        return [f"exit {result.returncode}: {result.stderr.strip()}"]
    found = [f"{m['where']}: {m['message']}" for m in report["messages"]]
    if result.returncode != 0 and not found:
        found.append(f"exit {result.returncode} without a word")
    if not path.read_text(encoding="utf-8").startswith("# "):
        found.append("it does not begin with a comment")
    return found


def main(program, folder):
    paths = sorted(pathlib.Path(folder).rglob("*.conf"))
    print(f"1..{len(paths)}")
    for number, path in enumerate(paths, 1):
        found = complaints(program, path)
        name = path.relative_to(folder)
        print(f"{'not ok' if found else 'ok'} {number} - {name} is good")
        for line in found:
            print(f"# {line}")
    return 0 if paths else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
