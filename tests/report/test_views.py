# SPDX-License-Identifier: Apache-2.0
"""Views of a planted run, looked at as their readers do.

    test_views.py SHOW ROOT [--update]     SHOW: the program report_show

--update writes tests/report/golden anew; look at what changes.
"""

import copy
import difflib
import functools
import html.parser
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

from schema import Schema

SHOW, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
UPDATE = "--update" in sys.argv[3:]
GOLDEN = ROOT / "tests/report/golden"
FILES = ["report.md", "report.html", "report.json", "junit.xml",
         "report.sarif"]
# Bits of planted.h.
NO_BREAKER, NO_PROOF, NO_END = 1, 1024, 2048
VOID = {"meta", "br", "hr", "img", "input", "link"}


@functools.lru_cache(maxsize=None)
def show(without=0, seed=7):
    """All files of a report, by name."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([SHOW, folder, str(seed), str(without)], check=True)
        return {name: (pathlib.Path(folder) / name).read_text()
                for name in FILES}


class Page(html.parser.HTMLParser):
    """Elements with attributes and depth; complains about bad nesting."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.text, self.ids = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.elements.append((tag, attrs, list(self.open)))
        self.ids += [attrs["id"]] if "id" in attrs else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        last = self.open.pop()
        assert last == tag, f"</{tag}> closes <{last}>"

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [e for e in self.elements if e[0] == tag]


def luminance(colour):
    def linear(c):
        return c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
    r, g, b = (linear(int(colour[i:i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def schemes(page):
    """The colours of the light and of the dark scheme."""
    style = re.search(r"<style>(.*?)</style>", page, re.S).group(1)
    light, dark = style.split("@media (prefers-color-scheme:dark)", 1)
    dark = dark.split("}}", 1)[0]
    return [dict(re.findall(r"--(\w+):(#[0-9a-f]{6})", part))
            for part in (light, dark)]


class Golden(unittest.TestCase):
    """Byte for byte. `test_views.py SHOW ROOT --update` writes them anew."""

    def test_reports_are_those_that_were_looked_at(self):
        for name, text in show().items():
            golden = GOLDEN / name
            if UPDATE:
                golden.parent.mkdir(exist_ok=True)
                golden.write_text(text)
                continue
            with self.subTest(name):
                diff = difflib.unified_diff(
                    golden.read_text().splitlines(), text.splitlines(),
                    "golden", "now", lineterm="", n=0)
                found = "\n".join(line[:1500] for line in diff)
                if found:
                    self.fail(found[:6000])


class Html(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.source = show()["report.html"]
        cls.page = Page(cls.source)

    def test_it_is_one_file_without_script(self):
        self.assertFalse(self.page.all("script"))
        self.assertFalse(self.page.all("link"))
        self.assertFalse(self.page.all("img"))
        for tag, attrs, _ in self.page.elements:
            for name, value in attrs.items():
                self.assertFalse(name.startswith("on"), name)
                if name in ("href", "src"):
                    self.assertTrue(value.startswith("#"), value)
        self.assertNotIn("@import", self.source)
        self.assertNotIn("url(", self.source)

    def test_sections_can_be_reached_and_ids_are_unique(self):
        self.assertEqual(len(self.page.ids), len(set(self.page.ids)))
        targets = [a["href"][1:] for _, a, _ in self.page.all("a")]
        headings = [a["id"] for _, a, _ in self.page.all("h2")]
        self.assertEqual(targets, headings)
        self.assertEqual(1, len(self.page.all("h1")))

    def test_names_from_outside_are_text(self):
        self.assertFalse(self.page.all("b"))
        self.assertIn("data <b>team</b>", "".join(self.page.text))

    def test_tables_are_tables(self):
        for table in re.findall(r"<table>.*?</table>", self.source, re.S):
            root = ET.fromstring(table)
            self.assertTrue(root.find("caption").text)
            width = len(root.findall("thead/tr/th[@scope='col']"))
            for row in root.findall("tbody/tr"):
                self.assertEqual(width, len(list(row)))
                self.assertEqual("row", row[0].get("scope"))

    def test_lists_hold_items_only(self):
        for tag, _, inside in self.page.all("li"):
            self.assertEqual("ul", inside[-1])

    def test_it_fits_a_phone(self):
        names = [a.get("name") for _, a, _ in self.page.all("meta")]
        self.assertIn("viewport", names)
        # What is wide scrolls by itself, and can be reached by keys.
        for tag in ("table", "svg"):
            for _, _, inside in self.page.all(tag):
                self.assertEqual("div", inside[-1])
        for tag, attrs, _ in self.page.all("div"):
            self.assertEqual(("wide", "0"),
                             (attrs["class"], attrs["tabindex"]))

    def test_colours_can_be_told_in_both_schemes(self):
        for colours in schemes(self.source):
            for name in ("fg", "muted", "good", "bad", "open"):
                for ground in ("bg", "code"):
                    self.assertGreaterEqual(
                        contrast(colours[name], colours[ground]), 4.5,
                        f"{name} on {ground}")
            for name in ("ok", "degraded", "failed", "lost", "band"):
                for ground in ("bg", "fault"):
                    self.assertGreaterEqual(
                        contrast(colours[name], colours[ground]), 3,
                        f"{name} on {ground}")
            self.assertGreaterEqual(
                contrast(colours["muted"], colours["fault"]), 4.5)

    def test_every_class_is_in_the_style(self):
        style = re.search(r"<style>(.*?)</style>", self.source, re.S).group(1)
        for tag, attrs, _ in self.page.elements:
            for name in attrs.get("class", "").split():
                self.assertIn("." + name, style)

    def test_nothing_depends_on_colour_alone(self):
        for word in ("good:", "bad:", "open:"):
            self.assertIn(word, "".join(self.page.text))


class Plot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        source = show()["report.html"]
        cls.svg = ET.fromstring(
            re.search(r"<svg.*?</svg>", source, re.S).group())
        cls.ns = "{http://www.w3.org/2000/svg}"

    def find(self, tag, name):
        return [e for e in self.svg.iter(self.ns + tag)
                if e.get("class") == name]

    def test_it_has_a_title_and_a_description(self):
        labels = self.svg.get("aria-labelledby").split()
        ids = {e.get("id"): e.text for e in self.svg.iter() if e.get("id")}
        self.assertEqual("img", self.svg.get("role"))
        for label in labels:
            self.assertTrue(ids[label])

    def test_all_of_it_is_inside(self):
        _, _, width, height = map(float, self.svg.get("viewBox").split())
        for e in self.svg.iter(self.ns + "rect"):
            x, y, w, h = (float(e.get(k))
                          for k in ("x", "y", "width", "height"))
            self.assertTrue(0 <= x and x + w <= width + 0.2)
            self.assertTrue(0 <= y and y + h <= height + 0.2)

    def test_faults_are_shaded_and_the_ends_of_scenarios_marked(self):
        panels = len(self.find("path", "axis"))
        self.assertGreater(panels, 5)
        self.assertEqual(0, len(self.find("rect", "fault")) % 5)
        self.assertEqual(5, len(self.find("path", "first")))
        self.assertEqual(5, len(self.find("path", "steady")))
        self.assertGreater(len(self.find("rect", "band")), 10)

    def test_a_run_without_the_breaker_has_no_band(self):
        source = show(NO_BREAKER)["report.html"]
        self.assertNotIn('rect class="band"', source)

    def test_the_end_by_a_guard_is_marked(self):
        self.assertIn('path class="ended"', show(NO_END)["report.html"])
        self.assertFalse(self.find("path", "ended"))


class Json(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = (ROOT / "docs/report.schema.json").read_text()
        cls.schema = Schema(json.loads(text))
        cls.report = json.loads(show()["report.json"])

    def test_reports_are_as_the_schema_says(self):
        for without in (0, NO_BREAKER, NO_PROOF, NO_END):
            report = json.loads(show(without)["report.json"])
            self.assertEqual([], self.schema.problems(report))

    def test_the_schema_finds_what_is_wrong(self):
        for change in (lambda r: r.pop("run"),
                       lambda r: r.update(more=1),
                       lambda r: r["scores"]["overall"].update(score=11),
                       lambda r: r["scenarios"][0].update(state="DONE"),
                       lambda r: r["performance"][0].update(n=-1),
                       lambda r: r["scenarios"][0]["verdicts"][0].update(
                           score=0.7)):
            report = copy.deepcopy(self.report)
            change(report)
            self.assertTrue(self.schema.problems(report))

    def test_every_verdict_has_its_range_of_events(self):
        for scenario in self.report["scenarios"]:
            for entry in scenario["verdicts"]:
                first, last = entry["verdict"]["events"]
                self.assertTrue(0 < first <= last)

    def test_what_is_not_proven_is_not_met(self):
        report = json.loads(show(NO_PROOF)["report.json"])
        outage = report["scenarios"][1]
        self.assertEqual("INCONCLUSIVE", outage["state"])
        self.assertEqual({"UNDECIDED"},
                         {e["state"] for e in outage["expectations"]})
        self.assertEqual({None}, {v["score"] for v in outage["verdicts"]})


class JUnit(unittest.TestCase):
    def suites(self, without):
        return ET.fromstring(show(without)["junit.xml"])

    def test_counts_are_those_of_the_cases(self):
        for without in (0, NO_BREAKER, NO_PROOF, NO_END):
            for suite in self.suites(without):
                for name, tag in (("failures", "failure"),
                                  ("errors", "error"),
                                  ("skipped", "skipped")):
                    self.assertEqual(int(suite.get(name)),
                                     len(suite.findall("testcase/" + tag)))
                self.assertEqual(int(suite.get("tests")), len(suite))

    def test_violations_fail_and_unproven_faults_are_errors(self):
        broken = self.suites(NO_BREAKER).find("*[@name='service-crash']")
        self.assertEqual("3", broken.get("failures"))
        vague = self.suites(NO_PROOF).find("*[@name='redis-outage']")
        self.assertEqual(("1", "4"),
                         (vague.get("errors"), vague.get("skipped")))


class Sarif(unittest.TestCase):
    def results(self, without):
        log = json.loads(show(without)["report.sarif"])
        self.assertEqual("2.1.0", log["version"])
        (run,) = log["runs"]
        rules = [r["id"] for r in run["tool"]["driver"]["rules"]]
        self.assertEqual(rules, [f"R{n}" for n in range(19)])
        for result in run["results"]:
            self.assertIn(result["ruleId"], rules)
            self.assertIn(result["level"], ("error", "warning", "note"))
        return run["results"]

    def test_results_point_at_expectations(self):
        (found,) = [r for r in self.results(NO_BREAKER)
                    if r["ruleId"] == "R1" and "platform" in
                    r["message"]["text"]]
        where = found["locations"][0]["physicalLocation"]
        self.assertEqual("cycle-1.conf", where["artifactLocation"]["uri"])
        self.assertEqual(41, where["region"]["startLine"])

    def test_fingerprints_are_stable_and_tell_results_apart(self):
        def prints(results):
            return [r["partialFingerprints"]["faultwire/v1"]
                    for r in results]
        first = prints(self.results(0))
        self.assertEqual(len(first), len(set(first)))
        log = json.loads(show(0, seed=8)["report.sarif"])
        other = log["runs"][0]["results"]
        self.assertEqual(sorted(first), sorted(prints(other)))
        self.assertNotEqual([r["message"] for r in self.results(0)],
                            [r["message"] for r in other])


class Markdown(unittest.TestCase):
    def test_tables_are_whole_and_names_are_text(self):
        text = show()["report.md"]
        width = 0
        for line in text.splitlines():
            if not line.startswith("|"):
                width = 0
                continue
            cells = len(re.findall(r"(?<!\\)\|", line))
            width = width or cells
            self.assertEqual(width, cells, line)
        self.assertNotIn("<b>", text.replace(r"\<", ""))

    def test_the_timeline_is_plain_text(self):
        text = show()["report.md"]
        lines = re.findall(r"^    (\S.{10}\|.{64}\|.*)$", text, re.M)
        self.assertGreaterEqual(len(lines), 4)
        self.assertTrue(all(line.isascii() for line in lines))


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    unittest.main(argv=[sys.argv[0]])
