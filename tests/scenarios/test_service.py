# SPDX-License-Identifier: Apache-2.0
"""Under a service manager: what it is told, in datagrams of systemd's kind."""

import os
import signal
import socket
import tempfile
import time
import unittest

from harness import (WITHIN, Scenario, conf, connect_outcome, fault,
                     free_port, route, wait_until)


class Service(Scenario):
    def manager(self, name):
        """The socket of a manager; a name with @ has no file."""
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        made.bind("\0" + name[1:] if name[0] == "@" else name)
        made.settimeout(WITHIN)
        self.addCleanup(made.close)
        return made

    def started(self, name=None, env=None, *faults, **options):
        name = name or f"@faultwire-scenario-{os.getpid()}-{id(self)}"
        self.socket, self.port = self.manager(name), free_port()
        self.upstream = self.serving()

        def text(*faults):
            return conf.text([route("r", self.port, self.upstream.port,
                                    *faults)])

        self.proxy = self.start(text(*faults), ready=False, env={
            "NOTIFY_SOCKET": name, **(env or {})}, **options)
        return text

    def told(self):
        return self.socket.recv(4096).decode().split("\n")

    def test_ready_is_told_once_clients_can_connect(self):
        self.started()
        self.assertEqual(self.told(), ["READY=1", "STATUS=serving; routes: 1"])
        self.assertEqual(connect_outcome(self.port, WITHIN), "ok")

    def test_a_socket_with_a_file_will_do(self):
        with tempfile.TemporaryDirectory() as folder:
            self.started(os.path.join(folder, "notify"))
            self.assertEqual(self.told()[0], "READY=1")
            self.proxy.stop()

    def test_a_reload_is_told_from_beginning_to_end(self):
        text = self.started()
        self.told()
        before = time.monotonic_ns() // 1000
        self.proxy.reload(text(fault("noop")))
        reloading, when = self.told()
        self.assertEqual(reloading, "RELOADING=1")
        name, microseconds = when.split("=")
        self.assertEqual(name, "MONOTONIC_USEC")
        self.assertTrue(before <= int(microseconds)
                        <= time.monotonic_ns() // 1000)
        self.assertEqual(self.told()[0], "READY=1")
        self.proxy.signal(signal.SIGHUP)
        self.assertEqual(self.told()[0], "RELOADING=1")
        self.assertEqual(self.told()[0], "READY=1")

    def test_a_refused_reload_ends_too_and_says_so(self):
        self.started()
        self.told()
        self.proxy.reload_refused("routes = ;")
        self.assertEqual(self.told()[0], "RELOADING=1")
        self.assertEqual(self.told(), [
            "READY=1",
            "STATUS=serving; routes: 1; the configuration was rejected"])

    def test_the_end_is_told_when_it_begins(self):
        self.started()
        self.told()
        client = self.client(self.port)
        client.send(b"x").recv(1)
        self.proxy.signal(signal.SIGTERM)
        self.assertEqual(self.told(), ["STOPPING=1",
                                       "STATUS=draining; sessions: 1"])
        self.assertEqual(client.send(b"y").recv(1), b"y")

    def test_signs_of_life_come_twice_as_often_as_is_asked(self):
        self.started(env={"WATCHDOG_USEC": "200000"})
        self.told()
        start = time.monotonic()
        for _ in range(5):
            self.assertEqual(self.told(), ["WATCHDOG=1"])
        self.assertGreater(time.monotonic() - start, 0.4)

    def test_without_a_watchdog_there_are_none(self):
        self.started(env={"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"})
        self.told()
        self.proxy.signal(signal.SIGHUP)
        self.assertEqual(self.told()[0], "RELOADING=1")

    def test_a_manager_that_is_gone_harms_nothing(self):
        text = self.started()
        self.told()
        self.socket.close()
        self.proxy.reload(text(fault("noop")))
        self.assertEqual(connect_outcome(self.port, WITHIN), "ok")

    def test_a_socket_that_is_none_is_told_in_the_log(self):
        proxy = self.start(conf.text(), env={"NOTIFY_SOCKET": "/dev/null"})
        said = proxy.wait_log("notify_unreachable")[0]
        self.assertIn("/dev/null", said["error"])
        wait_until(lambda: proxy.log_events("ready"))


if __name__ == "__main__":
    unittest.main()
