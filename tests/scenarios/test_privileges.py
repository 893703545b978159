# SPDX-License-Identifier: Apache-2.0
"""faultwire run --user: root until everything is open, never again after."""

import os
import pwd
import re
import tempfile
import unittest

from harness import (Scenario, conf, connect, connect_outcome, echo, free_port,
                     is_root, read_message, route, run, wait_until)

GET = b"GET /proxies HTTP/1.1\r\nHost: localhost\r\n\r\n"
# Who changed his ids cannot be looked into by the leak checker.
ENV = {"ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1:exitcode=99"}


def status_fields(pid, task):
    with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as f:
        return dict(re.findall(r"^(\w+):[ \t]*(.*)$", f.read(), re.M))


class User(Scenario):
    def setUp(self):
        if not is_root():
            self.skipTest("only root can become somebody else")
        self.who = pwd.getpwnam("nobody")
        made = tempfile.TemporaryDirectory(prefix="faultwire-user-")
        self.addCleanup(made.cleanup)
        self.dir = made.name
        os.chmod(self.dir, 0o755)

    def begin(self, routes, user="nobody", **control):
        control.setdefault("listen", "127.0.0.1:0")
        path = os.path.join(self.dir, "faultwire.conf")
        with open(path, "w", encoding="ascii") as f:
            f.write(conf.text(routes, control=control))
        return self.start(None, path=path, env=ENV, args=["--user", user])

    def low_port(self):
        for port in range(700, 1000):
            if connect_outcome(port, 1) == "refused":
                return port
        raise AssertionError("no free port below 1024")

    def test_every_thread_is_the_user_and_has_nothing_else(self):
        upstream = self.serving(echo)
        port = self.low_port()
        proxy = self.begin([route("low", port, upstream.port)])
        pid = proxy.process.pid
        tasks = os.listdir(f"/proc/{pid}/task")
        self.assertGreater(len(tasks), 3)
        for task in tasks:
            fields = status_fields(pid, task)
            self.assertEqual(fields["Uid"].split(),
                             [str(self.who.pw_uid)] * 4)
            self.assertEqual(fields["Gid"].split(),
                             [str(self.who.pw_gid)] * 4)
            self.assertEqual(fields["Groups"].strip(), "")
            self.assertEqual(fields["NoNewPrivs"], "1")
            for name in ("CapPrm", "CapEff", "CapAmb"):
                self.assertEqual(int(fields[name], 16), 0, name)
        client = self.client(port)
        client.send(b"hello")
        self.assertEqual(client.recv(5), b"hello")

    def test_what_needs_root_later_is_refused_and_changes_nothing(self):
        upstream = self.serving(echo)
        port, low = free_port(), self.low_port()
        routes = [route("r", port, upstream.port)]
        proxy = self.begin(routes)
        control = {"listen": "127.0.0.1:0"}
        proxy.reload_refused(conf.text(
            routes + [route("low", low, upstream.port)], control=control))
        text = proxy.raw_log()
        self.assertIn(f"cannot listen on 127.0.0.1:{low}: Permission denied; "
                      "ports below 1024 are for root or "
                      "CAP_NET_BIND_SERVICE", text)
        # A file, and then a token, that only root may read.
        before = len(proxy.reloads())
        os.chmod(proxy.conf, 0o600)
        proxy.signal(1)
        proxy.reloaded(before, "config_rejected")
        self.assertIn("cannot be read: Permission denied", proxy.raw_log())
        token = os.path.join(self.dir, "token")
        with open(token, "w", encoding="ascii") as f:
            f.write("secret\n")
        os.chmod(token, 0o600)
        proxy.reload_refused(conf.text(
            routes, control={**control, "token_file": token}))
        self.assertIn(f"control.token_file: {token} cannot be read: "
                      "Permission denied", proxy.raw_log())
        client = self.client(port)
        client.send(b"hello")
        self.assertEqual(client.recv(5), b"hello")

    def test_unix_sockets_belong_to_the_user(self):
        path = os.path.join(self.dir, "control.sock")
        self.begin([], user="nobody:daemon", listen=f"unix:{path}")
        made = os.stat(path)
        self.assertEqual(made.st_uid, self.who.pw_uid)
        self.assertEqual(made.st_mode & 0o777, 0o660)
        client = connect(path)
        client.send(GET)
        self.assertEqual(read_message(client).status, 200)
        client.close()

    def test_users_that_are_not_there_are_an_error_of_usage(self):
        done = run("run", "-c", "{}", "--user", "no-such", text="")
        self.assertEqual(done.returncode, 2)
        self.assertIn('--user: there is no user "no-such"', done.stderr)


class Token(Scenario):
    def test_a_new_token_comes_into_force_with_a_reload(self):
        made = tempfile.TemporaryDirectory(prefix="faultwire-token-")
        self.addCleanup(made.cleanup)
        token = os.path.join(made.name, "token")
        with open(token, "w", encoding="ascii") as f:
            f.write("first")
        control = {"listen": "0.0.0.0:0", "token_file": token}
        proxy = self.start(conf.text(control=control))
        line = wait_until(lambda: proxy.log_events("control_listening"))[0]
        at = ("127.0.0.1", int(line["listen"].rsplit(":", 1)[1]))

        def status(given):
            client = self.client(at)
            client.send(GET[:-2] + b"Authorization: Bearer " + given +
                        b"\r\n\r\n")
            return read_message(client).status

        self.assertEqual([status(b"first"), status(b"second")], [200, 401])
        with open(token, "w", encoding="ascii") as f:
            f.write("second")
        proxy.reload(conf.text(control=control))
        self.assertEqual([status(b"first"), status(b"second")], [401, 200])
        # Nobody is let in by a file that asks for another address, for that
        # one comes into force with a restart only.
        proxy.reload_refused(conf.text(control={"listen": "127.0.0.1:0"}))
        self.assertEqual([status(b"second"), status(b"")], [200, 401])


if __name__ == "__main__":
    unittest.main()
