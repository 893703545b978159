# SPDX-License-Identifier: Apache-2.0
"""Every fault kind that acts on bytes × {tcp, http} × {upstream, downstream} ×
{there from the start, added to a live flow}, each removed while the flow
lives. The effect is measured at the wire; afterwards service is
byte-identical."""

import unittest

from harness import (STREAM, TOTAL, HttpLine, Scenario, TcpLine, Watch, conf,
                     connect_outcome, fault, noise, tcp_states, wait_until)


class Effect:
    """What one kind must show. `see` runs while the fault is in force; it
    returns once the effect was seen."""

    protocols = ("tcp", "http")
    survives = True  # the flow goes on after the fault is removed
    live = True  # it may come in the midst of a flow

    def __init__(self, kind, see, name=None, after=None, **more):
        self.name = name or kind
        self.see, self.after = see, after
        for word in ("protocols", "survives", "live"):
            if word in more:
                setattr(self, word, more.pop(word))
        self.conf = fault(kind, **more)


def late(least, most=8):
    def see(t, line):
        line.meet()
        watch = Watch()
        line.send(50)
        line.recv(50)
        t.assert_took(watch.seconds(), least, most)
    return see


def paced(n, least, most=20):
    def see(t, line):
        line.meet()
        watch = Watch()
        line.send(n)
        line.recv(n)
        t.assert_took(watch.seconds(), least, most)
    return see


def unharmed(t, line):
    line.send(5000)
    line.recv(5000)


def held(t, line):
    """Nothing passes; later all of it does."""
    line.send(5000)
    line.silence(0.2)


def held_body(t, line):
    line.meet()
    line.send(5000)
    line.silence(0.2)


def released(t, line):
    line.recv(5000)


def ends_of(line):
    """Both ends of a byte stream; of an exchange, the client's."""
    if line.protocol == "tcp":
        return [line.receiver, line.sender]
    return [line.client]


def ends_after(passed, how="fin"):
    """Exactly `passed` bytes come, then the end."""
    def see(t, line):
        line.send(3000)
        line.recv(passed)
        line.receiver.expect_end(how)
        if line.receiver is not line.client:
            t.assertEqual(line.client.recv_end()[1], how)
    return see


def is_reset(t, line):
    try:
        line.send(100)
    except ConnectionError:
        pass  # its head was enough
    for end in ends_of(line):
        end.expect_end("rst")


def vanishes(t, line):
    """Bytes are swallowed, then the connection is closed."""
    watch = Watch()
    line.send(100)
    for end in ends_of(line):
        data, how = end.recv_end()
        t.assertEqual(how, "fin")
        t.assertNotIn(STREAM[line.sent - 100:line.sent], data)
    t.assert_took(watch.seconds(), 0.25, 10)


def damaged(t, line):
    line.send(20_000)
    data, expected = line.recv_raw(20_000)
    wrong = [a ^ b for a, b in zip(data, expected) if a != b]
    t.assertTrue(10 < len(wrong) < 1000, f"{len(wrong)} bytes were changed")
    t.assertTrue(all(bin(x).count("1") == 1 for x in wrong))


def sliced(t, line):
    line.meet()
    watch = Watch()
    line.send(2000)
    pieces, have = [], len(line.receiver.buffer)
    line.receiver.sock.settimeout(20)
    while have < 2000:
        data = line.receiver.sock.recv(65536)
        line.receiver.buffer += data
        pieces.append(len(data))
        have += len(data)
    line.recv(2000)
    t.assert_took(watch.seconds(), 19 * 0.004, 20)
    t.assertGreater(len(pieces), 5)


def goes_silent(t, line):
    """From some moment on nothing passes, and nobody is told."""
    watch = Watch()
    while True:
        t.assertLess(watch.seconds(), 20)
        line.send(10)
        try:
            line.recv(10, 0.5)
        except AssertionError:
            break
    for end in ends_of(line):
        end.expect_silence(0.2)


def loses(t, line):
    """Some of the packets come late by a retransmission timeout."""
    line.meet()
    watch = Watch()
    for _ in range(20):
        line.send(50)
        line.recv(50)
    t.assert_took(watch.seconds(), 0.04, 30)


def closes_late(t, line):
    line.send(100)
    line.recv(100)
    watch = Watch()
    line.sender.finish()
    line.receiver.expect_end("fin")
    t.assert_took(watch.seconds(), 0.2, 10)
    line.receiver.send(b"way back")
    t.assertEqual(line.sender.recv(8), b"way back")


EFFECTS = (
    Effect("latency", late(0.15), latency="150ms"),
    Effect("latency", late(0.06), name="latency that is normal",
           latency="100ms", jitter="10ms", distribution="normal"),
    Effect("latency", late(0.04), name="latency by percentiles",
           distribution="percentiles", p50="100ms", p95="150ms"),
    Effect("latency", late(0.08), name="latency from a table",
           distribution="table", table=["80ms", "90ms"]),
    Effect("bandwidth", paced(60_000, 0.25), rate="200KB/s"),
    Effect("bandwidth", paced(60_000, 0.25), name="bandwidth, shared",
           rate="200KB/s", shared=True),
    Effect("bandwidth", held_body, name="bandwidth 0", rate=0,
           after=released),
    Effect("slicer", sliced, average_size=100, delay="4ms"),
    Effect("loss", loses, rate="40%", rtt="5ms", rto="20ms"),
    Effect("slow_close", closes_late, delay="200ms", protocols=("tcp",),
           survives=False),
    Effect("corrupt", damaged, rate="1%"),
    Effect("blackhole", held, after=released),
    Effect("blackhole", held, name="blackhole that acknowledges",
           acknowledge=True, after=released),
    Effect("noop", unharmed),
    Effect("limit_data", ends_after(1000), bytes=1000, survives=False),
    Effect("cut", ends_after(1000), bytes=1000, survives=False),
    Effect("cut", ends_after(1000, "rst"), name="cut by reset",
           bytes=1000, how="rst", survives=False),
    Effect("reset_peer", is_reset, survives=False),
    Effect("timeout", vanishes, timeout="250ms", survives=False),
    Effect("half_open", goes_silent, after_="100ms", survives=False),
    Effect("drip", paced(TOTAL, 0.35), pieces=6, duration="400ms",
           protocols=("http",), live=False),
)


class Matrix(Scenario):
    """Filled below: a test for every combination."""

    limit = 60

    def prepare(self, protocol, *faults):
        self.upstream = self.backend()
        self.port, self.proxy, self.text = self.proxied(
            self.upstream.port, *faults, protocol=protocol)
        self.line_class = HttpLine if protocol == "http" else TcpLine

    def line(self, up):
        return self.line_class(self, self.port, self.upstream, up)

    def finish(self, effect, line, up):
        """Removes the fault; service is as if it had never been."""
        self.proxy.reload(self.text())
        if effect.survives:
            if effect.after:
                effect.after(self, line)
            line.whole()
        else:
            line.client.close()
        self.upstream.drop_waiting()
        fresh = self.line(up)
        fresh.whole()

    def from_the_start(self, effect, protocol, up):
        self.prepare(protocol, effect.conf | self.stream(up))
        line = self.line(up)
        effect.see(self, line)
        self.finish(effect, line, up)

    def added_live(self, effect, protocol, up):
        self.prepare(protocol)
        line = self.line(up)
        line.send(1000)
        line.recv(1000)
        self.proxy.reload(self.text(effect.conf | self.stream(up)))
        effect.see(self, line)
        self.finish(effect, line, up)

    def stream(self, up):
        return {"stream": "upstream" if up else "downstream"}


def fill():
    for effect in EFFECTS:
        for protocol in effect.protocols:
            for up in (True, False):
                way = "upstream" if up else "downstream"
                for when in ("from_the_start", "added_live"):
                    if when == "added_live" and not effect.live:
                        continue

                    def test(self, effect=effect, protocol=protocol, up=up,
                             when=when):
                        getattr(self, when)(effect, protocol, up)

                    words = f"{effect.name} {way} on {protocol} {when}"
                    name = "test_" + words.replace(" ", "_").replace(",", "")
                    test.__name__ = name
                    setattr(Matrix, name, test)


fill()


class Changes(Scenario):
    """What changes on a live flow while bytes are held."""

    def prepare(self, *faults, **fields):
        self.upstream = self.backend()
        self.port, self.proxy, self.text = self.proxied(
            self.upstream.port, *faults, **fields)
        return TcpLine(self, self.port, self.upstream, False)

    def test_a_shorter_latency_lets_held_bytes_go(self):
        line = self.prepare(fault("latency", latency="1h"))
        line.send(5000)
        line.silence(0.1)
        self.proxy.reload(self.text(fault("latency", latency="10ms")))
        line.recv(5000)
        line.whole()

    def test_bytes_held_by_a_removed_fault_come_before_later_ones(self):
        line = self.prepare(fault("latency", latency="1h"))
        for _ in range(50):
            line.send(1000)
        line.silence(0.05)
        line.sender.send_in_background(STREAM[50_000:])
        line.sent = TOTAL
        self.proxy.reload(self.text())
        line.recv(TOTAL)
        line.end()

    def test_an_end_that_is_held_goes_when_the_fault_does(self):
        line = self.prepare(fault("slow_close", delay="1h"))
        line.send(100)
        line.recv(100)
        line.sender.finish()
        line.silence(0.1)
        self.proxy.reload(self.text())
        line.receiver.expect_end("fin")

    def test_a_pending_reset_is_called_off_by_removal(self):
        line = self.prepare(fault("reset_peer", timeout="1h"))
        line.send(100)
        line.silence(0.1)
        self.proxy.reload(self.text())
        line.recv(100)
        line.whole()

    def test_a_fault_put_in_front_of_another_keeps_the_order(self):
        held = fault("latency", name="a", latency="1h")
        line = self.prepare(held)
        line.send(5000)
        line.silence(0.05)
        first = fault("slicer", name="s", average_size=700)
        self.proxy.reload(self.text(first, held))
        line.send(5000)
        self.proxy.reload(self.text(first))
        line.recv(10_000)
        line.whole()

    def test_flipping_faults_on_and_off_under_load_harms_no_byte(self):
        line = self.prepare()
        sets = ((), (fault("latency", latency="2ms"),),
                (fault("slicer", average_size=900),
                 fault("latency", latency="1ms")),
                (fault("bandwidth", rate="30MB/s"),),
                (fault("blackhole"),), (fault("noop"),))
        data = noise(20_000_000, 9)
        thread = line.sender.send_in_background(data)
        got, turn = [], 0
        for n in range(20):
            self.proxy.reload(self.text(*sets[turn % len(sets)]))
            turn += 1
            if sets[(turn - 1) % len(sets)][:1] != (fault("blackhole"),):
                got.append(line.receiver.recv(1_000_000))
        self.proxy.reload(self.text())
        rest = len(data) - sum(map(len, got))
        got.append(line.receiver.recv(rest, 60))
        thread.join()
        self.assertTrue(b"".join(got) == data)
        self.assertEqual(n, 19)

    def test_stacked_latencies_add_up(self):
        line = self.prepare(fault("latency", name="a", latency="60ms"),
                            fault("latency", name="b", latency="70ms"))
        watch = Watch()
        line.send(10)
        line.recv(10)
        self.assert_took(watch.seconds(), 0.13, 10)

    def test_both_streams_at_once_delay_both_ways(self):
        line = self.prepare(fault("latency", latency="60ms", stream="both"))
        watch = Watch()
        line.send(10)
        line.recv(10)
        line.receiver.send(b"pong")
        self.assertEqual(line.sender.recv(4), b"pong")
        self.assert_took(watch.seconds(), 0.12, 10)

    def test_held_bytes_are_dropped_with_a_reset_when_asked(self):
        line = self.prepare(fault("blackhole", held="drop"))
        line.send(100)
        line.silence(0.1)
        self.proxy.reload(self.text())
        line.receiver.expect_end("rst")

    def test_a_session_that_ends_while_it_is_deaf_is_over(self):
        """The kernel finishes what the proxy closed, and did not hear the
        client's last acknowledgement any more: new connections from the same
        port to the same port went unanswered for minutes."""
        self.upstream = self.backend()
        self.port, self.proxy, self.text = self.proxied(self.upstream.port)
        client, server = self.pair(self.port, self.upstream)
        client.finish()
        server.expect_end("fin")
        self.proxy.reload(self.text(fault("blackhole", stream="upstream")))
        server.send(b"all of it")
        server.close()
        client.expect_end("fin", b"all of it")
        client.close()
        wait_until(lambda: tcp_states(self.port) == ["LISTEN"], within=5,
                   what="the end of the connection")

    def test_a_route_that_is_removed_drains(self):
        line = self.prepare(fault("latency", latency="30ms"))
        line.send(100)
        line.recv(100)
        self.proxy.reload(conf.text())
        wait_until(lambda: connect_outcome(self.port, 1) == "refused",
                   what="a closed port")
        line.whole()


if __name__ == "__main__":
    unittest.main()
