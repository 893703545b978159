# SPDX-License-Identifier: Apache-2.0
"""Changes by the /v1 API: tried without effect, made together or not at all,
guarded by generations, bound to leases, and written down as a file."""

import threading
import unittest

from harness import conf, free_port, run, wait_until
from test_v1 import TCP, V1

FAULTS = "/v1/routes/a/faults"
NOOP = {"type": "noop", "name": "n"}


class DryRuns(V1):
    def test_nothing_comes_of_a_dry_run_but_its_description(self):
        before = self.api.get("/v1/routes").json
        calls = [
            ("POST", "/v1/routes", {"name": "b", **TCP, "faults": [NOOP]},
             {("route_added", "b", None), ("fault_armed", "b", "n")}),
            ("POST", FAULTS, NOOP, {("fault_armed", "a", "n")}),
            ("PATCH", FAULTS + "/latency_downstream", {"latency": "5ms"},
             {("fault_updated", "a", "latency_downstream")}),
            ("DELETE", FAULTS + "/latency_downstream", None,
             {("fault_cleared", "a", "latency_downstream")}),
            ("PATCH", "/v1/routes/a", {"upstream": "h:1"},
             {("route_updated", "a", None)}),
            ("POST", "/v1/routes/a/disable", None,
             {("route_updated", "a", None)}),
            ("DELETE", "/v1/routes/web", None,
             {("route_removed", "web", None)}),
            ("POST", "/v1/reset", None, set()),
            ("POST", "/v1/reload", None, set()),
            ("POST", "/v1/leases", None, set()),
            ("POST", "/v1/apply", {"changes": [
                {"method": "POST", "path": FAULTS, "body": NOOP}]},
             {("fault_armed", "a", "n")}),
        ]
        for method, path, body, wanted in calls:
            reply = self.expect(200, method, path + "?dry_run=true", body)
            self.assertEqual(reply.generation, 1)
            self.assertIs(reply.json["dry_run"], True)
            self.assertEqual({(c["change"], c.get("route"), c.get("fault"))
                              for c in reply.json["changes"]}, wanted)
        self.assertEqual(self.api.get("/v1/routes").json, before)
        self.assertEqual(self.api.get("/v1/leases").json, {"leases": []})

    def test_a_dry_run_starts_no_partition(self):
        said = self.expect(200, "POST",
                           "/v1/partitions/split/start?dry_run").json
        self.assertIn({"change": "partition_up", "partition": "split"},
                      said["changes"])
        self.assertFalse(self.api.get("/v1/partitions/split")
                         .json["state"]["active"])

    def test_what_would_be_refused_is_refused(self):
        taken = self.serving().port
        self.refused(409, "cannot listen", "POST", "/v1/routes?dry_run=true",
                     {"name": "b", "listen": f"127.0.0.1:{taken}",
                      "upstream": "h:1"})
        self.refused(400, "unknown key", "POST", FAULTS + "?dry_run=true",
                     {"type": "noop", "x": 1}, field="x")


class Together(V1):
    def test_all_changes_come_into_force_as_one(self):
        reply = self.expect(200, "POST", "/v1/apply", {"changes": [
            {"method": "POST", "path": "/v1/routes",
             "body": {"name": "b", **TCP}},
            {"method": "POST", "path": "/v1/routes/b/faults?at=0",
             "body": NOOP},
            {"method": "PATCH", "path": "/v1/routes/b/faults/n",
             "body": {"probability": 0.5}},
            {"method": "POST", "path": "/v1/partitions/split/start"},
            {"method": "DELETE", "path": "/v1/routes/web"},
        ]})
        self.assertEqual(reply.generation, 2)
        results = reply.json["results"]
        self.assertEqual([r["status"] for r in results],
                         [201, 201, 200, 200, 204])
        self.assertEqual(results[1]["body"]["probability"], 0.5)
        self.assertIsNone(results[4]["body"])
        self.assertEqual([r["name"] for r in
                          self.api.get("/v1/routes").json["routes"]],
                         ["a", "b"])

    def test_one_bad_change_undoes_all(self):
        good = {"method": "POST", "path": FAULTS, "body": NOOP}
        for bad, status, field, text in (
            ({"method": "POST", "path": FAULTS, "body": {
                "type": "latency", "latency": "x"}}, 400,
             "changes[1].body.latency", "latency"),
            ({"method": "POST", "path": FAULTS, "body": NOOP}, 409,
             "changes[1].body.name", "already"),
            ({"method": "DELETE", "path": "/v1/routes/c"}, 404,
             "changes[1].body", "no route"),
            ({"method": "GET", "path": "/v1/routes"}, 400, "changes[1]",
             "cannot be part"),
            ({"method": "POST", "path": "/v1/apply"}, 400, "changes[1]",
             "cannot be part"),
            ({"method": "POST", "path": FAULTS + "?x=1", "body": NOOP}, 400,
             "changes[1].x", "unknown parameter"),
            ({"method": "POST", "body": NOOP}, 400, "changes[1].path",
             "missing"),
            ({"method": "POST", "path": FAULTS, "boby": NOOP}, 400,
             "changes[1].boby", "unknown key"),
            (3, 400, "changes[1].method", "missing"),
            ({"method": "POST", "path": "/v1/partitions", "body": {
                "name": "p", "groups": [["x"], ["z"]]}}, 400,
             "changes[1].body", "no service"),
        ):
            self.refused(status, text, "POST", "/v1/apply",
                         {"changes": [good, bad]}, field=field)
        self.refused(400, "nothing else", "POST", "/v1/apply",
                     {"changes": [], "x": 1}, field="changes")

    def test_ports_may_be_swapped(self):
        ports = [f"127.0.0.1:{free_port()}" for _ in "ab"]
        up = "127.0.0.1:9"
        for name, listen in zip("xy", ports):
            self.expect(201, "POST", "/v1/routes", {
                "name": name, "listen": listen, "upstream": up})
        self.expect(200, "POST", "/v1/apply", {"changes": [
            {"method": "PATCH", "path": f"/v1/routes/{name}",
             "body": {"listen": listen}}
            for name, listen in zip("yx", ports)]})
        self.assertEqual(self.api.get("/v1/routes/y")
                         .json["state"]["listening"], ports[0])


class Writers(V1):
    def test_a_change_of_another_generation_is_refused(self):
        first = self.api.get("/v1/routes")
        tag = first.headers["etag"]
        self.expect(201, "POST", FAULTS, NOOP, headers={"If-Match": tag})
        self.refused(412, "generation 2", "DELETE", FAULTS + "/n",
                     headers={"If-Match": tag})
        self.refused(412, "generation 2", "POST", "/v1/reload",
                     headers={"If-Match": tag})
        for generation, tag in ((2, "*"), (3, 'W/"3"'), (4, '"1", "4"')):
            self.assertEqual(self.expect(
                200, "PATCH", FAULTS + "/n", {"first": generation},
                headers={"If-Match": tag}).generation, generation + 1)
        self.expect(200, "GET", FAULTS + "/n", headers={"If-Match": '"1"'})

    def test_two_writers_at_once_lose_nothing(self):
        """Each counts up by read, change and If-Match; all counts arrive."""
        self.expect(201, "POST", FAULTS, {**NOOP, "first": 0})

        def count(times):
            while times:
                got = self.api.get(FAULTS + "/n")
                done = self.api.patch(
                    FAULTS + "/n", {"first": got.json.get("first", 0) + 1},
                    headers={"If-Match": got.headers["etag"]})
                times -= done.status == 200
                self.assertIn(done.status, (200, 412))

        writers = [threading.Thread(target=count, args=(20,))
                   for _ in range(3)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        self.assertEqual(self.api.get(FAULTS + "/n").json["first"], 60)


class Leases(V1):
    def lease(self, ttl):
        reply = self.expect(201, "POST", "/v1/leases",
                            {"ttl": ttl, "name": "me"})
        return reply.json["lease"], {
            "Faultwire-Lease": reply.json["lease"]}

    def gone(self, *paths):
        for path in paths:
            wait_until(lambda p=path: self.api.get(p).status == 404,
                       what=f"the end of {path}")

    def make(self, headers):
        self.expect(201, "POST", FAULTS, NOOP, headers=headers)
        self.expect(201, "POST", "/v1/routes",
                    {"name": "b", **TCP, "faults": [NOOP]}, headers=headers)
        self.expect(201, "POST", "/v1/partitions", {
            "name": "p", "groups": [["x"], ["y"]]}, headers=headers)
        self.expect(200, "POST", "/v1/partitions/split/start",
                    headers=headers)
        self.expect(200, "POST", FAULTS + "/latency_downstream/disable")
        self.expect(200, "POST", FAULTS + "/latency_downstream/enable",
                    headers=headers)

    def lifted(self):
        self.gone(FAULTS + "/n", "/v1/routes/b", "/v1/partitions/p")
        self.assertFalse(self.api.get("/v1/partitions/split")
                         .json["state"]["active"])
        self.assertFalse(self.api.get(FAULTS + "/latency_downstream")
                         .json["enabled"])

    def test_what_a_lease_made_goes_when_it_is_not_renewed(self):
        lease, headers = self.lease("3s")
        self.make(headers)
        got = self.api.get(FAULTS + "/n").json["state"]
        self.assertEqual(got["lease"], lease)
        before = self.api.get("/v1/status").json["generation"]
        self.lifted()
        # In one commit.
        self.assertEqual(self.api.get("/v1/status").json["generation"],
                         before + 1)
        self.assertEqual(self.api.get(f"/v1/leases/{lease}").status, 404)
        self.assertEqual(len(self.proxy.wait_log("experiment_start")), 1)
        line = self.proxy.wait_log("experiment_end")[0]
        self.assertEqual([line[k] for k in ("lease", "experiment", "why",
                                            "lifted")],
                         [lease, "me", "expired", 6])

    def test_a_lease_that_is_renewed_goes_on_and_one_given_back_ends(self):
        lease, headers = self.lease("1s")
        self.make(headers)
        self.expect(200, "POST", f"/v1/leases/{lease}/renew", {"ttl": "1h"})
        self.assertGreater(self.api.get(f"/v1/leases/{lease}")
                           .json["expires_in"], 3000)
        self.expect(200, "GET", FAULTS + "/n")
        self.expect(204, "DELETE", f"/v1/leases/{lease}")
        self.lifted()
        self.refused(409, "no lease", "POST", FAULTS, NOOP, headers=headers)

    def test_what_others_made_stays(self):
        lease, headers = self.lease("1h")
        self.expect(201, "POST", FAULTS, NOOP)
        self.expect(200, "PATCH", FAULTS + "/n", {"probability": 0.5},
                    headers=headers)
        self.expect(204, "DELETE", f"/v1/leases/{lease}")
        self.expect(200, "GET", FAULTS + "/n")

    def test_an_apply_may_depend_on_a_lease(self):
        lease, headers = self.lease("1h")
        self.expect(200, "POST", "/v1/apply", {"changes": [
            {"method": "POST", "path": FAULTS, "body": NOOP}]},
            headers=headers)
        self.expect(204, "DELETE", f"/v1/leases/{lease}")
        self.gone(FAULTS + "/n")


class Files(V1):
    """What is in force, written down."""

    def change_much(self):
        self.expect(201, "POST", "/v1/routes", {
            "name": 'b "quoted" ${X}', **TCP, "protocol": "http",
            "match": {"host": "h*", "path": "~^/a[0-9]+$"}, "faults": [
                {"type": "latency", "latency": "1m30s", "jitter": 0.5,
                 "for": "1h", "when": {"method": "POST", "client":
                                       ["10.0.0.0/8"], "status": 503}},
                {"type": "abort", "status": 503, "enabled": False,
                 "probability": "20%"},
                {"type": "bandwidth", "rate": "8Mbit/s", "on": 5,
                 "off": 5, "stream": "upstream"}]})
        self.expect(201, "POST", "/v1/partitions", {
            "name": "q", "shape": "halves", "members": ["x", "y"],
            "mode": "jam"})
        self.expect(200, "POST", "/v1/partitions/q/start", {"for": "1h"})
        self.expect(201, "POST", "/v1/routes", {
            "name": "off", **TCP, "enabled": False})

    def test_the_exported_file_is_accepted_and_gives_the_same(self):
        self.change_much()
        text = self.api.get("/v1/config").raw.decode()
        self.assertEqual(run("check", "-c", "{}", text=text).returncode, 0)
        again = self.start(text)
        other = type(self.api)(again.wait_log("control_listening")[0]
                               ["listen"])
        for path in ("/v1/config?format=json&defaults=true", "/v1/config"):
            self.assertEqual(self.api.get(path).raw.split(b"\n", 1)[-1],
                             other.get(path).raw.split(b"\n", 1)[-1])

    def test_what_toxiproxys_calls_made_is_written_down_as_well(self):
        at = f"127.0.0.1:{free_port()}"
        for name, upstream, on in (("t", "127.0.0.1:9", True),
                                   ("odd", "no address", False),
                                   ("also", "127.0.0.1:9", False)):
            self.expect(201, "POST", "/proxies", {
                "name": name, "listen": at, "upstream": upstream,
                "enabled": on})
        for kind in ("latency", "noop", "limit_data", "slow_close"):
            self.assertIn(self.api.post("/proxies/t/toxics", {
                "type": kind, "stream": "upstream", "toxicity": 0.25,
                "attributes": {}}).status, (200, 201), kind)
        text = self.api.get("/v1/config").raw.decode()
        done = run("check", "-c", "{}", text=text)
        self.assertEqual(done.returncode, 0, done.stderr + text)
        odd = self.expect(200, "GET", "/v1/routes/odd").json
        self.assertEqual(odd["upstream"], "no address")
        self.expect(200, "PATCH", "/v1/routes/odd",
                    {"upstream": "127.0.0.1:9"})

    def test_a_reset_gives_what_the_file_says(self):
        before = self.api.get("/v1/config?format=json").json
        self.change_much()
        self.expect(204, "DELETE", FAULTS + "/latency_downstream")
        self.expect(204, "DELETE", "/v1/routes/web")
        self.expect(204, "POST", "/v1/reset")
        self.assertEqual(self.api.get("/v1/config?format=json").json, before)

    def test_a_reload_takes_the_file_and_keeps_what_was_made(self):
        self.expect(201, "POST", FAULTS, NOOP)
        other = conf.text(self.routes[:1], **self.groups)
        self.proxy.reload(other)
        reply = self.expect(200, "POST", "/v1/reload").json
        self.assertEqual((reply["routes"], reply["warnings"]), (1, []))
        self.assertEqual(self.api.get(FAULTS + "/n").json["state"]["origin"],
                         "api")

    def test_a_bad_file_is_refused_with_its_lines(self):
        self.proxy.reload_refused("sead = 1;\nroutes = ( { name = 3; } );\n")
        for query in ("", "?dry_run=true"):
            said = self.expect(400, "POST", "/v1/reload" + query).json
            wheres = [e["where"].rsplit(":", 1)[1] for e in said["errors"]]
            self.assertIn("1", wheres)
            self.assertIn("2", wheres)
        status = self.expect(200, "GET", "/v1/status").json["config"]
        self.assertEqual(status["last_reload"], "rejected")
        self.assertTrue(status["errors"])
        self.expect(200, "GET", "/v1/routes/web")


if __name__ == "__main__":
    unittest.main()
