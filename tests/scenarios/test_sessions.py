# SPDX-License-Identifier: Apache-2.0
"""Sessions of every protocol: what the API lists of them, and how they end when
it, an idle time-out, a limit, or the end of the proxy says so."""

import signal
import unittest

from harness import Scenario, Watch, conf, route, wait_until
from harness.api import control

IDLE = 2.0  # seconds; on a busy machine nothing here takes so long
GET = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"


class Sessions(Scenario):
    def setUp(self):
        self.upstream = self.backend()
        self.site = self.h2_server(lambda peer, st: None)
        to = self.upstream.port
        self.proxy = self.start(conf.text(
            [route("redis", "127.0.0.1:0", to, protocol="redis"),
             route("idle", "127.0.0.1:0", to, protocol="redis",
                   idle_timeout=f"{IDLE}s"),
             route("one", "127.0.0.1:0", to, protocol="redis",
                   max_connections=1),
             route("h2", "127.0.0.1:0", self.site.port, protocol="http"),
             route("named", "127.0.0.1:0", to, match={"sni": "a.test"})],
            control={"listen": "127.0.0.1:0"}))
        self.api = control(self.proxy)

    def port_of(self, name):
        at = self.api.get(f"/v1/routes/{name}").json["state"]["listening"]
        return int(at.rsplit(":", 1)[1])

    def listed(self, count):
        """The flows' types of the only session, once it has so many."""
        def look():
            sessions = self.api.get("/v1/sessions").json["sessions"]
            if len(sessions) == 1 and len(sessions[0]["flows"]) == count:
                return sessions
            return None
        self.session = wait_until(look, what=f"a session with {count} flows")[0]
        return [f["type"] for f in self.session["flows"]]

    def end(self, how):
        done = self.api.delete(
            f"/v1/sessions/{self.session['session']}?how={how}")
        self.assertEqual(done.status, 204)

    def test_commands_are_listed_beside_their_connection(self):
        client, server = self.pair(self.port_of("redis"), self.upstream)
        client.send(GET + GET)
        server.recv(2 * len(GET))
        self.assertEqual(self.listed(3),
                         ["connection", "exchange", "exchange"])
        said = self.api.get(
            f"/v1/sessions/{self.session['session']}/explain").json
        self.assertEqual((said["route"], said["live"]), ("redis", True))
        server.send(b"$-1\r\n")
        self.assertEqual(client.recv(5), b"$-1\r\n")
        self.listed(2)
        self.end("rst")
        client.expect_end("rst")
        server.expect_end("rst")

    def test_streams_are_listed_until_they_end(self):
        client = self.h2(self.port_of("h2"))
        streams = [client.request(), client.request()]
        wait_until(lambda: len(self.site.requests) == 2, what="requests")
        self.assertEqual(self.listed(3),
                         ["connection", "exchange", "exchange"])
        client.reset(streams[0])
        self.listed(2)
        self.end("fin")
        client.end()

    def test_a_client_that_has_said_nothing_has_no_flows(self):
        client = self.client(self.port_of("named"))
        self.assertEqual(self.listed(0), [])
        self.end("fin")
        client.expect_end("fin")
        client = self.client(self.port_of("named"))
        self.listed(0)
        watch = Watch()
        self.proxy.signal(signal.SIGTERM)
        client.expect_end("fin")
        self.assertLess(watch.seconds(), 8)  # drain_timeout is 10 s

    def test_a_connection_that_stands_still_ends(self):
        client, server = self.pair(self.port_of("idle"), self.upstream)
        client.send(GET)
        server.recv(len(GET))
        watch = Watch()
        server.send(b"$-1\r\n")
        self.assertEqual(client.recv(5), b"$-1\r\n")
        client.expect_end("fin")
        self.assert_took(watch.seconds(), IDLE, 15)
        server.expect_end("fin")
        self.proxy.wait_journal("session_close", reason="idle_timeout")

    def test_no_more_connections_than_allowed(self):
        port = self.port_of("one")
        first, server = self.pair(port, self.upstream)
        self.assertEqual(self.listed(1), ["connection"])
        self.client(port).expect_end("rst")
        first.close()
        server.expect_end("fin")
        server.close()
        wait_until(lambda: not self.api.get("/v1/sessions").json["total"],
                   what="the end of the first")
        second, server = self.pair(port, self.upstream)
        second.send(GET)
        self.assertEqual(server.recv(len(GET)), GET)


if __name__ == "__main__":
    unittest.main()
