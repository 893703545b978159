# SPDX-License-Identifier: Apache-2.0
"""As much of JSON Schema (draft 7) as docs/report.schema.json uses. A keyword
that is not known here is an error: it would check nothing."""

import re

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool,
         "null": type(None), "integer": int, "number": (int, float)}
TOLD = {"$schema", "title", "description", "definitions"}


def is_type(value, name):
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, TYPES[name])


class Schema:
    def __init__(self, root):
        self.root = root

    def resolve(self, reference):
        node = self.root
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        return node

    def problems(self, value, node=None, path="$"):
        """What is wrong with the value, as texts with paths."""
        node = self.root if node is None else node
        if "$ref" in node:
            return self.problems(value, self.resolve(node["$ref"]), path)
        found = []
        for keyword, want in node.items():
            if keyword in TOLD:
                continue
            check = getattr(self, "check_" + keyword, None)
            if check is None:
                raise ValueError(f"{path}: keyword {keyword} is not known")
            found += check(value, want, node, path)
        return found

    def check_type(self, value, want, node, path):
        names = want if isinstance(want, list) else [want]
        if any(is_type(value, name) for name in names):
            return []
        return [f"{path}: {value!r} is no {' or '.join(names)}"]

    def check_enum(self, value, want, node, path):
        good = any(value == w and isinstance(value, bool) ==
                   isinstance(w, bool) for w in want)
        return [] if good else [f"{path}: {value!r} is none of {want}"]

    def check_const(self, value, want, node, path):
        return [] if value == want else [f"{path}: {value!r} is not {want!r}"]

    def check_required(self, value, want, node, path):
        return [f"{path}: {name} is missing" for name in want
                if isinstance(value, dict) and name not in value]

    def check_properties(self, value, want, node, path):
        if not isinstance(value, dict):
            return []
        return [p for name, item in value.items() if name in want
                for p in self.problems(item, want[name], f"{path}.{name}")]

    def check_additionalProperties(self, value, want, node, path):
        if not isinstance(value, dict):
            return []
        more = [n for n in value if n not in node.get("properties", {})]
        if want is False:
            return [f"{path}: {name} is not in the schema" for name in more]
        return [p for name in more
                for p in self.problems(value[name], want, f"{path}.{name}")]

    def check_items(self, value, want, node, path):
        if not isinstance(value, list):
            return []
        return [p for n, item in enumerate(value)
                for p in self.problems(item, want, f"{path}[{n}]")]

    def check_minItems(self, value, want, node, path):
        short = isinstance(value, list) and len(value) < want
        return [f"{path}: fewer than {want}"] if short else []

    def check_maxItems(self, value, want, node, path):
        long = isinstance(value, list) and len(value) > want
        return [f"{path}: more than {want}"] if long else []

    def check_minimum(self, value, want, node, path):
        low = is_type(value, "number") and value < want
        return [f"{path}: {value} is below {want}"] if low else []

    def check_maximum(self, value, want, node, path):
        high = is_type(value, "number") and value > want
        return [f"{path}: {value} is above {want}"] if high else []

    def check_pattern(self, value, want, node, path):
        bad = isinstance(value, str) and not re.search(want, value)
        return [f"{path}: {value!r} does not match {want}"] if bad else []
