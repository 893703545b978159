# SPDX-License-Identifier: Apache-2.0
"""From single measurements to tables: medians, ratios within a round, and
whether the targets are met."""
from statistics import median

from harness.workloads import REFERENCES

# (workload, case, placement, peer, what, reference, at least / at most, value)
# what: "ratio" to the reference's value, "beyond" it (the difference), "abs"
# for a value that may be negative, or a field of the measurements.
TARGETS = [
    ("pingpong", "64 conn, 64 B", "one", "faultwire", "ratio", "haproxy", ">=", 1.10),
    ("bulk", "1 stream down", "one", "faultwire", "ratio", "haproxy-splice", ">=", 1.0),
    ("bulk", "32 stream down", "one", "faultwire", "ratio", "haproxy-splice", ">=", 1.3),
    ("bulk", "1 stream down", "one", "faultwire", "cpu", "", "<=", 0.1),
    ("churn", "32 at once", "one", "faultwire", "ratio", "haproxy", ">=", 1.1),
    ("http", "64 conn, 1 KiB", "one", "faultwire-http", "ratio", "haproxy-http", ">=", 1.35),
    ("http", "64 conn, 1 KiB", "one", "faultwire-http", "ratio", "nginx-http", ">=", 1.2),
    ("http2", "8 conn, 16 streams, 1 KiB", "one", "faultwire-http2", "ratio", "nginx-http2", ">=", 1.0),
    ("active", "64 conn, 64 B, latency 0", "one", "faultwire-observed", "ratio", "haproxy", ">=", 1.0),
    ("active", "1 stream down, 20 ms", "one", "faultwire-20ms", "ratio", "faultwire", ">=", 0.5),
    ("idle", "9500 TCP", "free", "faultwire", "value", "", "<=", 2.0),
    ("idle", "9500 HTTP", "free", "faultwire-http", "value", "", "<=", 4.0),
]
TARGETS += [("latency", f"{ms} ms, {beside}", "split", peer, what, reference,
             way, limit)
            for beside, peer, what, reference, way, limit in (
                ("quiet", "faultwire", "beyond", "direct", "<=", 30),
                ("quiet", "faultwire", "p99_us", "", "<=", 200),
                ("quiet", "faultwire", "min_us", "", ">=", 0),
                ("quiet", "faultwire-precise", "beyond", "direct", "<=", 10),
                ("beside 64 busy", "faultwire", "beyond", "direct", "<=", 50),
                ("beside 64 busy", "faultwire", "p99_us", "", "<=", 1000))
            for ms in (1, 5, 20, 100)]
TARGETS += [("bandwidth", f"{mb} MB/s", "split", "faultwire", what, "",
             "<=", limit)
            for mb in (1, 10, 100)
            for what, limit in (("abs", 1.0), ("peak", 1.5))]

# Beside the median: what else the rows of a workload show.
EXTRAS = {
    "pingpong": ["cpu", "p50_us", "p99_us", "p999_us", "others"],
    "bulk": ["cpu", "others"],
    "churn": ["cpu", "p50_us", "p99_us", "failed", "others"],
    "http": ["cpu", "p50_us", "p99_us", "p999_us", "others"],
    "http2": ["cpu", "others"],
    "active": ["cpu", "p50_us", "p99_us", "others"],
    "idle": ["before_kib", "kept", "others"],
    "latency": ["p99_us", "min_us", "over_us", "base_us", "busy_rate",
                "others"],
    "bandwidth": ["spread", "empty", "peak", "others"],
    "udp": ["cpu", "lost", "others"],
}
HEADS = {"cpu": "CPU", "p50_us": "p50 µs", "p99_us": "p99 µs",
         "p999_us": "p99.9 µs", "failed": "failed", "lost": "lost",
         "before_kib": "empty KiB",
         "kept": "kept %", "min_us": "earliest µs",
         "base_us": "base µs", "over_us": "over base µs",
         "busy_rate": "busy rt/s", "spread": "spread", "empty": "empty %",
         "peak": "peak x",
         "others": "others %"}


def number(value):
    """Four significant digits at most, no exponent."""
    if value is None:
        return ""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    for limit, digits in ((100, 1), (10, 2), (0, 3)):
        if abs(value) >= limit:
            return f"{value:.{digits}f}"
    return str(value)


class Results:
    """All measurements of a run."""

    def __init__(self):
        self.rows = []

    def add(self, case, peer, round_number, got):
        self.rows.append({"workload": case.workload, "case": case.name,
                          "placement": case.placement, "unit": case.unit,
                          "cpu_unit": case.cpu_unit, "peer": peer,
                          "round": round_number, **got})

    def values(self, key, peer, what="value"):
        """{round: value} of a peer in the case (workload, name, placement)."""
        return {r["round"]: r[what] for r in self.rows
                if (r["workload"], r["case"], r["placement"]) == key
                and r["peer"] == peer and r.get(what) is not None}

    def median(self, key, peer, what="value"):
        values = self.values(key, peer, what)
        return median(values.values()) if values else None

    def ratio(self, key, peer, reference):
        """The median of the ratios within the rounds that both have."""
        ours, theirs = self.values(key, peer), self.values(key, reference)
        both = [ours[r] / theirs[r] for r in ours if theirs.get(r)]
        return median(both) if both else None

    def beyond(self, key, peer, reference):
        """The difference of the medians: less what the method itself errs."""
        ours, theirs = self.median(key, peer), self.median(key, reference)
        return None if ours is None or theirs is None else ours - theirs

    def keys(self):
        """The cases there are, in order."""
        seen = {}
        for row in self.rows:
            key = (row["workload"], row["case"], row["placement"])
            peers = seen.setdefault(key, {"unit": row["unit"], "peers": [],
                                          "cpu_unit": row["cpu_unit"]})
            if row["peer"] not in peers["peers"]:
                peers["peers"].append(row["peer"])
        return seen

    def failures(self, key, peer):
        return [r["error"] for r in self.rows if r.get("error")
                and (r["workload"], r["case"], r["placement"]) == key
                and r["peer"] == peer]


def table_rows(results, key, info):
    """A header and one row for each peer of a case, as text cells."""
    references = [r for r in REFERENCES[key[0]] if results.values(key, r)]
    extras = [e for e in EXTRAS[key[0]]
              if any(results.values(key, p, e) for p in info["peers"])]
    heads = [HEADS[e] if e != "cpu" else "CPU " + info["cpu_unit"]
             for e in extras]
    rows = [["peer", info["unit"], "min-max"] + ["x " + r for r in references]
            + heads]
    for peer in info["peers"]:
        values = results.values(key, peer)
        if not values:
            rows.append([peer, "failed", results.failures(key, peer)[-1]])
            continue
        cells = [peer, number(median(values.values())),
                 f"{number(min(values.values()))} - "
                 f"{number(max(values.values()))}"]
        cells += [f"{ratio:.2f}" if ratio is not None else "" for ratio in
                  (results.ratio(key, peer, r) for r in references)]
        cells += [number(results.median(key, peer, e)) for e in extras]
        failed = len(results.failures(key, peer))
        if failed:
            cells[0] += f" ({failed} failed)"
        rows.append(cells)
    return rows


def title(key):
    return f"{key[0]}: {key[1]} ({key[2]})"


def print_case(results, key, info):
    """One case as aligned text."""
    rows = table_rows(results, key, info)
    full = [r for r in rows if len(r) == len(rows[0])]
    widths = [max(len(r[i]) for r in full) for i in range(len(rows[0]))]
    print("\n" + title(key))
    for row in rows:
        cells = [c.ljust(w) if i == 0 else c.rjust(w)
                 for i, (c, w) in enumerate(zip(row, widths))]
        print("  " + "  ".join(cells).rstrip(), flush=True)


def markdown(results):
    """All cases and the targets as Markdown tables."""
    lines = []
    for key, info in results.keys().items():
        rows = table_rows(results, key, info)
        lines += [f"### {title(key)}", "",
                  "| " + " | ".join(rows[0]) + " |",
                  "|" + "---|" * len(rows[0])]
        lines += ["| " + " | ".join(row) + " |" for row in rows[1:]] + [""]
    lines += ["### Targets", "", "| target | asked | measured | met |",
              "|---|---|---|---|"]
    lines += [f"| {row['target']} | {row['asked']} | {row['measured']} | "
              f"{'yes' if row['met'] else '**no**'} |"
              for row in targets(results)]
    return "\n".join(lines) + "\n"


def targets(results):
    """What was asked for, measured, and met, of what was measured."""
    rows = []
    for workload, case, placement, peer, what, reference, way, limit in TARGETS:
        key = (workload, case, placement)
        if what == "ratio":
            got = results.ratio(key, peer, reference)
        elif what == "beyond":
            got = results.beyond(key, peer, reference)
        elif what == "abs":
            values = results.values(key, peer)
            got = median(abs(v) for v in values.values()) if values else None
        else:
            got = results.median(key, peer, what)
        if got is None:
            continue
        label = {"ratio": f"x {reference}", "value": "", "abs": "|error|",
                 "beyond": f"beyond {reference}"}
        rows.append({
            "target": f"{title(key)}, {peer} "
                      f"{label.get(what, HEADS.get(what, what))}".rstrip(),
            "asked": f"{way} {limit}", "measured": number(got),
            "met": got >= limit if way == ">=" else got <= limit})
    return rows
