# SPDX-License-Identifier: Apache-2.0
"""Writes configurations: Python values in, libconfig text out."""

import json


def value(v):
    """One value as the configuration file spells it."""
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, (int, float)):
        return repr(v)
    if isinstance(v, str):
        return json.dumps(v)
    if isinstance(v, dict):
        return "{ " + group(v) + " }"
    if all(isinstance(item, str) for item in v) and v:
        return "[ " + ", ".join(map(value, v)) + " ]"
    return "( " + ", ".join(map(value, v)) + " )"


def group(fields):
    """The settings of a group, without its braces."""
    return " ".join(f"{k} = {value(v)};" for k, v in fields.items())


def text(routes=(), seed=7, workers=2, **groups):
    """A whole file. Every route stands on a line of its own."""
    lines = []
    if seed is not None:
        lines.append(f"seed = {seed};")
    if workers is not None:
        lines.append(f"workers = {workers};")
    lines += [f"{name} = {value(v)};" for name, v in groups.items()]
    lines.append("routes = (")
    lines.append(",\n".join("  " + value(r) for r in routes))
    lines.append(");")
    return "\n".join(lines) + "\n"


def fault(kind, /, **fields):
    """A fault group. Python keywords take a final underscore: for_."""
    return {"type": kind, **{k.rstrip("_"): v for k, v in fields.items()}}


def route(name, listen, upstream, *faults, **fields):
    """A route group; numbers are ports of 127.0.0.1."""
    def address(a):
        return f"127.0.0.1:{a}" if isinstance(a, int) else a

    made = {"name": name, "listen": address(listen),
            "upstream": address(upstream), **fields}
    made = {k.rstrip("_"): v for k, v in made.items()}
    if faults:
        made["faults"] = list(faults)
    return made
