#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the house style and fails where it is not kept.

    tests/lint/lint.py [ROOT]

Prints `file:line: what` for each finding; exits 1 if there are any. What it
measures, and the few exceptions, are the tables below.
"""

import os
import re
import sys

FILE_LINES = 500
FUNCTION_LINES = 60
FLAT_LINES = 100  # a flat switch or table whose comment says "flat"
ARGUMENTS = 5
COLUMNS = 80

# A folder may include itself and these.
BELOW = {
    "base": set(),
    "observe": {"base"},
    "config": {"base"},
    "faults": {"base", "config", "observe"},
    "proxy": {"base", "config", "observe", "faults"},
    "experiment": {"base", "config", "observe"},
    "client": {"base", "config"},
    "telemetry": {"base", "config", "observe", "client"},
    "control": {"base", "config", "observe", "faults", "proxy",
                "experiment", "telemetry"},
    "load": {"base", "config", "experiment"},
    "report": {"base", "config", "experiment"},
    "runner": {"base", "observe", "config", "experiment", "client", "load", "report"},
    "cli": {"base", "config", "observe", "faults", "proxy", "experiment",
            "client", "telemetry", "control", "report", "runner"},
}
C_SPDX = "/* SPDX-License-Identifier: Apache-2.0 */"
SCRIPT_SPDX = "# SPDX-License-Identifier: Apache-2.0"

SKIPPED = {".git", "__pycache__", "node_modules", "subprojects",
           "corpus"}
# Texts that contain what they forbid.
SELF = {"tests/lint/lint.py", "tests/lint/test_lint.py"}
# Functions that may have more arguments. Do not add to these.
MANY_ARGUMENTS = {"acceptor_post_plan", "bucket_reserve", "check_service",
                  "flow_init",
                  "on_alpn"}  # the last one as OpenSSL calls it

# What a library calls back with, or what stands in for one of its functions, is
# not ours to choose.
CALLBACKS = {"on_data_chunk", "on_data_wanted", "on_header_field", "splice"}

LEFT_OVER = re.compile(r"\b(TODO|FIXME|XXX)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root|Users|home/\w+)/")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
# `name(…)` at the beginning of a line: a definition, as the return type
# stands on its own line; or a prototype that ends with a semicolon.
SIGNATURE = re.compile(r"^(?:[A-Za-z_][\w \t*]*?[ \t*])?(\w+)\(", re.M)


def columns(line):
    width = 0
    for c in line:
        width = (width // 8 + 1) * 8 if c == "\t" else width + 1
    return width


def without_comments(text):
    """The text with comments and literals blanked, lines kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
                  r"|'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


def count_arguments(code, start):
    """Arguments in the parentheses that open before `start`, or None."""
    depth, commas = 1, 0
    for i in range(start, min(len(code), start + 2000)):
        c = code[i]
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                inside = code[start:i].strip()
                return 0 if inside in ("", "void") else commas + 1
        elif c == "," and depth == 1:
            commas += 1
        elif c == ";":
            return None
    return None


class Lint:
    def __init__(self, root):
        self.root = root
        self.findings = []

    def say(self, path, line, what):
        self.findings.append(f"{path}:{line}: {what}")

    # --- every text file ---------------------------------------------------

    def check_text(self, path, lines):
        for number, line in enumerate(lines, 1):
            if line != line.rstrip():
                self.say(path, number, "blanks at the end of the line")
            if path in SELF:
                continue
            if LEFT_OVER.search(line):
                self.say(path, number, "left over: do it or delete it")
            if MACHINE_PATH.search(line):
                self.say(path, number, "a path of one machine")

    def check_script(self, path, lines):
        if SCRIPT_SPDX not in lines[:2]:
            self.say(path, 1, f"expected {SCRIPT_SPDX}")
        self.check_length(path, lines)

    def check_length(self, path, lines):
        if len(lines) > FILE_LINES:
            self.say(path, len(lines),
                     f"{len(lines)} lines, at most {FILE_LINES}")

    # --- C -----------------------------------------------------------------

    def check_c(self, path, text, lines):
        self.check_length(path, lines)
        if not lines or lines[0] != C_SPDX:
            self.say(path, 1, f"expected {C_SPDX}")
        if len(lines) < 2 or not lines[1].startswith("/* "):
            self.say(path, 2, "expected a comment: what this is for")
        for number, line in enumerate(lines, 1):
            if columns(line) > COLUMNS:
                self.say(path, number,
                         f"{columns(line)} columns, at most {COLUMNS}")
        self.check_includes(path, lines)
        self.check_functions(path, lines)
        self.check_arguments(path, without_comments(text))
        if path.endswith(".h"):
            self.check_guard(path, text)

    def check_guard(self, path, text):
        guard = re.sub(r"\W", "_", path).upper()
        guards = {guard, guard.removeprefix("TESTS_")}
        if not any(f"#ifndef {g}\n#define {g}\n" in text for g in guards):
            self.say(path, 1, f"expected the guard {guard}")

    def check_includes(self, path, lines):
        seen = []
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            name = match.group(1)
            seen.append(name)
            if "/" not in name or name.startswith("."):
                self.say(path, number, "includes are written from the root")
            else:
                self.check_edge(path, number, name)
        own = path[:-2] + ".h"
        if path.endswith(".c") and os.path.exists(
                os.path.join(self.root, own)) and seen[:1] != [own]:
            self.say(path, 1, f"expected {own} as the first include")

    def check_edge(self, path, number, name):
        parts = path.split("/")
        folder = parts[1] if parts[0] == "tests" else parts[0]
        to = name.split("/")[0]
        if folder not in BELOW or to == folder:
            return
        if to == "tests" and parts[0] == "tests":
            return
        if to not in BELOW[folder]:
            self.say(path, number, f"{folder}/ must not know {to}/")

    def check_functions(self, path, lines):
        """Bodies stand between a lone `{` and a lone `}` in column 0."""
        begin = None
        for number, line in enumerate(lines, 1):
            if line == "{":
                begin = number
            elif line == "}" and begin is not None:
                length = number - begin - 1
                limit = FUNCTION_LINES
                if self.says_flat(lines, begin, number):
                    limit = FLAT_LINES
                if length > limit:
                    self.say(path, begin,
                             f"function of {length} lines, at most {limit}")
                begin = None

    @staticmethod
    def says_flat(lines, begin, end):
        """A comment above or within the function says that it is flat."""
        above = begin - 1
        while above > 0 and lines[above - 1].strip() not in ("", "}"):
            above -= 1
        text = "\n".join(lines[above:end])
        return any(re.search(r"\bflat\b", comment)
                   for comment in re.findall(r"/\*.*?\*/", text, re.S))

    def check_arguments(self, path, code):
        for match in SIGNATURE.finditer(code):
            name = match.group(1)
            count = count_arguments(code, match.end())
            if count is None or count <= ARGUMENTS or \
                    name in MANY_ARGUMENTS | CALLBACKS:
                continue
            number = code.count("\n", 0, match.start()) + 1
            self.say(path, number,
                     f"{name}: {count} arguments, at most {ARGUMENTS}")

    # --- the tree ----------------------------------------------------------

    def check_file(self, path):
        with open(os.path.join(self.root, path), "rb") as f:
            data = f.read()
        if b"\0" in data:
            return
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            self.say(path, 1, "not UTF-8")
            return
        lines = text.split("\n")
        if text and lines[-1] != "":
            self.say(path, len(lines), "no line feed at the end")
        else:
            lines.pop()
        self.check_text(path, lines)
        if path.endswith((".c", ".h")):
            self.check_c(path, text, lines)
        elif path.endswith((".py", ".sh")) or text.startswith("#!"):
            self.check_script(path, lines)

    def run(self):
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(d for d in folders
                                if d not in SKIPPED
                                and not d.startswith((".", "build")))
            for name in sorted(set(files) - SKIPPED):
                full = os.path.join(folder, name)
                path = os.path.relpath(full, self.root).replace(os.sep, "/")
                if os.path.isfile(full) and not os.path.islink(full):
                    self.check_file(path)
        return self.findings


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../..")
    findings = Lint(os.path.abspath(root)).run()
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
