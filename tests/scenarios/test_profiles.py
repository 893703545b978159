# SPDX-License-Identifier: Apache-2.0
"""Link profiles: a route is like a known network, and the network changes
while connections are open."""

import json
import unittest

from harness import (Scenario, Watch, ask, conf, fault, free_port, noise,
                     route, run, wait_until)
from harness.api import control


class Profiles(Scenario):
    def web_route(self, profile, *faults, **options):
        """A route to a web server, and a function that writes it anew."""
        self.port, web = free_port(), self.web()

        def text(profile, *faults):
            return conf.text([route("r", self.port, web.port, *faults,
                                    protocol="http", profile=profile)],
                             control={"listen": "127.0.0.1:0"})

        self.proxy = self.start(text(profile, *faults), **options)
        return text

    def exchange(self, client):
        return Watch.over(
            lambda: self.assertEqual(ask(client).status, 200))

    def first_exchange(self):
        return self.exchange(self.client(self.port))

    def test_3g_costs_a_round_trip_to_connect_and_one_to_ask(self):
        self.web_route("3g")
        client = self.client(self.port)
        self.assert_took(self.exchange(client), 0.6, 10)
        self.assert_takes(lambda: self.exchange(client), 0.3, 0.59)

    def test_the_rate_is_shared_by_the_connections_of_the_route(self):
        # 5 Mbit/s: two times 200 kB take 0.64 s.
        backend = self.backend()
        port, _proxy, _text = self.proxied(backend.port, profile="cable")
        pairs = [self.pair(port, backend) for _ in range(2)]
        watch, data = Watch(), noise(200_000)
        for _client, server in pairs:
            server.send_in_background(data)
        for client, _server in pairs:
            self.assertEqual(client.recv(len(data)), data)
        self.assert_took(watch.seconds(), 0.62, 10)

    def test_another_profile_in_the_file_acts_on_open_connections(self):
        text = self.web_route("3g")
        client = self.client(self.port)
        self.assert_took(self.exchange(client), 0.6, 10)
        self.proxy.reload(text("dsl"))
        self.assert_takes(lambda: self.exchange(client), 0.05, 0.25)
        self.proxy.reload(text("loopback"))
        self.assert_takes(lambda: self.exchange(client), 0, 0.04)
        self.proxy.reload_refused(text("3gg"))
        self.assertIn("3g", self.proxy.log_events("config_error")[-1]["error"])

    def test_a_fault_of_the_file_takes_the_place_of_a_part(self):
        self.web_route("satellite", fault(
            "latency", name="satellite_latency", latency="10ms",
            stream="both"), fault("connect_delay", delay="1ms",
                                  name="satellite_connect", enabled=False))
        self.assert_takes(self.first_exchange, 0.02, 0.25)

    def test_the_api_shows_the_faults_and_changes_the_profile(self):
        self.web_route("3g")
        api, path = control(self.proxy), "/v1/routes/r"
        seen = api.get(path).json
        self.assertEqual(seen["profile"], "3g")
        self.assertEqual([f["name"] for f in seen["faults"]],
                         ["3g_connect", "3g_up", "3g_down", "3g_latency"])
        client = self.client(self.port)
        self.assert_took(self.exchange(client), 0.6, 10)
        reply = api.patch(path, {"profile": "fiber"})
        self.assertEqual(reply.status, 200, reply.raw)
        self.assertEqual({f["name"] for f in reply.json["faults"]},
                         {"fiber_connect", "fiber_up", "fiber_down",
                          "fiber_latency"})
        self.assert_takes(lambda: self.exchange(client), 0.004, 0.2)
        self.assertEqual(api.patch(path, {"enabled": True}).status, 200)
        self.assertEqual(api.delete(path + "/faults/fiber_down").status, 204)
        self.assertEqual(len(api.get(path + "/faults").json["faults"]), 3)
        reply = api.patch(path, {"profile": "fibre"})
        self.assertEqual(reply.status, 400)
        self.assertIn("fiber", reply.json["error"])
        reply = api.put(path, {**{k: seen[k] for k in ("listen", "upstream")},
                               "profile": "lte"})
        self.assertEqual([f["name"] for f in reply.json["faults"]],
                         ["lte_connect", "lte_up", "lte_down", "lte_latency"])
        self.assertEqual(api.patch(path, {"profile": "none"})
                         .json["faults"], [])

    def test_a_profile_set_under_a_lease_goes_with_the_lease(self):
        self.web_route("none")
        api, path = control(self.proxy), "/v1/routes/r"
        lease = api.post("/v1/leases", {"ttl": "60s"}).json["lease"]
        reply = api.patch(path, {"profile": "dsl"},
                          headers={"Faultwire-Lease": lease})
        self.assertEqual(len(reply.json["faults"]), 4, reply.raw)
        self.assertEqual(api.delete(f"/v1/leases/{lease}").status, 204)
        wait_until(lambda: not api.get(path).json["faults"],
                   what="the faults' end")

    def test_the_file_is_right_again_after_a_reload(self):
        text = self.web_route("3g")
        api, path = control(self.proxy), "/v1/routes/r"
        api.patch(path, {"profile": "edge"})
        self.proxy.reload(text("3g"))
        self.assertEqual({f["name"].split("_")[0]
                          for f in api.get(path).json["faults"]}, {"3g"})


class CommandLine(Scenario):
    def test_a_route_without_a_file_takes_a_profile(self):
        port, web = free_port(), self.web()
        self.start(None, args=["--listen", f"127.0.0.1:{port}", "--upstream",
                               f"127.0.0.1:{web.port}", "--profile", "dsl"])
        watch = Watch()
        self.assertEqual(ask(self.client(port)).status, 200)
        self.assert_took(watch.seconds(), 0.1, 10)

    def test_profiles_are_listed_with_figures_and_sources(self):
        listed = run("profiles")
        self.assertEqual(listed.returncode, 0)
        for name in ("edge", "3g", "4g", "lte", "dsl", "cable", "satellite",
                     "wifi-bad", "cross-region", "loopback"):
            self.assertRegex(listed.stdout, rf"(?m)^{name} ")
            one = run("profiles", name)
            self.assertEqual(one.returncode, 0)
            self.assertIn("Source:", one.stdout)
        every = json.loads(run("profiles", "--json").stdout)
        self.assertEqual(next(p for p in every if p["name"] == "3g")
                         ["rtt_ms"], 300)
        one = json.loads(run("profiles", "3g", "--json").stdout)
        self.assertIn("latency,name=3g_latency", one["faults"][-1])

    def test_mistakes_are_told(self):
        wrong = run("profiles", "satelite")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn('did you mean "satellite"?', wrong.stderr)
        self.assertEqual(run("profiles", "a", "b").returncode, 2)
        wrong = run("run", "--listen", ":0", "--upstream", "h:1",
                    "--profile", "5g")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("--profile", wrong.stderr)
        wrong = run("check", "-c", "{}", text=conf.text(
            [route("r", 1, 2, profile="3gg")]))
        self.assertRegex(wrong.stderr, r'\.conf:4: profile: "3gg".*"3g"')


if __name__ == "__main__":
    unittest.main()
