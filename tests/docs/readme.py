#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Types what README.md says under "One minute to the first fault", in a network
of its own, and compares what is answered; skipped where there is none to be
had. Then counts what README.md and NEWS.md count, and looks for the version.

    tests/docs/readme.py PROGRAM ROOT
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
NETWORK = ["unshare", "--map-root-user", "--net"]
BLOCK = re.compile(r"^```\n(.*?)^```", re.M | re.S)
PORT = re.compile(r"http\.server (\d+)|--listen \S*:(\d+)")
# What the text between the blocks tells to do, in front of which block.
BETWEEN = (
    ("routes = (", "Stop it (`kill %2`)", "kill %2; wait %2"),
    ("faultwire.conf:4:", "set `300ms` to `30ms` and `enabled` to `true`",
     r"sed -i 's/300ms/30ms/; s/enabled = false/enabled = true/' "
     r"faultwire.conf; seen 'configuration reloaded'; for n in 1 2 3; do "
     r"curl -so /dev/null -w 'now %{http_code}\n' http://127.0.0.1:18080/; "
     r"done"),
    ("faultwire.conf:4:", "say `latncy`",
     "sed -i 's/latency = /latncy = /' faultwire.conf; "
     "seen 'nothing has changed'"),
)
BEGIN = r"""set -m
exec >session 2>&1
until_() { for n in {1..300}; do "$@" && return; sleep 0.1; done; }
up() { (: <>/dev/tcp/127.0.0.1/$1) 2>/dev/null; }
seen() { until_ grep -q "$1" session; }
ip link set lo up
"""
END = "\nkill $(jobs -p)\nwait\n"


def typed(line):
    """A command of a block, and that it is awaited."""
    line = line.removeprefix("$ ")
    if line.endswith("&"):
        port = next(filter(None, (PORT.search(line) or
                                  re.match("()(18080)", "18080")).groups()))
        return f"{line}\nuntil_ up {port}"
    command, _, _ = line.partition("  #")
    return command.rstrip() + (" --once" if command.rstrip().endswith("top")
                               else "")


def script(section):
    """The lines to type, and what must be answered."""
    lines, expected, text = [], [], section
    for block in BLOCK.findall(section):
        for start, words, action in BETWEEN:
            if block.startswith(start):
                assert words in text, f"{words}: not in README.md any more"
                lines.append(action)
        if block.startswith("routes = ("):
            lines.append(f"cat >faultwire.conf <<'END'\n{block}END")
            continue
        shown = "$ " in block
        for line in block.splitlines():
            if line.startswith("faultwire.conf:") or (
                    shown and not line.startswith("$ ") and
                    not line.endswith("&")):
                expected.append(line)
            elif line:
                lines.append(typed(line))
    return BEGIN + "\n".join(lines) + END, [e for e in expected if e]


def problems(expected, got):
    """Times vary, but a delay is not shorter than half of what is shown."""
    for line in expected:
        pattern = re.sub(r"\d+\\\.\d+", r"(\\d+\\.\\d+)", re.escape(line))
        found = re.search(pattern, got.replace('\\"', '"'))
        if not found:
            yield f"not answered: {line}"
        elif found.groups():
            said = float(re.search(r"\d+\.\d+", line).group())
            if said >= 0.1 and not any(
                    float(f) >= said / 2 for f in re.findall(pattern, got)):
                yield f"too early: {line}"
    answers = re.findall(r"^now (\d+)", got, re.M)
    if sorted(answers) != ["200", "200", "503"]:
        yield f"every third one is 503: {answers}"
    if "command not found" in got or "Usage:" in got:
        yield "a command is none"


def counted(program, root):
    """Numbers and lists that change with the program."""
    kinds = re.findall(r"^([a-z_]+)  ", subprocess.run(
        [program, "faults"], text=True, check=True,
        capture_output=True).stdout, re.M)
    for name in ("README.md", "NEWS.md"):
        text = (root / name).read_text("utf-8")
        if not re.search(rf"\b{len(kinds)} (\[?fault kinds)", text):
            yield f"{name}: there are {len(kinds)} fault kinds"
    yield from (f"NEWS.md: no `{k}`" for k in kinds if f"`{k}`" not in text)
    version = subprocess.run([program, "--version"], text=True, check=True,
                             capture_output=True).stdout.split()[1]
    if f"\n## {version}" not in text:
        yield f"NEWS.md: nothing about {version}"


def main(program, root):
    program, root = os.path.abspath(program), pathlib.Path(root)
    found = list(counted(program, root))
    readme = (root / "README.md").read_text("utf-8")
    section = readme.split("## One minute to the first fault\n")[1]
    text, expected = script(section.split("\n## ")[0])
    if not shutil.which("curl") or subprocess.run(
            [*NETWORK, "true"], check=False, capture_output=True).returncode:
        print("no network of its own, or no curl")
        return 1 if found else SKIPPED
    with tempfile.TemporaryDirectory(prefix="faultwire-readme-") as folder:
        os.mkdir(folder + "/build")
        os.symlink(program, folder + "/build/faultwire")
        subprocess.run([*NETWORK, "bash", "-c", text], cwd=folder, check=False,
                       timeout=120)
        got = pathlib.Path(folder, "session").read_text("utf-8")
    found += problems(expected, got)
    print("\n".join(found + [got] if found else [f"{len(expected)} answers"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
