# SPDX-License-Identifier: Apache-2.0
"""A proxy whose spans go to a collector of the test's own."""

from . import conf
from .case import Scenario
from .conf import route
from .net import free_port
from .otlp import Collector

ID, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = f"traceparent: 00-{ID}-{PARENT}-01"
UNSAMPLED = f"traceparent: 00-{ID}-{PARENT}-00"
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "50"}


class Traced(Scenario):
    def collector(self, **options):
        made = Collector(**options)
        self.addCleanup(made.close)
        return made

    def traced(self, *faults, collector=None, trace=None, env=None,
               protocol="http", upstream=None, fields=None, **groups):
        """One route "shop", with more `fields`; spans come soon."""
        self.gathered = collector or self.collector()
        self.upstream = self.web() if upstream is None else None
        self.port, self.control = free_port(), free_port()
        trace = {"endpoint": self.gathered.url, **(trace or {})}
        return self.start(conf.text(
            [route("shop", self.port, upstream or self.upstream.port,
                   *faults, protocol=protocol, **(fields or {}))],
            control={"listen": f"127.0.0.1:{self.control}"},
            trace={k: v for k, v in trace.items() if v is not None},
            **groups), env={**SOON, **(env or {})})

    def sent(self):
        """The head that reached the server last."""
        return self.upstream.requests[-1]
