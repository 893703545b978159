# SPDX-License-Identifier: Apache-2.0
"""traceparent and tracestate on their way through: the rules of W3C Trace
Context for a party that takes part, case by case."""

import re

from harness import ask
from harness.traced import ID, PARENT, Traced

VALUE = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-0([0-3])\Z")


def parent(value):
    return ["traceparent: " + value]


GOOD = f"00-{ID}-{PARENT}-01"
MANY = [f"k{n}=v{n}" for n in range(32)]
# (headers, what goes on of the trace: its flags, or None: a new one begins,
#  tracestate as it goes on)
CASES = [
    ([], None, None),
    (parent(GOOD), "01", None),
    (parent(f"00-{ID}-{PARENT}-00"), "00", None),
    (parent(f" \t{GOOD} "), "01", None),
    (["TraceParent: " + GOOD], "01", None),
    (["TRACEPARENT: " + GOOD], "01", None),
    # Flags: sampled and random stay, others go.
    (parent(f"00-{ID}-{PARENT}-02"), "02", None),
    (parent(f"00-{ID}-{PARENT}-03"), "03", None),
    (parent(f"00-{ID}-{PARENT}-ff"), "03", None),
    (parent(f"00-{ID}-{PARENT}-fc"), "00", None),
    # Later versions: what we know of them, and 00 goes on.
    (parent(f"01-{ID}-{PARENT}-01"), "01", None),
    (parent(f"cc-{ID}-{PARENT}-01-what-follows"), "01", None),
    (parent(f"cc-{ID}-{PARENT}-01-"), "01", None),
    (parent(f"cc-{ID}-{PARENT}-01x"), None, None),
    (parent(f"cc-{ID}-{PARENT}-01.x"), None, None),
    # What is not valid.
    (parent(f"ff-{ID}-{PARENT}-01"), None, None),
    (parent(GOOD + "-x"), None, None),
    (parent(GOOD + "-"), None, None),
    (parent(GOOD + "."), None, None),
    (parent(GOOD.upper()), None, None),
    (parent(f"00-{ID[:-1]}A-{PARENT}-01"), None, None),
    (parent(f"00-{ID}-{PARENT[:-1]}F-01"), None, None),
    (parent("00-" + 32 * "0" + f"-{PARENT}-01"), None, None),
    (parent(f"00-{ID}-" + 16 * "0" + "-01"), None, None),
    (parent(f"00-{ID[:-1]}-{PARENT}-01"), None, None),
    (parent(f"00-{ID}0-{PARENT}-01"), None, None),
    (parent(f"00-{ID}-{PARENT[:-1]}-01"), None, None),
    (parent(f"00-{ID}-{PARENT}-0"), None, None),
    (parent(f"00-{ID}-{PARENT}-0x"), None, None),
    (parent(f"0-{ID}-{PARENT}-01"), None, None),
    (parent(f"0x-{ID}-{PARENT}-01"), None, None),
    (parent(f"00_{ID}_{PARENT}_01"), None, None),
    (parent(f"00-{ID[:-1]}.-{PARENT}-01"), None, None),
    (parent("") + ["x: y"], None, None),
    (parent(GOOD) + parent(GOOD), None, None),
    (parent(GOOD) + parent(f"00-{ID}-{PARENT}-00"), None, None),
    # tracestate goes with a valid traceparent alone.
    (["tracestate: a=1"], None, None),
    (parent("nonsense") + ["tracestate: a=1"], None, None),
    (parent(GOOD) + ["tracestate: a=1,b=2"], "01", "a=1,b=2"),
    (parent(GOOD) + ["TraceState: a=1"], "01", "a=1"),
    (parent(GOOD) + ["tracestate: a=1", "tracestate: b=2"], "01", "a=1,b=2"),
    (parent(GOOD) + ["tracestate: a=1 , \tb=2"], "01", "a=1,b=2"),
    (parent(GOOD) + ["tracestate: a=1,,b=2,", "tracestate:"], "01",
     "a=1,b=2"),
    (parent(GOOD) + ["tracestate:"], "01", None),
    (parent(GOOD) + ["tracestate: a=1,b=2,a=3"], "01", "a=1,b=2"),
    (parent(GOOD) + ["tracestate: a=x y"], "01", "a=x y"),
    (parent(GOOD) + ["tracestate: 0a_-*/@z=1"], "01", "0a_-*/@z=1"),
    (parent(GOOD) + ["tracestate: " + "k" * 256 + "=1"], "01",
     "k" * 256 + "=1"),
    (parent(GOOD) + ["tracestate: a=" + "v" * 256], "01", "a=" + "v" * 256),
    (parent(GOOD) + ["tracestate: " + ",".join(MANY)], "01", ",".join(MANY)),
    # One member that is not valid, and none goes on.
    (parent(GOOD) + ["tracestate: " + ",".join(MANY + ["x=1"])], "01", None),
    (parent(GOOD) + ["tracestate: a=1,Foo=2"], "01", None),
    (parent(GOOD) + ["tracestate: a=1,foo"], "01", None),
    (parent(GOOD) + ["tracestate: a=1,=2"], "01", None),
    (parent(GOOD) + ["tracestate: a=1,b="], "01", None),
    (parent(GOOD) + ["tracestate: a=1,b =2"], "01", None),
    (parent(GOOD) + ["tracestate: a=1,b=2=3"], "01", None),
    (parent(GOOD) + ["tracestate: @a=1"], "01", None),
    (parent(GOOD) + ["tracestate: a=\xe9"], "01", None),
    (parent(GOOD) + ["tracestate: a=x\ty"], "01", None),
    (parent(GOOD) + ["tracestate: " + "k" * 257 + "=1"], "01", None),
    (parent(GOOD) + ["tracestate: a=" + "v" * 257], "01", None),
]


class Propagation(Traced):
    """The rules of W3C Trace Context for a party that takes part."""

    def check(self, case, names, get):
        headers, flags, state = case
        self.assertEqual([n for n in names if n.lower() in
                          ("traceparent", "tracestate")],
                         ["traceparent"] +
                         (["tracestate"] if state else []), headers)
        trace, span, given = VALUE.match(get("traceparent")).groups()
        self.assertEqual(get("tracestate"), state, headers)
        self.assertNotEqual(span, PARENT)
        self.assertNotEqual(span, 16 * "0")
        if flags is None:
            self.assertNotEqual(trace, ID, headers)
            self.assertEqual("0" + given, "02", headers)
        else:
            self.assertEqual((trace, "0" + given), (ID, flags), headers)
        return trace, span

    def test_over_http1(self):
        self.traced(trace={"ratio": 0.0})
        client, seen = self.client(self.port), set()
        for case in CASES:
            ask(client, headers=case[0] + ["X-Kept: AbC"])
            head = self.sent()
            raw = head.raw.decode("latin-1").split("\r\n")[1:]
            names = [line.split(":")[0] for line in raw if line]
            seen.add(self.check(case, names, head.get))
            self.assertIn("X-Kept: AbC", raw)
        # No id is used twice.
        self.assertEqual(len({span for _, span in seen}), len(CASES))
        new = len([c for c in CASES if c[1] is None])
        self.assertEqual(len({trace for trace, _ in seen}), new + 1)

    def test_over_http2(self):
        server = self.h2_server()
        self.traced(trace={"ratio": 0.0}, upstream=server.port)
        client = self.h2(self.port)
        for case in CASES:
            headers = [tuple(line.split(":", 1)) for line in case[0]]
            client.ask(headers=[(k.lower(), v.strip())
                                for k, v in headers])
            head = server.requests[-1].heads[0]
            self.check(case, [name for name, _ in head], dict(head).get)
