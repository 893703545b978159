# SPDX-License-Identifier: Apache-2.0
"""Routes of datagrams, over real sockets."""

import json
import resource
import signal
import socket
import unittest

from harness import (Scenario, conf, fault, free_port, noise, sanitized, scrape,
                     wait_until)
from harness.api import control
from harness.datagrams import Answering, Datagrams


class Udp(Scenario):
    def answering(self, *args, **options):
        made = Answering(*args, **options)
        self.addCleanup(made.close)
        return made

    def client(self, to, **options):
        made = Datagrams(to=to, **options)
        self.addCleanup(made.close)
        return made

    def udp(self, upstream, *faults, **fields):
        return self.proxied(upstream, *faults, protocol="udp", **fields)


class Plain(Udp):
    def test_every_size_passes_unchanged_with_its_boundaries(self):
        server = self.answering()
        port, _, _ = self.udp(server.port)
        client = self.client(port)
        for size in (1, 0, 2, 1472, 1473, 9000, 65507, 0):
            with self.subTest(size=size):
                data = noise(size, size)
                self.assertEqual(client.ask(data), data)
        self.assertEqual(len(server.peers()), 1)

    def test_each_client_has_a_socket_of_its_own(self):
        server = self.answering()
        port, proxy, _ = self.udp(server.port)
        clients = [self.client(port) for _ in range(20)]
        for n, client in enumerate(clients):
            client.send(b"%d" % n)
        for n, client in enumerate(clients):
            self.assertEqual(client.recv(), b"%d" % n)
        self.assertEqual(len(server.peers()), 20)
        opened = proxy.wait_journal("20 flows", type="flow_open")
        wait_until(lambda: len([e for e in proxy.journal()
                                if e["type"] == "flow_open"]) == 20)
        self.assertEqual(sorted(e["flow"] for e in opened),
                         list(range(len(opened))))

    def test_the_server_may_send_at_any_time_as_long_as_it_likes(self):
        server = Datagrams()
        self.addCleanup(server.close)
        port, _, _ = self.udp(server.port)
        client = self.client(port)
        client.send(b"hello")
        _, peer = server.recv_from()
        for n in range(50):
            server.send(b"%d" % n, peer)
        self.assertEqual([client.recv() for _ in range(50)],
                         [b"%d" % n for n in range(50)])

    def test_silence_ends_an_association_and_the_next_begins_another(self):
        server = self.answering()
        port, proxy, _ = self.udp(server.port, idle_timeout="200ms")
        client = self.client(port)
        client.ask(b"one")
        proxy.wait_journal("the end", type="flow_close",
                           reason="idle_timeout", flow=0)
        client.ask(b"two")
        self.assertEqual(len(server.peers()), 2)
        self.assertEqual(proxy.wait_journal("another", type="flow_open",
                                            flow=1)[0]["flow"], 1)

    def test_traffic_keeps_an_association(self):
        server = self.answering()
        port, _, _ = self.udp(server.port, idle_timeout="1s")
        client = self.client(port)
        for _ in range(8):
            client.ask(b"x")
            client.expect_silence(0.2)
        self.assertEqual(len(server.peers()), 1)

    def test_beyond_max_connections_new_clients_are_not_heard(self):
        server = self.answering()
        port, proxy, _ = self.udp(server.port, max_connections=2)
        first, second = self.client(port), self.client(port)
        first.ask(b"1")
        second.ask(b"2")
        third = self.client(port)
        third.send(b"3")
        third.expect_silence()
        proxy.wait_log("connection_limit")
        self.assertEqual(first.ask(b"still"), b"still")

    def test_ten_thousand_clients(self):
        if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 12000:
            self.skipTest("too few descriptors")
        server = self.answering()
        port, proxy, _ = self.udp(server.port)
        for n in range(10000):
            client = Datagrams(to=port, source=f"127.1.{n >> 8}.{n & 255}")
            client.send(b"%d" % n)
            if n % 100 == 0:
                self.assertEqual(client.recv(), b"%d" % n)
            client.close()
        wait_until(lambda: len(server.came) > 9950)
        self.assertEqual(len(server.peers()), len(server.came))
        self.assertGreater(proxy.descriptors(), 9950)
        self.assertLess(proxy.rss(), (900 if sanitized() else 120) << 20)

    def test_made_up_clients_leave_descriptors_to_the_others(self):
        server, stream = self.answering(), self.serving()
        port, other = free_port(), free_port()
        proxy = self.start(conf.text([
            conf.route("u", port, server.port, protocol="udp"),
            conf.route("t", other, stream.port)]), nofile=256)
        for n in range(400):
            client = Datagrams(to=port, source=f"127.2.{n >> 8}.{n & 255}")
            client.send(b"x")
            client.close()
        proxy.wait_journal("no more", type="connect", result="unreachable")
        tcp = Scenario.client(self, other)
        self.assertEqual(tcp.send(b"tcp").recv(3), b"tcp")

    def test_a_burst_beyond_the_buffers_loses_some_and_harms_none(self):
        server = self.answering(answer=lambda data: None)
        control = free_port()
        port, _, _ = self.udp(server.port, groups={
            "control": {"listen": f"127.0.0.1:{control}"}})
        client = self.client(port)
        sent = 20000
        for n in range(sent):
            client.send(b"%06d" % n + b"x" * 994)
        wait_until(lambda: len(server.came) > 100)
        came = [int(data[:6]) for data, _ in server.came]
        self.assertEqual(came, sorted(set(came)), "order or doubles")
        # It goes on as if nothing had been.
        server.answer = lambda data: data
        client.rest(0.5)
        self.assertEqual(client.ask(b"fine"), b"fine")
        # Not one is unaccounted for.
        up = {"route": "r", "direction": "upstream"}
        m = scrape(control)
        passed = m.value("faultwire_sent_bytes_total", **up) // 1000
        lost = m.value("faultwire_lost_datagrams_total", **up)
        self.assertEqual(passed + lost, sent)


class Addresses(Udp):
    def test_ipv6_and_mixed(self):
        for listen, upstream in (("::1", "::1"), ("127.0.0.1", "::1"),
                                 ("::1", "127.0.0.1")):
            with self.subTest(listen=listen, upstream=upstream):
                server = self.answering(address=upstream)
                port = free_port()
                host = f"[{listen}]" if ":" in listen else listen
                self.start(conf.text([conf.route(
                    "r", f"{host}:{port}", server.address, protocol="udp")]))
                client = self.client((listen, port))
                self.assertEqual(client.ask(b"abc"), b"abc")

    def test_answers_come_from_the_address_that_was_asked(self):
        server = self.answering()
        for listen in (":", "0.0.0.0:", "[::]:"):
            port = free_port()
            self.start(conf.text([conf.route("r", f"{listen}{port}",
                                             server.port, protocol="udp")]))
            hosts = ["127.0.0.1", "127.0.0.5", "127.1.2.3"]
            if listen != "0.0.0.0:":
                hosts.append("::1")
            for host in hosts:
                with self.subTest(listen=listen, host=host):
                    # A connected socket hears no other address.
                    client = self.client((host, port))
                    self.assertEqual(client.ask(host.encode()),
                                     host.encode())

    def test_tcp_and_udp_share_a_port_number(self):
        server, stream = self.answering(), self.serving()
        port = free_port()
        self.start(conf.text([
            conf.route("u", port, server.port, protocol="udp"),
            conf.route("t", port, stream.port)]))
        self.assertEqual(self.client(port).ask(b"udp"), b"udp")
        tcp = Scenario.client(self, port)
        self.assertEqual(tcp.send(b"tcp").recv(3), b"tcp")

    def test_a_name_with_several_addresses(self):
        # localhost is ::1 as well here, where nobody listens.
        server = self.answering()
        hosts = "::1 many\n127.0.0.1 many\n"
        port, proxy, _ = self.udp(f"many:{server.port}",
                                  options={"hosts": hosts})
        self.assertEqual(self.client(port).ask(b"first"), b"first")
        self.assertTrue(proxy.wait_journal("connect", type="connect",
                                           result="ok"))


class Ends(Udp):
    def test_a_server_that_vanishes_and_comes_back(self):
        server = self.answering()
        port, proxy, _ = self.udp(server.port)
        client = self.client(port)
        client.ask(b"there")
        server.close()
        client.send(b"lost")
        proxy.wait_journal("refused", type="connect", result="refused")
        client.expect_silence()
        again = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(again.close)
        again.bind(("127.0.0.1", server.port))
        client.send(b"back")
        again.settimeout(20)
        data, peer = again.recvfrom(100)
        again.sendto(data, peer)
        self.assertEqual(client.recv(), b"back")
        # The same association all the time.
        self.assertEqual({e["flow"] for e in proxy.journal()
                          if e["type"] == "flow_open"}, {0})

    def test_a_name_that_moves_is_followed(self):
        one = self.answering(answer=lambda data: b"1" + data)
        port, proxy, _ = self.udp(f"mover:{one.port}",
                                  options={"hosts": "127.0.0.1 mover\n"})
        client = self.client(port)
        self.assertEqual(client.ask(b"x"), b"1x")
        two = Datagrams("127.0.0.2", port=one.port)
        self.addCleanup(two.close)
        one.close()
        with open(f"{proxy.dir}/hosts", "r+", encoding="ascii") as f:
            f.truncate(0)
            f.write("127.0.0.2 mover\n")

        def answered():
            client.send(b"y")
            if not two.waits(0.1):
                return False
            data, peer = two.recv_from()
            two.send(b"2" + data, peer)
            return client.recv() == b"2y"

        wait_until(answered)
        self.assertEqual({e["flow"] for e in proxy.journal()
                          if e["type"] == "flow_open"}, {0})

    def test_the_api_shows_associations(self):
        server = self.answering()
        port, proxy, _ = self.udp(server.port, groups={
            "control": {"listen": "127.0.0.1:0"}})
        client = self.client(port)
        client.ask(b"12345")
        got = control(proxy).get("/v1/sessions").json["sessions"]
        self.assertEqual(len(got), 1)
        self.assertEqual(got[0]["protocol"], "udp")
        self.assertIn(str(client.port), json.dumps(got[0]))
        flow = got[0]["flows"][0]
        self.assertEqual((flow["type"], flow["bytes_up"],
                          flow["bytes_down"]), ("datagram", 5, 5))

    def test_a_name_that_nobody_knows(self):
        port, proxy, _ = self.udp("no-such-host.invalid:1")
        client = self.client(port)
        client.send(b"x")
        proxy.wait_journal("dns", type="connect", result="dns")
        proxy.wait_journal("the end", type="flow_close",
                           reason="upstream_unreachable")

    def test_a_reload_keeps_associations_and_changes_their_faults(self):
        server = self.answering()
        port, proxy, text = self.udp(server.port)
        client = self.client(port)
        client.ask(b"one")
        proxy.reload(text(fault("loss", rate=1)))
        client.send(b"gone")
        client.expect_silence()
        proxy.reload(text())
        self.assertEqual(client.ask(b"two"), b"two")
        self.assertEqual(len(server.peers()), 1)

    def test_an_association_moves_where_its_route_leads(self):
        one = self.answering(answer=lambda data: b"1" + data)
        two = self.answering(answer=lambda data: b"2" + data)
        port = free_port()

        def text(upstream):
            return conf.text([conf.route("r", port, upstream,
                                         protocol="udp")])

        proxy = self.start(text(one.port))
        client = self.client(port)
        self.assertEqual(client.ask(b"x"), b"1x")
        proxy.reload(text(two.port))
        self.assertEqual(client.ask(b"x"), b"2x")

    def test_removal_lets_held_datagrams_go_and_closes_the_port(self):
        server = self.answering()
        port, proxy, text = self.udp(
            server.port, fault("latency", latency="1h", stream="upstream"))
        client = self.client(port)
        client.send(b"held")
        proxy.wait_journal("open", type="flow_open")
        proxy.reload(conf.text([]))
        wait_until(lambda: [d for d, _ in server.came] == [b"held"])
        proxy.wait_journal("end", type="flow_close", reason="route_stopped")
        client.expect_refused()
        proxy.reload(text())
        wait_until(lambda: self.works(port))

    def test_removal_before_the_first_of_several_addresses_was_tried(self):
        server = self.answering()
        port, proxy, _ = self.udp(
            f"many:{server.port}",
            fault("latency", latency="1h", stream="upstream"),
            options={"hosts": "127.0.0.1 many\n127.0.0.2 many\n"})
        self.client(port).send(b"held")
        proxy.wait_journal("reached", type="connect", result="ok")
        proxy.reload(conf.text([]))
        wait_until(lambda: [d for d, _ in server.came] == [b"held"])
        proxy.wait_journal("end", type="flow_close", reason="route_stopped")

    def works(self, port):
        try:
            return self.client(port).ask(b"x", 0.5) == b"x"
        except (AssertionError, ConnectionRefusedError):
            return False

    def test_draining_serves_until_quiet_and_takes_nobody_new(self):
        server = self.answering()
        port, proxy, _ = self.udp(server.port)
        client = self.client(port)
        client.ask(b"one")
        proxy.signal(signal.SIGTERM)
        proxy.wait_log("draining")
        wait_until(lambda: not self.works(port), what="nobody new")
        self.assertEqual(client.ask(b"two"), b"two")
        self.assertEqual(proxy.wait(), 0)


class Faults(Udp):
    def ask_many(self, client, n):
        for i in range(n):
            client.send(b"%d" % i)
        return [int(d) for d in client.rest()]

    def test_a_closed_port_answers_unreachable_and_opens_again(self):
        server = self.answering()
        for listen in ("127.0.0.1", "0.0.0.0", "[::]"):
            with self.subTest(listen=listen):
                port = free_port()

                def text(*faults):
                    return conf.text([conf.route(
                        "r", f"{listen}:{port}", server.port, *faults,
                        protocol="udp")])

                proxy = self.start(text(fault("refuse")))
                self.client(port).expect_refused()
                proxy.reload(text())
                self.assertEqual(self.client(port).ask(b"x"), b"x")
                proxy.stop()

    def test_delay_is_as_asked_and_jitter_reorders(self):
        server = self.answering()
        port, _, _ = self.udp(server.port, fault(
            "latency", latency="100ms", jitter="90ms"))
        client = self.client(port)
        got = self.ask_many(client, 50)
        self.assertEqual(sorted(got), list(range(50)))
        self.assertNotEqual(got, sorted(got))

    def test_loss_duplicates_and_order_replay_by_seed(self):
        server = self.answering()
        faults = (fault("loss", rate="20%"),
                  fault("duplicate", rate="20%"),
                  fault("reorder", rate="20%", distance=2, wait="50ms"))
        seen = []
        for workers in (1, 2):
            port, proxy, _ = self.udp(server.port, *faults,
                                      groups={"workers": workers})
            client = self.client(port)
            # In step, so that no wait of reorder's depends on the machine.
            seen.append(self.ask_many(client, 100))
            proxy.stop()
        self.assertEqual(seen[0], seen[1])
        self.assertLess(len(set(seen[0])), 95)
        self.assertGreater(len(seen[0]), len(set(seen[0])))

    def test_what_the_dice_say_stands_in_the_journal(self):
        server = self.answering()
        port, proxy, _ = self.udp(server.port, fault(
            "loss", rate=1, probability=0.5))
        clients = [self.client(port) for _ in range(20)]
        lost = set()
        for n, client in enumerate(clients):
            client.send(b"%d" % n)
            said, = proxy.wait_journal(f"what becomes of {n}",
                                       type="decision", flow=n)
            if said["verdict"] == "applied":
                lost.add(n)
        for n, client in enumerate(clients):
            if n not in lost:
                self.assertEqual(client.recv(), b"%d" % n)
        # The others had as much time as those.
        self.assertFalse([n for n in lost if clients[n].waits(0)])
        self.assertTrue(3 < len(lost) < 17)

    def test_clients_are_told_apart(self):
        server = self.answering()
        port, _, _ = self.udp(server.port, fault(
            "loss", rate=1, when={"client": "127.0.0.9"}))
        self.assertEqual(self.client(port).ask(b"x"), b"x")
        other = self.client(port, source="127.0.0.9")
        other.send(b"x")
        other.expect_silence()

    def test_a_partition_cuts_datagrams_and_heals(self):
        server = self.answering()
        port = free_port()

        def text(enabled):
            return conf.text(
                [conf.route("r", port, server.port, protocol="udp",
                            from_="a", to="b")],
                services=[{"name": "a"}, {"name": "b"}],
                partitions=[{"name": "p", "groups": [["a"], ["b"]],
                             "enabled": enabled}])

        proxy = self.start(text(False))
        client = self.client(port)
        client.ask(b"1")
        proxy.reload(text(True))
        client.send(b"2")
        client.expect_silence()
        proxy.reload(text(False))
        self.assertEqual(client.ask(b"3"), b"3")

    def test_a_silent_death_lasts_until_the_client_is_quiet(self):
        server = self.answering()
        port, proxy, text = self.udp(
            server.port, fault("half_open", bytes=4), idle_timeout="300ms")
        client = self.client(port)
        self.assertEqual(client.ask(b"1234"), b"1234")
        client.send(b"5")
        client.expect_silence(0.1)
        proxy.reload(text())
        client.send(b"6")
        client.expect_silence(0.1)
        proxy.wait_journal("given up", type="flow_close", reason="fault")
        self.assertEqual(client.ask(b"7"), b"7")


if __name__ == "__main__":
    unittest.main()
