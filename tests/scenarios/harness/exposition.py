# SPDX-License-Identifier: Apache-2.0
"""A strict reader of metrics: Prometheus' text format 0.0.4 and OpenMetrics
1.0. Scrapers forgive much; this forgives nothing and says in which line."""

import math
import re

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|Inf)\Z|NaN\Z")
META = re.compile(r"# (HELP|TYPE|UNIT) (\S+) (.*)\Z", re.S)
TYPES = {"counter", "gauge", "histogram", "info"}
ESCAPES = {"\\": "\\", '"': '"', "n": "\n"}
EXEMPLAR_CHARACTERS = 128
# What a sample's name may have behind its family's, by type and format.
SUFFIXES = {
    ("counter", False): [""], ("counter", True): ["_total"],
    ("gauge", False): [""], ("gauge", True): [""],
    ("info", True): ["_info"],
    ("histogram", False): ["_bucket", "_sum", "_count"],
    ("histogram", True): ["_bucket", "_sum", "_count"],
}


class Malformed(AssertionError):
    pass


class Sample:
    def __init__(self, name, labels, value, exemplar):
        self.name, self.labels = name, labels
        self.value, self.exemplar = value, exemplar

    def without(self, *names):
        return tuple(sorted((k, v) for k, v in self.labels.items()
                            if k not in names))


class Exemplar:
    def __init__(self, labels, value, timestamp):
        self.labels, self.value = labels, value
        self.timestamp = timestamp


class Family:
    def __init__(self, name):
        self.name = name
        self.help = self.type = self.unit = None
        self.samples = []


class Line:
    """One line, read from left to right."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def fail(self, what):
        raise Malformed(f"{what}: {self.text!r} at {self.at}")

    def take(self, pattern, what):
        match = re.compile(pattern).match(self.text, self.at)
        if not match:
            self.fail(f"expected {what}")
        self.at = match.end()
        return match.group()

    def peek(self, text):
        return self.text.startswith(text, self.at)

    def done(self):
        return self.at == len(self.text)

    def string(self):
        """Behind the opening quote, up to and with the closing one."""
        got = ""
        while True:
            c = self.take(r"(?s).", "the end of a label's value")
            if c == '"':
                return got
            if c == "\\":
                c = self.take(r"(?s).", "an escaped character")
                if c not in ESCAPES:
                    self.fail(f"\\{c} is no escape")
                c = ESCAPES[c]
            got += c

    def labels(self):
        found = {}
        self.take(r"\{", "{")
        while not self.peek("}"):
            name = self.take(r"[a-zA-Z_][a-zA-Z0-9_]*", "a label's name")
            if name.startswith("__"):
                self.fail("names with __ in front are reserved")
            self.take('="', '="')
            if name in found:
                self.fail(f"label {name} stands twice")
            found[name] = self.string()
            if not self.peek("}"):
                self.take(",", "a comma")
                if self.peek("}"):
                    self.fail("a comma behind the last label")
        self.take(r"\}", "}")
        return found

    def number(self):
        text = self.take(r"\S+", "a number")
        if not NUMBER.match(text):
            self.fail(f"{text} is no number")
        return float(text.replace("Inf", "inf").replace("NaN", "nan"))


class Reader:
    def __init__(self, text, openmetrics):
        self.open = openmetrics
        self.families = {}
        self.family = None
        self.series = set()
        if not text.endswith("\n"):
            raise Malformed("the last line has no line feed")
        lines = text[:-1].split("\n")
        if openmetrics:
            if lines[-1] != "# EOF":
                raise Malformed("the last line is not # EOF")
            lines.pop()
        for line in lines:
            self.read(line)
        for family in self.families.values():
            self.check(family)

    def read(self, text):
        if text.startswith("#"):
            self.meta(text)
        elif text:
            self.sample(Line(text))
        else:
            raise Malformed("an empty line")

    # --- what stands before a family's samples

    def meta(self, text):
        match = META.match(text)
        if not match:
            raise Malformed(f"neither HELP, TYPE nor UNIT: {text!r}")
        what, name, rest = match.groups()
        if not NAME.match(name):
            raise Malformed(f"{name} is no name")
        if self.family is None or self.family.name != name:
            if name in self.families:
                raise Malformed(f"family {name} is not in one piece")
            self.family = self.families[name] = Family(name)
        if self.family.samples:
            raise Malformed(f"{what} behind samples of {name}")
        attribute = what.lower()
        if getattr(self.family, attribute) is not None:
            raise Malformed(f"{name} has {what} twice")
        getattr(self, attribute)(rest)
        setattr(self.family, attribute, rest)

    def help(self, text):
        allowed = '\\"n' if self.open else "\\n"
        plain = re.sub(r"\\[" + re.escape(allowed) + "]", "", text)
        if "\\" in plain or (self.open and '"' in plain):
            raise Malformed(f"HELP is not escaped: {text!r}")
        if not text:
            raise Malformed(f"{self.family.name} has an empty HELP")

    def type(self, word):
        if word not in TYPES or (word, self.open) not in SUFFIXES:
            raise Malformed(f"{word} is no type here")
        counts = self.family.name.endswith("_total")
        if (word == "counter" and not self.open) != counts:
            raise Malformed(f"{word} {self.family.name}: _total is wrong")
        if self.open and self.family.name.endswith("_info"):
            raise Malformed(f"{self.family.name} has a suffix")

    def unit(self, word):
        if not self.open:
            raise Malformed("UNIT in the text format")
        if not self.family.name.endswith("_" + word):
            raise Malformed(f"{self.family.name} does not end in {word}")

    # --- samples

    def sample(self, line):
        name = line.take(r"[a-zA-Z_:][a-zA-Z0-9_:]*", "a name")
        family = self.family
        if family is None or family.type is None:
            line.fail("a sample without a TYPE")
        suffixes = SUFFIXES[family.type, self.open]
        if name not in [family.name + s for s in suffixes]:
            line.fail(f"not of the family {family.name}")
        labels = line.labels() if line.peek("{") else {}
        line.take(" ", "a blank")
        value = line.number()
        exemplar = None
        if not line.done():
            exemplar = self.exemplar(line, name)
        key = (name, tuple(sorted(labels.items())))
        if key in self.series:
            line.fail("the series stands twice")
        self.series.add(key)
        family.samples.append(Sample(name, labels, value, exemplar))

    def exemplar(self, line, name):
        line.take(" # ", "the end, or an exemplar")
        if not self.open:
            line.fail("an exemplar in the text format")
        if not name.endswith(("_bucket", "_total")):
            line.fail("an exemplar here")
        labels = line.labels()
        if sum(len(k) + len(v) for k, v in labels.items()) > \
                EXEMPLAR_CHARACTERS:
            line.fail("too long an exemplar")
        line.take(" ", "a blank")
        value = line.number()
        line.take(" ", "a timestamp")
        made = Exemplar(labels, value, line.number())
        if not line.done():
            line.fail("more behind the exemplar")
        return made

    # --- families as a whole

    def check(self, family):
        if family.help is None or family.type is None:
            raise Malformed(f"{family.name} lacks HELP or TYPE")
        if family.type == "histogram":
            self.check_histogram(family)
        for s in family.samples:
            if family.type == "counter" and not 0 <= s.value < math.inf:
                raise Malformed(f"{s.name} {s.labels}: {s.value}")
            if family.type == "info" and s.value != 1:
                raise Malformed(f"{s.name} is {s.value}")

    def check_histogram(self, family):
        """Every label set: its buckets in order, then sum and count."""
        rest = list(family.samples)
        while rest:
            labels = rest[0].without("le")
            own = []
            while rest and rest[0].without("le") == labels:
                own.append(rest.pop(0))
            self.check_buckets(family, dict(labels), own)

    def check_buckets(self, family, labels, own):
        where = f"{family.name} {labels}"
        buckets = [s for s in own if s.name.endswith("_bucket")]
        kinds = [s.name[len(family.name):] for s in own]
        if kinds != ["_bucket"] * len(buckets) + ["_sum", "_count"]:
            raise Malformed(f"{where}: {kinds}")
        bounds = [s.labels.get("le", "none") for s in buckets]
        for text in bounds:
            if text != "+Inf" and not re.match(r"\d+\.\d+\Z|\d+(\.\d+)?e-\d+"
                                               r"\Z", text):
                raise Malformed(f"{where}: le={text} is not spelt as a float")
        numbers = [float(text) for text in bounds]
        if not numbers or numbers[-1] != math.inf or \
                numbers != sorted(set(numbers)):
            raise Malformed(f"{where}: bounds {bounds}")
        counts = [s.value for s in buckets]
        if counts != sorted(counts) or counts[-1] != own[-1].value:
            raise Malformed(f"{where}: counts {counts}, {own[-1].value}")
        low = -math.inf
        for bucket, high in zip(buckets, numbers):
            e = bucket.exemplar
            if e and not low < e.value <= high:
                raise Malformed(f"{where}: exemplar {e.value} in le={high}")
            low = high


class Metrics:
    """What was read. Names are those of samples."""

    def __init__(self, text, openmetrics):
        self.text = text
        self.families = Reader(text, openmetrics).families
        self.samples = [s for f in self.families.values() for s in f.samples]

    def find(self, name, **labels):
        """Samples of that name that have (at least) those labels."""
        return [s for s in self.samples if s.name == name and
                all(s.labels.get(k) == v for k, v in labels.items())]

    def has(self, name, **labels):
        return bool(self.find(name, **labels))

    def value(self, name, **labels):
        """The one sample's value."""
        found = self.find(name, **labels)
        assert len(found) == 1, (
            f"{len(found)} samples of {name} {labels}, expected one")
        return found[0].value

    def sum(self, name, **labels):
        return sum(s.value for s in self.find(name, **labels))

    def exemplars(self, name, **labels):
        return [s.exemplar for s in self.find(name, **labels) if s.exemplar]
