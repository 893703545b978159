# SPDX-License-Identifier: Apache-2.0
"""Files that change while the proxy runs: however they are written, a good
one is in force at once and a bad one changes nothing."""

import os
import signal
import time
import unittest

from harness import (Scenario, conf, connect_outcome, fault, free_port, route,
                     wait_until)


class Reload(Scenario):
    def setUp(self):
        self.upstream = self.serving()
        self.port, self.proxy, self.text = self.proxied(self.upstream.port)
        self.live = self.client(self.port)

    def cut(self):
        """A configuration whose effect is seen at once: one byte passes."""
        return self.text(fault("limit_data", bytes=1))

    def is_cut(self):
        return len(self.client(self.port).send(b"abc").finish()
                   .recv_end()[0]) == 1

    def still_live(self):
        self.live.send(b"ping")
        self.assertEqual(self.live.recv(4), b"ping")

    def test_a_file_replaced_by_rename_is_reloaded(self):
        self.proxy.reload(self.cut())
        self.assertTrue(self.is_cut())

    def test_a_file_written_in_place_is_reloaded(self):
        self.proxy.reload(self.cut(), self.proxy.write_in_place)
        self.assertTrue(self.is_cut())

    def test_a_file_that_is_removed_and_written_anew_is_reloaded(self):
        def write(text):
            os.rename(self.proxy.conf, self.proxy.conf + "~")
            time.sleep(0.15)
            with open(self.proxy.conf, "w", encoding="ascii") as f:
                f.write(text)

        self.proxy.reload(self.cut(), write)
        self.assertTrue(self.is_cut())

    def test_many_reloads_in_a_row_end_in_the_last(self):
        for n in range(30):
            self.proxy.write(self.text(fault("latency",
                                             latency=f"{n + 1}ms")))
            time.sleep(0.01 * (n % 7))
        self.proxy.write(self.cut())
        wait_until(self.is_cut, what="the last configuration")
        self.assertFalse(self.proxy.log_events("config_rejected"))

    def test_sighup_reloads(self):
        before = len(self.proxy.reloads())
        self.proxy.signal(signal.SIGHUP)
        self.proxy.reloaded(before)
        self.still_live()

    def test_a_bad_file_leaves_everything_as_it_was(self):
        self.still_live()
        self.proxy.reload(self.cut())
        for bad in ("sead = 1;\n", "routes = (", b"\0\xff",
                    self.text(fault("latency", latency="x"))):
            line = self.proxy.reload_refused(bad)
            self.assertEqual(line["level"], "error")
            self.assertTrue(self.is_cut())
        # What is wrong is told with its place.
        self.assertRegex(str(self.proxy.log()) + self.proxy.errors(),
                         r"faultwire\.conf:\d+")
        self.proxy.reload(self.text())
        self.assertFalse(self.is_cut())
        self.still_live()

    def test_a_port_that_is_taken_leaves_everything_as_it_was(self):
        taken = self.backend()
        other = free_port()
        text = conf.text([
            route("r", self.port, self.upstream.port,
                  fault("limit_data", bytes=1)),
            route("new", other, self.upstream.port),
            route("taken", taken.port, self.upstream.port)])
        self.proxy.reload_refused(text)
        self.assertFalse(self.is_cut())
        self.assertEqual(connect_outcome(other, 5), "refused")
        self.still_live()

    def test_routes_come_go_and_move(self):
        second, third = free_port(), free_port()
        up = self.upstream.port
        self.proxy.reload(conf.text([route("r", self.port, up),
                                     route("s", second, up)]))
        self.assertEqual(connect_outcome(second, 5), "ok")
        self.proxy.reload(conf.text([route("r", self.port, up),
                                     route("s", third, up)]))
        self.assertEqual(connect_outcome(third, 5), "ok")
        wait_until(lambda: connect_outcome(second, 5) == "refused")
        self.still_live()
        self.proxy.reload(conf.text([]))
        wait_until(lambda: connect_outcome(self.port, 5) == "refused")
        self.proxy.reload(self.text())
        self.assertEqual(connect_outcome(self.port, 5), "ok")

    def test_an_unchanged_route_keeps_its_sessions(self):
        self.still_live()
        self.proxy.reload(conf.text([
            route("other", free_port(), self.upstream.port),
            route("r", self.port, self.upstream.port)]))
        self.still_live()

    def test_a_new_upstream_is_for_new_connections(self):
        self.still_live()
        other = self.serving(lambda c: c.send(b"other"))
        self.proxy.reload(conf.text([route("r", self.port, other.port)]))
        self.assertEqual(self.client(self.port).recv(5), b"other")

    def test_a_change_of_an_included_file_is_seen(self):
        part = os.path.join(self.proxy.dir, "faults.conf")

        def write_part(text):
            with open(part + ".new", "w", encoding="ascii") as f:
                f.write(text)
            os.rename(part + ".new", part)

        write_part("\n")
        self.proxy.reload(
            f'routes = ( {{ name = "r"; listen = "127.0.0.1:{self.port}"; '
            f'upstream = "127.0.0.1:{self.upstream.port}"; faults = (\n'
            '@include "faults.conf"\n); } );\n')
        self.proxy.reload('{ type = "limit_data"; bytes = 1; }\n', write_part)
        self.assertTrue(self.is_cut())

    def test_a_thousand_routes_are_applied_and_taken_back(self):
        up = self.upstream.port
        ports = [free_port() for _ in range(300)]
        many = [route(f"r{n}", p, up) for n, p in enumerate(ports)]
        self.proxy.reload(conf.text([route("r", self.port, up)] + many))
        for port in ports[::50]:
            self.assertEqual(connect_outcome(port, 5), "ok")
        self.proxy.reload(self.text())
        wait_until(lambda: connect_outcome(ports[0], 5) == "refused")
        self.still_live()

    def test_changed_faults_act_on_live_sessions_at_once(self):
        self.still_live()
        self.proxy.reload(self.text(fault("blackhole", acknowledge=True)))
        self.live.send(b"held")
        self.live.expect_silence(0.2)
        self.proxy.reload(self.text())
        self.assertEqual(self.live.recv(4), b"held")


if __name__ == "__main__":
    unittest.main()
