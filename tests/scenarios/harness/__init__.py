# SPDX-License-Identifier: Apache-2.0
"""The language of the scenarios."""

from . import conf
from .case import Scenario, Watch, sanitized
from .conf import fault, route
from .h2 import H2Server, Peer, h2_connect
from .line import STREAM, TOTAL, HttpLine, TcpLine
from .net import (WITHIN, Backend, Conn, Serving, closing, connect,
                  connect_outcome, echo, exchange_both_ways, free_port,
                  is_root, noise, sink_and_count, tcp_states, wait_until)
from .proxy import BIN, ROOT, SANITIZER, Faultwire, environment, run
from .scrape import get, scrape, wait_scrape
from .tls import (Pki, TlsScenario, TlsServing, client_context, pki,
                  server_context, tls_connect, words)
from .tox import Api, ToxScenario, api_of, port_of, program, quoted
from .web import (Web, ask, read_body, read_chunks, read_head, read_message,
                  request, response)
