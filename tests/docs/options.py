#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether what `--help` names of each command and option is in the manual page
and in completion, and the other way round.

    tests/docs/options.py PROGRAM PAGE
"""

import concurrent.futures
import pathlib
import re
import subprocess
import sys

# Toxiproxy's own lines are told in pages of their own.
OTHERS = ("toxiproxy-cli", "toxiproxy-server")
OPTION = re.compile(r"^ {2}(?:-\w, | {4})(--[a-z-]+)", re.M)
COMMAND = re.compile(r"^ {2}([a-z-]+) ", re.M)
# `.Fl q , \-quiet` and `.Fl \-set`; a command that the page tells of.
IN_PAGE = re.compile(r"[ ,]\\-([a-z][a-z-]+)")
GLOBAL = {"--help", "--version"}


def said(program, *words):
    return subprocess.run([program, *words], text=True, check=True,
                          capture_output=True).stdout


def part(text, title):
    """The lines below that title; none if it is missing."""
    found = re.search(rf"^{title}:\n(.*?)(?:\n\n|\Z)", text, re.M | re.S)
    return found.group(1) + "\n" if found else ""


class Commands:
    """Every command of the program: its words, verbs and options."""

    def __init__(self, program):
        self.program, self.found = program, {}
        self.take(())

    def take(self, words):
        text = said(self.program, *words, "--help")
        verbs = [v for v in COMMAND.findall(part(text, "Commands"))
                 if v not in OTHERS]
        self.found[words] = verbs, set(OPTION.findall(part(text, "Options")))
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda v: self.take(words + (v,)), verbs))

    def completed(self, words, begun):
        lines = said(self.program, "__complete", *words, begun).splitlines()
        return {line.split("\t")[0] for line in lines}


def findings(commands, page):
    named = {"--" + name for name in IN_PAGE.findall(page)}
    known = GLOBAL.union(*(o for _, o in commands.found.values()))
    yield from (f"{o}: in the manual, but no command's" for o in named - known)
    for words, (verbs, options) in commands.found.items():
        name = " ".join(words)
        yield from (f"{name} {o}: not in the manual" for o in options - named)
        yield from (f"{name} {o}: not completed" for o in
                    options - commands.completed(words, "--"))
        yield from (f"{name} {v}: not completed" for v in
                    set(verbs) - commands.completed(words, ""))
        yield from (f"{name} {v}: not in the manual" for v in verbs
                    if not re.search(rf"\b{v}\b", page))


def main(program, page):
    commands = Commands(program)
    lines = list(findings(commands, pathlib.Path(page).read_text("utf-8")))
    print("\n".join(lines))
    print(f"{len(commands.found)} commands, {len(lines)} findings")
    return 1 if lines or len(commands.found) < 30 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
