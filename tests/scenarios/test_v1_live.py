# SPDX-License-Identifier: Apache-2.0
"""The /v1 API over live traffic: changes act on sessions at once, sessions and
their explanations are told, events come as they happen and wait for nobody."""

import http.client
import signal
import socket
import unittest

from harness import (Scenario, Watch, conf, connect, connect_outcome, echo,
                     fault, route, wait_until)
from harness.api import Events, control

LATENCY = {"type": "latency", "name": "slow", "latency": "300ms"}


class Live(Scenario):
    """A route r to an echo service, one to the web, and sessions on them."""

    faults = ()
    groups = {}

    def setUp(self):
        self.server = self.serving(echo)
        site = self.web()
        self.proxy = self.start(conf.text(
            [route("r", "127.0.0.1:0", self.server.port, *self.faults),
             route("w", "127.0.0.1:0", site.port, protocol="http")],
            control={"listen": "127.0.0.1:0"}, **self.groups))
        self.api = control(self.proxy)
        self.port = self.port_of("r")

    def port_of(self, name):
        at = self.api.get(f"/v1/routes/{name}").json["state"]["listening"]
        return int(at.rsplit(":", 1)[1])

    def session(self):
        client = self.client(self.port)
        self.ping(client)
        return client

    def ping(self, client):
        watch = Watch()
        client.send(b"ping")
        self.assertEqual(client.recv(4), b"ping")
        return watch.seconds()

    def expect(self, status, *call, **kw):
        reply = self.api(*call, **kw)
        self.assertEqual(reply.status, status, reply.raw)
        return reply.json if reply.raw else None


class Sessions(Live):
    faults = (fault("latency", name="half", latency="1ms", probability=0.5),
              fault("noop", name="off", enabled=False))

    def test_a_change_acts_on_live_sessions_before_the_reply(self):
        client = self.session()
        said = self.expect(200, "POST", "/v1/routes/r/faults?dry_run", LATENCY)
        self.assertEqual(said["sessions"], 1)
        self.assertEqual([m["fault"] for m in said["matches"]], ["slow"])
        port = client.sock.getsockname()[1]
        self.assertEqual(said["matches"][0]["client"], f"127.0.0.1:{port}")
        self.assertLess(self.ping(client), 0.25)
        self.expect(201, "POST", "/v1/routes/r/faults", LATENCY)
        self.assertGreater(self.ping(client), 0.298)
        state = self.expect(200, "GET", "/v1/routes/r/faults/slow")["state"]
        self.assertEqual((state["in_force"], state["active"]), (True, 1))
        wait_until(lambda: self.api.get("/v1/routes/r/faults/slow")
                   .json["state"]["delay"]["count"] > 0, what="the delay")
        self.expect(204, "DELETE", "/v1/routes/r/faults/slow")
        self.assertLess(self.ping(client), 0.25)

    def test_a_fault_for_a_while_ends_by_itself(self):
        client = self.session()
        made = self.expect(201, "POST", "/v1/routes/r/faults",
                           {**LATENCY, "for": "600ms"})["state"]
        self.assertTrue(0 < made["ends_in"] <= 0.6, made)
        self.assertGreater(self.ping(client), 0.298)
        path = "/v1/routes/r/faults/slow"
        wait_until(lambda: not self.api.get(path).json["state"]["in_force"],
                   what="the end of the fault")
        self.assertIsNone(self.api.get(path).json["state"]["ends_in"])
        self.assertLess(self.ping(client), 0.25)
        again = self.expect(200, "POST", path + "/enable")["state"]
        self.assertTrue(again["in_force"])

    def test_sessions_are_listed_by_number_and_page(self):
        clients = [self.session() for _ in range(7)]
        said = self.expect(200, "GET", "/v1/sessions")
        numbers = [s["session"] for s in said["sessions"]]
        self.assertEqual(numbers, sorted(numbers))
        self.assertEqual((len(numbers), said["total"]), (7, 7))
        first = said["sessions"][0]
        self.assertEqual((first["route"], first["protocol"]), ("r", "tcp"))
        self.assertEqual(first["client"],
                         "127.0.0.1:%d" % clients[0].sock.getsockname()[1])
        flow = first["flows"][0]
        self.assertEqual((flow["type"], flow["bytes_up"], flow["bytes_down"]),
                         ("stream", 4, 4))
        page = self.expect(200, "GET",
                           f"/v1/sessions?limit=3&after={numbers[1]}")
        self.assertEqual([s["session"] for s in page["sessions"]],
                         numbers[2:5])
        self.assertEqual(page["total"], 7)
        for query, count in (("route=w", 0), ("route=r", 7),
                             ("client=127.0.0.0/8", 7), ("client=::1", 0),
                             ("limit=0", 0)):
            got = self.expect(200, "GET", "/v1/sessions?" + query)
            self.assertEqual(len(got["sessions"]), count, query)
        self.expect(404, "GET", "/v1/sessions?route=x")
        self.expect(400, "GET", "/v1/sessions?client=x")
        state = self.expect(200, "GET", "/v1/routes/r")["state"]
        self.assertEqual((state["sessions"], state["accepted"]), (7, 7))
        self.assertEqual(state["received_bytes"],
                         {"upstream": 28, "downstream": 28})

    def test_a_session_is_ended_with_fin_or_rst(self):
        for how in ("", "?how=fin", "?how=rst"):
            client = self.session()
            number = self.expect(
                200, "GET", "/v1/sessions")["sessions"][0]["session"]
            self.expect(204, "DELETE", f"/v1/sessions/{number}{how}")
            client.sock.settimeout(5)
            if how == "?how=rst":
                with self.assertRaises(ConnectionResetError):
                    client.sock.recv(1)
            else:
                self.assertEqual(client.sock.recv(1), b"")
            wait_until(lambda n=number: self.api.delete(
                f"/v1/sessions/{n}").status == 404, what="the end")

    def test_a_removed_route_drains_unless_told_otherwise(self):
        client = self.session()
        self.expect(204, "DELETE", "/v1/routes/r")
        self.ping(client)
        with self.assertRaises(ConnectionRefusedError):
            connect(self.port)
        self.expect(204, "POST", "/v1/reset")
        self.port = self.port_of("r")
        other = self.session()
        self.expect(204, "DELETE", "/v1/routes/r?sessions=close")
        self.assertEqual(other.sock.recv(1), b"")

    def test_a_proxy_that_is_about_to_stop_takes_no_changes(self):
        client = self.session()
        self.proxy.signal(signal.SIGTERM)
        wait_until(lambda: self.api.get("/v1/status").json["draining"],
                   what="draining")
        self.expect(409, "POST", "/v1/routes/r/faults", LATENCY)
        self.expect(409, "POST", "/v1/reload")
        self.expect(200, "GET", "/v1/sessions")
        self.assertIsNone(self.expect(
            200, "GET", "/v1/routes/r")["state"]["listening"])
        self.ping(client)

    def test_every_fault_is_explained(self):
        clients = [self.session() for _ in range(12)]
        self.assertTrue(clients)
        verdicts = set()
        for s in self.expect(200, "GET", "/v1/sessions")["sessions"]:
            said = self.expect(200, "GET",
                               f"/v1/sessions/{s['session']}/explain")
            self.assertEqual((said["route"], said["live"], said["session"]),
                             ("r", True, s["session"]))
            by_flow = self.expect(
                200, "GET", f"/v1/routes/r/flows/{said['flow']}/explain")
            self.assertEqual(by_flow, said)
            half, off = said["faults"]
            self.assertEqual(off["verdict"], "disabled")
            self.assertEqual(half["drawn"], half["draw"] < 0.5)
            self.assertEqual(half["applies"], half["drawn"])
            self.assertEqual(half["active"],
                             "half" in s["flows"][0]["faults"])
            verdicts.add(half["verdict"])
        self.assertEqual(verdicts, {"applied", "not_drawn"})

    def test_a_flow_that_has_ended_is_explained_by_its_number(self):
        self.session().close()
        wait_until(lambda: not self.api.get("/v1/sessions").json["total"],
                   what="the end of the session")
        said = self.expect(200, "GET", "/v1/routes/r/flows/0/explain")
        self.assertEqual((said["live"], said["session"]), (False, None))
        self.assertEqual(said["faults"][0]["drawn"],
                         said["faults"][0]["draw"] < 0.5)

    def test_an_exchange_is_a_flow_of_its_own(self):
        client = self.client(self.port_of("w"))
        client.send(b"POST /x HTTP/1.1\r\nHost: h\r\n"
                    b"Content-Length: 5\r\n\r\n")
        found = wait_until(lambda: [
            s for s in self.api.get("/v1/sessions").json["sessions"]
            if "exchange" in [f["type"] for f in s["flows"]]],
            what="the exchange")
        of_route = self.expect(200, "GET", "/v1/sessions?route=w")
        self.assertEqual([s["route"] for s in of_route["sessions"]], ["w"])
        self.assertEqual(found[0]["protocol"], "http")
        number = found[0]["session"]
        self.expect(201, "POST", "/v1/routes/w/faults", {
            "type": "abort", "status": 503, "when": {"path": "/y"}})
        said = self.expect(200, "GET", f"/v1/sessions/{number}/explain")
        self.assertEqual([(f["verdict"], f["key"]) for f in said["faults"]],
                         [("not_matched", "path")])


class Partitions(Live):
    groups = {"services": [{"name": "x"}, {"name": "y"}],
              "partitions": [{"name": "split", "groups": [["x"], ["y"]],
                              "enabled": False, "mode": "reject"}]}

    def test_a_partition_is_started_for_a_while_and_healed(self):
        self.expect(200, "PATCH", "/v1/routes/r", {"from": "x", "to": "y"})
        client = self.session()
        said = self.expect(200, "POST",
                           "/v1/partitions/split/start?dry_run=true")
        self.assertEqual(said["sessions"], 1)
        state = self.expect(200, "POST", "/v1/partitions/split/start",
                            {"for": "700ms"})["state"]
        self.assertTrue(state["active"])
        self.assertTrue(0 < state["ends_in"] <= 0.7, state)
        self.assertEqual(self.expect(200, "GET", "/v1/status")
                         ["partitions"]["active"], ["split"])
        with self.assertRaises((ConnectionError, AssertionError)):
            self.ping(client)
        wait_until(lambda: not self.api.get("/v1/partitions/split")
                   .json["state"]["active"], what="the end of the partition")
        # The workers have their own clocks.
        wait_until(lambda: connect_outcome(self.port, 5) == "ok",
                   what="a connection")
        self.session()
        self.expect(200, "POST", "/v1/partitions/split/start", {"for": 0})
        with self.assertRaises(ConnectionRefusedError):
            connect(self.port)
        self.expect(200, "POST", "/v1/partitions/split/heal")
        self.session()


class EventStream(Live):
    def events(self, *args, **kw):
        made = Events(self.api, *args, **kw)
        self.addCleanup(made.close)
        return made

    def test_events_come_as_they_happen_and_are_filtered(self):
        everything = self.events()
        effects = self.events("?type=decision,flow_close&route=r&fault=slow")
        wait_until(lambda: self.api.get("/v1/status")
                   .json["events"]["listeners"] >= 3, what="the listeners")
        self.expect(201, "POST", "/v1/routes/r/faults",
                    {**LATENCY, "latency": "1ms"})
        self.assertEqual(everything.until("fault_armed")["fault"], "slow")
        self.session().close()
        said = effects.until("decision")
        self.assertEqual((said["type"], said["fault"], said["verdict"]),
                         ("decision", "slow", "applied"))
        self.assertEqual(everything.until("flow_close")["route"], "r")
        self.assertEqual(effects.lines[0], "retry: 2000")
        self.assertIn("id: 1", effects.lines)
        self.assertNotIn("event: flow_open", effects.lines)

    def test_a_reconnect_is_told_of_a_gap(self):
        events = self.events(headers={"Last-Event-ID": "7"})
        self.assertEqual(next(events), ("gap", {"lost": None}))

    def test_a_slow_reader_misses_events_and_is_told(self):
        """It stalls nobody: neither traffic, nor calls, nor other readers."""
        self.expect(200, "PATCH", "/v1/routes/w", {"faults": [
            {"type": "noop", "name": f"{n}" * 100} for n in range(10)]})
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect((self.api.host, self.api.port))
        self.addCleanup(sock.close)
        sock.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        other = self.events("?type=flow_close")
        wait_until(lambda: self.api.get("/v1/status")
                   .json["events"]["listeners"] >= 3, what="the listeners")
        web = http.client.HTTPConnection("127.0.0.1", self.port_of("w"), 20)
        self.addCleanup(web.close)
        # More than the kernel keeps for it and we do.
        for _ in range(2000):
            self.ask(web)
        watch = Watch()
        self.expect(200, "GET", "/v1/status")
        self.assertLess(watch.seconds(), 5)
        other.until("flow_close")
        sock.settimeout(20)
        seen = b""
        while b'event: gap\ndata: {"lost":' not in seen:
            got = sock.recv(1 << 16)
            self.assertTrue(got, "the stream ended")
            seen = seen[-100:] + got
            self.ask(web)

    def ask(self, web):
        web.request("GET", "/")
        web.getresponse().read()

    def test_readers_that_vanish_switch_events_off(self):
        before = self.api.get("/v1/status").json["events"]["listeners"]
        made = [Events(self.api) for _ in range(5)]
        wait_until(lambda: self.api.get("/v1/status").json["events"]
                   ["listeners"] == before + 5, what="the listeners")
        for events in made:
            events.close()
        wait_until(lambda: self.api.get("/v1/status").json["events"]
                   ["listeners"] == before, what="their end")


class Reach(Live):
    def test_calls_are_quick_beside_many_stalled_sessions(self):
        self.expect(201, "POST", "/v1/routes/r/faults",
                    {"type": "timeout", "timeout": 0})
        conns = []
        for _ in range(300):
            conns.append(self.client(self.port))
            conns[-1].send(b"x" * 100)
        took = []
        for _ in range(50):
            for path in ("/v1/status", "/v1/routes", "/v1/sessions?limit=10"):
                watch = Watch()
                self.expect(200, "GET", path)
                took.append(watch.seconds())
        took.sort()
        self.assertLess(took[len(took) // 2], 0.5)
        self.assertEqual(self.expect(200, "GET", "/v1/sessions")["total"],
                         300)


if __name__ == "__main__":
    unittest.main()
