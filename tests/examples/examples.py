#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Loads every configuration in the folder of examples, as TAP.

    tests/examples/examples.py FAULTWIRE FOLDER

An example is good if `faultwire check` finds neither an error nor a warning,
and says what it is for: it begins with a comment.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile


def make_files(program, folder):
    """The files that examples about TLS name: a certificate and its key
    in the folder, and a local CA where it belongs."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=example",
         "-keyout", "server.key", "-out", "server.pem"],
        cwd=folder, check=True, capture_output=True)
    os.chmod(os.path.join(folder, "server.key"), 0o600)
    os.environ["XDG_DATA_HOME"] = folder
    subprocess.run([program, "ca", "init"], check=True, capture_output=True)


def complaints(program, path, folder):
    result = subprocess.run([program, "check", "-c", path.resolve(),
                             "--json"], cwd=folder,
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
    made = tempfile.TemporaryDirectory(prefix="faultwire-examples-")
    program = os.path.abspath(program)
    make_files(program, made.name)
    for number, path in enumerate(paths, 1):
        found = complaints(program, path, made.name)
        name = path.relative_to(folder)
        print(f"{'not ok' if found else 'ok'} {number} - {name} is good")
        for line in found:
            print(f"# {line}")
    made.cleanup()
    return 0 if paths else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
