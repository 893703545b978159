# SPDX-License-Identifier: Apache-2.0
"""What every toxic does to the bytes of a connection, measured at its ends.
Times may be late, as the machine is busy, but never early."""

import select
import time

from harness import (Conn, ToxScenario, Watch, exchange_both_ways, noise, port_of)

LATE = 6.0  # seconds by which an effect may be late


class Base(ToxScenario):
    def line(self):
        """Both ends of a connection through a fresh proxy."""
        backend = self.backend()
        self.proxy = self.create("p", backend.address)
        self.port = port_of(self.proxy)
        client, server = self.pair(self.port, backend)
        self.more = lambda: self.pair(self.port, backend)
        return client, server

    def took(self, seconds, least):
        self.assert_took(seconds, least, least + LATE)

    def travel(self, sender, receiver, data=b"ping"):
        """Seconds that bytes took from one end to the other."""
        watch = Watch()
        sender.send(data)
        self.assertEqual(receiver.recv(len(data)), data)
        return watch.seconds()


class Latency(Base):
    def test_each_direction_has_its_own(self):
        client, server = self.line()
        self.toxic("latency", stream="upstream", latency=150)
        self.took(self.travel(client, server), 0.15)
        self.assert_takes(lambda: self.travel(server, client), 0, 0.14)
        self.toxic("latency", latency=80)
        self.took(self.travel(server, client), 0.08)

    def test_several_add_up(self):
        client, server = self.line()
        for n in range(3):
            self.toxic("latency", name=str(n), latency=50)
        self.took(self.travel(server, client), 0.15)

    def test_jitter_spreads_and_keeps_the_order(self):
        client, server = self.line()
        self.toxic("latency", latency=40, jitter=40)
        times = [self.travel(server, client) for _ in range(20)]
        self.assertLess(min(times), 0.04)
        self.assertGreater(max(times), 0.04)
        self.assertGreater(max(times) - min(times), 0.02)
        data = noise(50_000)
        for at in range(0, len(data), 1000):
            server.send(data[at:at + 1000])
        self.assertEqual(client.recv(len(data)), data)

    def test_a_change_holds_for_bytes_to_come(self):
        client, server = self.line()
        self.toxic("latency", name="t", latency=30000)
        server.send(b"held")
        client.expect_silence(0.05)
        self.change("t", latency=0)
        self.assertEqual(client.recv(4, LATE), b"held")
        self.change("t", latency=60)
        self.took(self.travel(server, client), 0.06)

    def test_removal_lets_held_bytes_go_in_order(self):
        client, server = self.line()
        self.toxic("latency", name="t", latency=30000)
        data = noise(300_000)
        server.send_in_background(data)
        client.expect_silence(0.1)
        self.remove("t")
        self.assertEqual(client.recv(len(data)), data)
        exchange_both_ways(client, server)

    def test_connect_and_close_are_not_delayed(self):
        self.line()
        self.toxic("latency", latency=20000)
        self.toxic("latency", stream="upstream", latency=20000)
        watch = Watch()
        client, server = self.more()
        server.finish()
        client.expect_end("fin")
        self.assertLess(watch.seconds(), 5)


class Bandwidth(Base):
    def test_the_rate_counts_thousands_of_bytes(self):
        client, server = self.line()
        self.toxic("bandwidth", rate=200)
        data = noise(60_000)
        self.assert_takes(lambda: self.travel(server, client, data), 0.3, LATE)

    def test_connections_and_directions_do_not_share(self):
        pairs = [self.line()]
        self.toxic("bandwidth", rate=100)
        pairs += [self.more() for _ in range(3)]
        data = noise(30_000)

        def all_at_once():
            watch = Watch()
            for _client, server in pairs:
                server.send_in_background(data)
            for client, _server in pairs:
                self.assertEqual(client.recv(len(data)), data)
            return watch.seconds()

        # Shared, all would take four times as long as one.
        self.assert_takes(lambda: all_at_once() /
                   self.travel(*reversed(pairs[0]), data), 0.1, 2.5)
        self.assert_takes(lambda: self.travel(*pairs[0], data), 0, 0.29)

    def test_rate_0_stalls_and_nothing_is_lost(self):
        """Two of them are what Testcontainers calls a cut connection."""
        client, server = self.line()
        self.toxic("bandwidth", name="CUT_CONNECTION_DOWNSTREAM", rate=0)
        self.toxic("bandwidth", name="CUT_CONNECTION_UPSTREAM",
                   stream="upstream", rate=0)
        up, down = noise(3_000_000, 1), noise(3_000_000, 2)
        client.send_in_background(up)
        server.send_in_background(down)
        client.expect_silence(0.1)
        server.expect_silence(0.1)
        self.remove("CUT_CONNECTION_DOWNSTREAM")
        self.assertEqual(client.recv(len(down)), down)
        server.expect_silence(0.05)
        self.remove("CUT_CONNECTION_UPSTREAM")
        self.assertEqual(server.recv(len(up)), up)
        exchange_both_ways(client, server)

    def test_a_changed_rate_holds_at_once(self):
        client, server = self.line()
        self.toxic("bandwidth", name="t", rate=1)
        data = noise(40_000)
        server.send_in_background(data)
        self.assertEqual(client.recv(100), data[:100])
        watch = Watch()
        self.change("t", rate=1000)
        self.assertEqual(client.recv(len(data) - 100), data[100:])
        self.assertLess(watch.seconds(), LATE)


class Closing(Base):
    def test_slow_close_holds_just_the_end(self):
        client, server = self.line()
        self.toxic("slow_close", delay=1000)
        server.send(b"last").finish()
        watch = Watch()
        self.assertEqual(client.recv(4), b"last")
        self.assertLess(watch.seconds(), 0.99)
        client.expect_end("fin")
        self.took(watch.seconds(), 1)

    def test_slow_close_leaves_the_other_direction_alone(self):
        client, server = self.line()
        self.toxic("slow_close", delay=30000)
        client.finish()
        server.expect_end("fin", within=5)
        server.send(b"reply").finish()
        self.assertEqual(client.recv(5), b"reply")
        client.expect_silence(0.05)
        watch = Watch()
        self.remove("slow_close_downstream")
        client.expect_end("fin")
        self.assertLess(watch.seconds(), LATE)

    def test_an_end_goes_its_own_way_in_each_direction(self):
        client, server = self.line()
        client.send(b"request").finish()
        server.expect_end("fin", b"request")
        server.send(b"reply").finish()
        client.expect_end("fin", b"reply")

    def test_a_reset_arrives_as_a_reset(self):
        client, server = self.line()
        server.reset()
        client.expect_end("rst")
        client, server = self.more()
        client.reset()
        server.expect_end("rst")

    def test_a_reset_right_behind_accept_arrives_as_a_reset(self):
        resetting = self.serving(Conn.reset)
        port = port_of(self.create("p", resetting.address))
        for _ in range(60):
            self.client(port).expect_end("rst")


class Timeout(Base):
    def test_0_swallows_for_ever_and_removal_closes(self):
        client, server = self.line()
        self.toxic("timeout", name="t", timeout=0)
        server.send(b"lost")
        client.expect_silence(0.1)
        client.send(b"other way")
        self.assertEqual(server.recv(9), b"other way")
        self.remove("t")
        client.expect_end("fin")
        server.expect_end("fin")
        client, server = self.more()
        exchange_both_ways(client, server, 10_000)

    def test_reset_closes_it_as_well(self):
        client, _server = self.line()
        self.toxic("timeout", timeout=0)
        self.assertEqual(self.api.post("/reset").status, 204)
        client.expect_end("fin")

    def test_an_idle_connection_is_closed_after_it(self):
        client, server = self.line()
        watch = Watch()
        self.toxic("timeout", timeout=150)
        client.expect_end("fin")
        self.took(watch.seconds(), 0.15)
        server.expect_end("fin")
        watch = Watch()
        client, server = self.more()
        client.expect_end("fin")
        self.took(watch.seconds(), 0.15)

    def test_traffic_puts_it_off(self):
        client, server = self.line()
        self.toxic("timeout", timeout=400)
        watch = Watch()
        while watch.seconds() < 0.6:
            last = Watch()
            server.send(b"lost")
            time.sleep(0.02)
        client.expect_end("fin")
        self.took(last.seconds(), 0.4)

    def test_the_senders_end_passes_at_once(self):
        client, server = self.line()
        self.toxic("timeout", timeout=30000)
        server.send(b"lost").finish()
        client.expect_end("fin", within=5)


class ResetPeer(Base):
    def test_the_first_bytes_of_any_connection_are_answered_by_rst(self):
        old = self.line()
        self.toxic("reset_peer", timeout=0)
        for client, server in (old, self.more()):
            client.send(b"up")
            self.assertEqual(server.recv(2), b"up")
            server.send(b"down")
            client.expect_end("rst")
            server.expect_end("rst")

    def test_it_waits_for_its_timeout(self):
        client, server = self.line()
        self.toxic("reset_peer", stream="upstream", timeout=200)
        watch = Watch()
        client.send(b"lost")
        client.expect_end("rst")
        self.took(watch.seconds(), 0.2)
        server.expect_end("rst")

    def test_idle_connections_are_reset_too(self):
        client, server = self.line()
        watch = Watch()
        self.toxic("reset_peer", timeout=150)
        client.expect_end("rst")
        server.expect_end("rst")
        self.took(watch.seconds(), 0.15)
        client, server = self.more()
        client.expect_end("rst")
        server.expect_end("rst")

    def test_with_toxicity_0_closes_stay_closes(self):
        self.line()
        self.toxic("reset_peer", timeout=0, toxicity=0)
        client, server = self.more()
        exchange_both_ways(client, server, 10_000)
        client.finish()
        server.expect_end("fin")
        server.finish()
        client.expect_end("fin")

    def test_removal_calls_a_pending_one_off(self):
        client, server = self.line()
        self.toxic("reset_peer", name="t", timeout=30000)
        server.send(b"held")
        client.expect_silence(0.05)
        self.remove("t")
        self.assertEqual(client.recv(4), b"held")
        exchange_both_ways(client, server, 10_000)
        self.assertEqual(self.api.delete("/proxies/p").status, 204)
        client.expect_end("fin")


class Pieces(Base):
    def test_slicer_cuts_to_a_mean_size_with_pauses(self):
        client, server = self.line()
        self.toxic("slicer", average_size=50, size_variation=20, delay=5000)
        data, got = noise(1500), b""
        watch = Watch()
        server.send(data)
        client.sock.settimeout(20)
        while len(got) < len(data):
            got += client.sock.recv(4096)
            # A busy receiver gets several pieces at once, but none early.
            pieces = int((watch.seconds() + 0.002) / 0.005) + 1
            self.assertLessEqual(len(got), 70 * pieces)
        self.assertEqual(got, data)
        self.took(watch.seconds(), 21 * 0.005)

    def test_slicer_lets_go_when_removed(self):
        client, server = self.line()
        self.toxic("slicer", name="t", average_size=1, delay=1_000_000)
        data = noise(5000)
        server.send(data)
        self.assertEqual(client.recv(1), data[:1])
        client.expect_silence(0.05)
        self.remove("t")
        self.assertEqual(client.recv(len(data) - 1), data[1:])

    def test_limit_data_passes_exactly_so_much_then_closes(self):
        self.line()
        for limit in (1, 100, 32768, 100_000):
            self.toxic("limit_data", name="t", bytes=limit)
            client, server = self.more()
            data = noise(limit + 5000)
            server.send_in_background(data)
            client.expect_end("fin", data[:limit])
            self.remove("t")

    def test_limit_0_closes_at_the_first_byte(self):
        self.line()
        for limit in (0, -3):
            self.toxic("limit_data", name="t", stream="upstream", bytes=limit)
            client, server = self.more()
            client.expect_silence(0.03)
            client.send(b"x")
            client.expect_end("fin")
            server.expect_end("fin")
            self.remove("t")

    def test_a_changed_limit_counts_what_has_passed(self):
        client, server = self.line()
        self.toxic("limit_data", name="t", bytes=10)
        server.send(b"12345")
        self.assertEqual(client.recv(5), b"12345")
        self.change("t", bytes=7)
        server.send(b"6789")
        client.expect_end("fin", b"67")

    def test_noop_passes_everything(self):
        client, server = self.line()
        for stream in ("upstream", "downstream"):
            self.toxic("noop", stream=stream)
        exchange_both_ways(client, server)

    def test_packet_loss_stalls_and_keeps_the_stream_whole(self):
        client, server = self.line()
        self.toxic("packet_loss", name="t", loss_rate=0.5)
        data = noise(40_000)
        seconds = self.travel(server, client, data)
        self.assertGreater(seconds, 0.04)
        self.remove("t")
        self.assertEqual(server.send(b"x") and client.recv(1), b"x")


class Toxicity(Base):
    def outcomes(self, count):
        """How many of that many connections are cut at their first byte."""
        cut = 0
        for _ in range(count):
            client, server = self.more()
            client.send(b"x")
            client.finish()
            data, _how = server.recv_end()
            cut += data != b"x"
            client.close()
            server.close()
        return cut

    def test_it_is_the_share_of_connections(self):
        self.line()
        for toxicity, least, most in ((1, 20, 20), (7, 20, 20), (0, 0, 0),
                                      (-1, 0, 0), (0.5, 30, 90)):
            self.toxic("limit_data", name="t", stream="upstream", bytes=0,
                       toxicity=toxicity)
            cut = self.outcomes(120 if least != most else 20)
            self.assertTrue(least <= cut <= most, (toxicity, cut))
            self.remove("t")

    def test_neighbours_do_not_make_it_draw_again(self):
        self.line()
        self.toxic("bandwidth", name="t", rate=0, toxicity=0.5)
        pairs = [self.more() for _ in range(10)]
        for _client, server in pairs:
            server.send(b"0")
        time.sleep(0.5)
        clients = [client for client, _server in pairs]
        free = select.select([c.sock for c in clients], [], [], 0)[0]
        self.assertNotIn(len(free), (0, 10))
        for n in range(1, 11):
            if n % 2:
                self.toxic("noop", name="n")
            else:
                self.remove("n")
            for client, server in pairs:
                server.send(b"%d" % (n % 10))
                if client.sock in free:
                    got = client.recv(2 if n == 1 else 1)
                    self.assertEqual(got[-1:], b"%d" % (n % 10))
        for client in clients:
            if client.sock not in free:
                client.expect_silence(0.01)
        self.remove("t")
        for client in clients:
            if client.sock not in free:
                self.assertEqual(client.recv(11), b"01234567890")
