#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lint finds what it claims to find, and nothing in good files."""

import os
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lint import BELOW, C_SPDX, Lint  # noqa: E402

HEAD = C_SPDX + "\n/* A unit. */\n"


def findings(files):
    """What the lint says about a tree of {path: text}."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as f:
                f.write(text)
        return Lint(root).run()


def function(lines, comment=""):
    return f"{comment}int\nf(void)\n{{\n" + "\tg();\n" * lines + "}\n"


class LintTest(unittest.TestCase):
    def assert_found(self, path, text, *parts, **others):
        found = findings({path: text, **others})
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def assert_clean(self, path, text, **others):
        self.assertEqual(findings({path: text, **others}), [])

    def test_a_good_unit_passes(self):
        header = HEAD + ("#ifndef PROXY_A_H\n#define PROXY_A_H\n\n"
                         "int f(int a, int b, int c, int d, int e);\n"
                         "\n#endif\n")
        source = HEAD + ('#include "proxy/a.h"\n\n#include <stdio.h>\n\n'
                         '#include "base/str.h"\n\n') + function(60)
        self.assertEqual(findings({"proxy/a.h": header,
                                   "proxy/a.c": source}), [])

    def test_files_are_bounded(self):
        self.assert_clean("base/a.c", HEAD + "int x;\n" * 498)
        self.assert_found("base/a.c", HEAD + "int x;\n" * 499, "501 lines")

    def test_functions_are_bounded(self):
        self.assert_found("base/a.c", HEAD + function(61), ":5:", "61 lines")
        self.assert_clean("base/a.c",
                          HEAD + function(100, "\n/* One flat table. */\n"))
        self.assert_found("base/a.c",
                          HEAD + function(101, "\n/* One flat table. */\n"),
                          "101 lines, at most 100")

    def test_a_flat_neighbour_excuses_nobody(self):
        self.assert_found("base/a.c", HEAD + "\n/* flat */\n" + function(1)
                          + "\n" + function(61), "61 lines")

    def test_arguments_are_counted(self):
        six = "int a, int (*b)(int, int), int c, int d, int e,\n    int g"
        self.assert_found("base/a.c", HEAD + f"int\nf({six})\n{{\n}}\n",
                          ":4:", "f: 6 arguments")
        self.assert_found(
            "base/a.h", HEAD + "#ifndef BASE_A_H\n#define BASE_A_H\n"
            f"int f({six});\n#endif\n", "f: 6 arguments")
        self.assert_clean("base/a.c", HEAD + "int\nf(int a)\n{\n"
                          "\treturn g(1, 2, 3, 4, 5, 6);\n}\n")

    def test_edges_point_down(self):
        self.assert_found("base/a.c", HEAD + '#include "proxy/b.h"\n',
                          "base/ must not know proxy/")
        self.assert_found("config/a.c", HEAD + '#include "faults/b.h"\n',
                          "config/ must not know faults/")
        self.assert_found("tests/config/a.c",
                          HEAD + '#include "faults/b.h"\n',
                          "config/ must not know faults/")
        self.assert_clean("proxy/a.c", HEAD + '#include "observe/b.h"\n')
        self.assert_clean("main.c", HEAD + '#include "control/b.h"\n')

    def test_the_document_says_the_same(self):
        """The last column of the table of folders is BELOW."""
        here = os.path.dirname(os.path.abspath(__file__))
        path = os.path.join(here, "../../docs/architecture.md")
        with open(path, encoding="utf-8") as f:
            rows = re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|$", f.read(),
                              re.M)
        told = {name: set(re.findall(r"`(\w+)`", below))
                for name, below in rows}
        self.assertEqual({name: told.get(name) for name in BELOW}, BELOW)

    def test_includes_are_written_from_the_root(self):
        self.assert_found("base/a.c", HEAD + '#include "b.h"\n', "the root")
        self.assert_found("base/a.c", HEAD + '#include "../b.h"\n',
                          "the root")

    def test_the_own_header_comes_first(self):
        header = HEAD + "#ifndef BASE_A_H\n#define BASE_A_H\n#endif\n"
        source = HEAD + '#include "base/b.h"\n#include "base/a.h"\n'
        found = findings({"base/a.h": header, "base/a.c": source})
        self.assertEqual(len(found), 1)
        self.assertIn("expected base/a.h", found[0])

    def test_guards_name_folder_and_file(self):
        self.assert_found("base/a.h", HEAD + "#ifndef A_H\n#define A_H\n"
                          "#endif\n", "BASE_A_H")

    def test_licence_and_purpose_come_first(self):
        self.assert_found("base/a.c", "/* A unit. */\n/* More. */\n",
                          "SPDX")
        self.assert_found("base/a.c", C_SPDX + "\nint x;\n", "a comment")
        self.assert_found("tests/a.py", "print()\n", "SPDX")
        self.assert_found("tests/run", "#!/bin/sh\nexit\n", "SPDX")

    def test_lines_have_80_columns(self):
        self.assert_clean("base/a.c", HEAD + "\t/* " + "é" * 66 + " */\n")
        self.assert_found("base/a.c", HEAD + "\t/* " + "é" * 67 + " */\n",
                          "81 columns")

    def test_nothing_is_left_over(self):
        self.assert_found("docs/a.md", "TO" + "DO: write\n", "left over")
        self.assert_found("docs/a.md", "see /wo" + "rk/main\n", "machine")
        self.assert_found("docs/a.md", "blank \n", "blanks")
        self.assert_found("docs/a.md", "no end", "line feed")
        self.assert_clean("docs/a.md", "mkstemp XXXXXX, a/work/b\n")


if __name__ == "__main__":
    unittest.main()
