# SPDX-License-Identifier: Apache-2.0
"""Health: what orchestrators ask, and the order in which the proxy ends."""

import tempfile

from harness import (Scenario, conf, fault, free_port, get, route, run,
                     wait_scrape, wait_until)

PATHS = ("/livez", "/readyz", "/healthz")


class Health(Scenario):
    TOKEN = "open-sesame-open-sesame-open-sesame"

    def started(self, *faults, upstream=1, **groups):
        self.port, self.control = free_port(), free_port()
        return self.start(conf.text(
            [route("r", self.port, upstream, *faults)],
            control={"listen": f"127.0.0.1:{self.control}",
                     **groups.pop("control", {})}, **groups))

    def test_a_good_proxy_is_alive_and_ready(self):
        self.started()  # an upstream that is not there does not matter
        for path in PATHS:
            reply = get(self.control, path)
            self.assertEqual((reply.status, reply.body), (200, b"ok\n"))
            self.assertEqual(reply.get("cache-control"), "no-store")
            self.assertTrue(reply.get("content-type").startswith(
                "text/plain"))
            reply = get(self.control, path, "HEAD")
            self.assertEqual((reply.status, reply.get("content-length")),
                             (200, "3"))
            self.assertEqual(get(self.control, path, "POST").status, 405)

    def test_verbose_lists_the_checks(self):
        self.started()
        for query in ("?verbose", "?verbose=1", "?verbose&x"):
            reply = get(self.control, "/readyz" + query)
            lines = reply.body.decode().splitlines()
            self.assertEqual(lines, [
                "control: ok", "workers: ok", "configuration: ok",
                "listeners: ok", "drain: ok", "ok"])
        self.assertEqual(get(self.control, "/readyz?verbos").body, b"ok\n")
        self.assertEqual(get(self.control, "/livez?verbose").body,
                         b"control: ok\nworkers: ok\nok\n")

    def test_no_token_is_asked_for(self):
        with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
            file.write(f"{self.TOKEN}\n")
            file.flush()
            self.started(control={"token_file": file.name})
        for path in PATHS:
            self.assertEqual(get(self.control, path).status, 200)
        self.assertEqual(get(self.control, "/metrics").status, 401)
        reply = get(self.control, "/metrics",
                    headers=[f"Authorization: Bearer {self.TOKEN}"])
        self.assertEqual(reply.status, 200)

    def test_while_it_drains_it_is_alive_but_not_ready(self):
        backend = self.backend()
        proxy = self.started(fault("latency", latency="1h"),
                             upstream=backend.port)
        client, server = self.pair(self.port, backend)
        server.send(b"held")
        wait_scrape(self.control,
                    lambda m: m.value("faultwire_faults_in_flight") == 1)
        proxy.signal(15)
        wait_until(lambda: get(self.control, "/readyz").status == 503,
                   what="not ready")
        self.assertEqual(get(self.control, "/readyz").body, b"draining\n")
        self.assertIn(b"drain: draining\n",
                      get(self.control, "/readyz?verbose").body)
        self.assertEqual(get(self.control, "/livez").status, 200)
        # The faults are gone: what they held arrives, sessions go on.
        self.assertEqual(client.recv(4), b"held")
        client.send(b"more")
        self.assertEqual(server.recv(4), b"more")
        events = [e.get("event") for e in proxy.log()]
        self.assertLess(events.index("draining"),
                        events.index("fault_cleared"))
        client.close()
        server.close()
        self.assertEqual(proxy.wait(), 0)

    def test_the_command_asks_for_it(self):
        self.started()
        url = f"http://127.0.0.1:{self.control}"
        self.assertEqual(run("healthcheck", "--control", url).returncode, 0)
