#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a cluster of examples/cluster and tells every check as TAP.

    tests/clusters/clusters.py FAULTWIRE CLUSTER [SCENE ...]

Skipped, with the reason, where a package or a permission is missing."""

import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
RUN = os.path.join(ROOT, "examples", "cluster", "run")
SKIPPED = 77


def tell(report):
    """A line for each check, and one that the whole came to its end."""
    lines = []
    for scene in report["scenes"]:
        figures = "; ".join(f"{what}: {seconds} s" for what, seconds in
                            scene["figures"].items())
        for check in scene["checks"]:
            word = "ok" if check["ok"] else "not ok"
            lines.append((word, f"{scene['scene']}: {check['check']}"))
        if figures:
            lines.append(("#", figures))
    word = "not ok" if report["error"] else "ok"
    lines.append((word, "every scene runs to its end"))
    if report["error"]:
        lines.append(("#", report["error"].replace("\n", " ")))
    return lines


def main(program, cluster, *scenes):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "report")
        done = subprocess.run(
            [sys.executable, "-B", RUN, "--faultwire", program, "--report",
             path, cluster, *scenes], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False, env={**os.environ,
                              "ASAN_OPTIONS": "detect_leaks=1:exitcode=99"})
        if done.returncode == SKIPPED:
            reason = done.stdout.strip().splitlines()[-1]
            reason = reason.removeprefix("skipped: ")
            print(f"ok 1 - {cluster} # SKIP {reason}\n1..1")
            return 0
        try:
            with open(path, encoding="utf-8") as f:
                report = json.load(f)
        except OSError:
            report = {"scenes": [], "error": "there is no report"}
    number = 0
    for word, text in tell(report):
        if word == "#":
            print(f"# {text}")
            continue
        number += 1
        print(f"{word} {number} - {text.replace('#', '')}")
    if done.returncode:
        print("\n".join(f"# {line}" for line in done.stdout.splitlines()))
    print(f"1..{number}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
