# SPDX-License-Identifier: Apache-2.0
"""Scrapes /metrics of a faultwire under test, as strictly as can be."""

from .exposition import Metrics
from .net import connect, wait_until
from .web import ask

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
TYPES = {
    False: "text/plain; version=0.0.4; charset=utf-8",
    True: "application/openmetrics-text; version=1.0.0; charset=utf-8",
}


def get(port, path, method="GET", headers=()):
    """One request to the control API."""
    conn = connect(port)
    try:
        return ask(conn, method, path, headers=headers, host="127.0.0.1")
    finally:
        conn.close()


def scrape(port, openmetrics=False):
    headers = [f"Accept: {OPENMETRICS}"] if openmetrics else []
    reply = get(port, "/metrics", headers=headers)
    assert reply.status == 200, reply.raw
    assert reply.get("content-type") == TYPES[openmetrics], reply.raw
    return Metrics(reply.body.decode(), openmetrics)


def wait_scrape(port, condition, what="the figures", openmetrics=False):
    """The first scrape of which `condition` is true."""
    def found():
        metrics = scrape(port, openmetrics)
        return metrics if condition(metrics) else None

    return wait_until(found, what=what)
