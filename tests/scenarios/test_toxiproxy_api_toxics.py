# SPDX-License-Identifier: Apache-2.0
"""Toxiproxy's API: the calls about toxics, to the byte."""

from harness import ToxScenario

# type: attributes sent, and as shown: the classic ones, whole numbers
CLASSIC = {
    "latency": ({"latency": 100, "jitter": 20}, '"latency":100,"jitter":20'),
    "bandwidth": ({"rate": 1024}, '"rate":1024'),
    "slow_close": ({"delay": 700}, '"delay":700'),
    "timeout": ({"timeout": 6000}, '"timeout":6000'),
    "reset_peer": ({"timeout": 30}, '"timeout":30'),
    "slicer": ({"average_size": 64, "size_variation": 32, "delay": 10},
               '"average_size":64,"size_variation":32,"delay":10'),
    "limit_data": ({"bytes": 4096}, '"bytes":4096'),
    "noop": ({}, ""),
}
KEYS = ["attributes", "name", "type", "stream", "toxicity"]


class Base(ToxScenario):
    def setUp(self):
        super().setUp()
        self.create("p", "localhost:1")

    def add(self, body):
        return self.api.post("/proxies/p/toxics", body)

    def toxics(self):
        return self.api.get("/proxies/p/toxics").json()


class Creating(Base):
    def test_every_classic_type_is_shown_to_the_byte(self):
        texts = []
        for kind, (attributes, shown) in CLASSIC.items():
            with self.subTest(kind=kind):
                reply = self.add({"type": kind, "attributes": attributes})
                text = (f'{{"attributes":{{{shown}}},'
                        f'"name":"{kind}_downstream","type":"{kind}",'
                        '"stream":"downstream","toxicity":1}')
                texts.append(text)
                self.assert_json(reply, 200)
                self.assertEqual(reply.text(), text)
                reply = self.api.get(f"/proxies/p/toxics/{kind}_downstream")
                self.assert_json(reply, 200)
                self.assertEqual(reply.text(), text)
        reply = self.api.get("/proxies/p/toxics")
        self.assert_json(reply, 200)
        self.assertEqual(reply.text(), "[" + ",".join(texts) + "]")
        self.assertIn('"toxics":[' + ",".join(texts) + "]}",
                      self.api.get("/proxies/p").text())

    def test_missing_attributes_are_0(self):
        for kind in CLASSIC:
            if kind == "slicer":  # which would cut into nothing for ever
                continue
            for n, attributes in enumerate((None, {}, {"other": "x"},
                                            {k: None for k in
                                             CLASSIC[kind][0]})):
                body = {"type": kind, "name": f"{kind}{n}"}
                if n:
                    body["attributes"] = attributes
                reply = self.add(body)
                self.assert_json(reply, 200)
                self.assertEqual(reply.json()["attributes"],
                                 dict.fromkeys(CLASSIC[kind][0], 0))

    def test_streams_are_matched_whatever_their_case_and_echoed(self):
        for sent in ("upstream", "downstream", "UPSTREAM", "Downstream",
                     "uPsTrEaM"):
            reply = self.add({"type": "noop", "stream": sent})
            self.assert_json(reply, 200, {
                "attributes": {}, "name": f"noop_{sent}", "type": "noop",
                "stream": sent, "toxicity": 1})

    def test_other_streams_are_400(self):
        for stream in ("", "both", "up", "down", " upstream"):
            with self.subTest(stream=stream):
                self.assert_error(
                    self.add({"type": "noop", "stream": stream}), 400,
                    "stream was invalid, can be either upstream or "
                    "downstream")

    def test_other_types_are_400(self):
        for kind in ("down", "Latency", "nosuch", "", None, "abort",
                     "refuse"):
            with self.subTest(kind=kind):
                self.assert_error(self.add({"type": kind}), 400,
                                  "invalid toxic type")
        self.assert_error(self.add({}), 400, "invalid toxic type")
        self.assert_error(self.add(b"null"), 400, "invalid toxic type")

    def test_checks_come_in_toxiproxys_order(self):
        self.toxic("noop", name="n")
        bad = {"latency": "x"}
        for body, status, text in (
                ({"stream": "x", "type": "x", "name": "n",
                  "attributes": bad}, 400,
                 "stream was invalid, can be either upstream or downstream"),
                ({"type": "x", "name": "n", "attributes": bad}, 400,
                 "invalid toxic type"),
                ({"type": "latency", "name": "n", "attributes": bad}, 409,
                 "toxic already exists")):
            with self.subTest(body=body):
                self.assert_error(self.add(body), status, text)
        self.assert_bad_body(self.add({"type": "latency", "name": "m",
                                       "attributes": bad}))
        self.assert_bad_body(self.add({"stream": 1, "type": "x"}))

    def test_names_are_unique_over_both_directions(self):
        self.toxic("noop", name="n", stream="upstream")
        self.assert_error(
            self.add({"type": "latency", "name": "n"}), 409,
            "toxic already exists")
        self.toxic("latency")
        self.assert_error(self.add({"type": "latency"}), 409,
                          "toxic already exists")
        self.create("q", "localhost:1")
        self.toxic("noop", "q", name="n")

    def test_toxicity_is_any_number_and_a_float32(self):
        for n, (sent, shown) in enumerate((
                (b"0.2", b"0.2"), (b"1", b"1"), (b"0", b"0"), (b"7", b"7"),
                (b"-1", b"-1"), (b"0.5", b"0.5"), (b"1.0", b"1"),
                (b"1e-1", b"0.1"), (b"0.33333333333333", b"0.33333334"),
                (b"0.1000000001", b"0.1"), (b"null", b"1"))):
            with self.subTest(sent=sent):
                reply = self.add(b'{"type":"noop","name":"t%d",'
                                 b'"toxicity":%s}' % (n, sent))
                self.assertEqual(reply.status, 200, reply)
                self.assertTrue(reply.body.endswith(
                    b'"toxicity":' + shown + b"}"), reply)
        for sent in (b'"1"', b"1e39", b"true", b"{}"):
            self.assert_bad_body(
                self.add(b'{"type":"noop","toxicity":%s}' % sent))

    def test_any_toxicity_leaves_a_configuration_that_is_good(self):
        for name, toxicity in (("more", 7), ("less", -2)):
            self.toxic("noop", name=name, toxicity=toxicity)
        faults = self.api.get("/v1/routes/p/faults").json()["faults"]
        self.assertEqual([f.get("probability", 1) for f in faults], [1, 0])
        text = self.api.get("/v1/config").body.decode()
        self.assertIn("probability = 1;", text)
        self.assertIn("probability = 0;", text)

    def test_attributes_are_integers(self):
        for kind, (attributes, _) in CLASSIC.items():
            for key in attributes:
                for value in (b"1.5", b'"1"', b"1e3", b"1000.0", b"true",
                              b"[]", b"{}", b"9223372036854775808",
                              b"-9223372036854775809"):
                    with self.subTest(kind=kind, key=key, value=value):
                        self.assert_bad_body(self.add(
                            b'{"type":"%s","attributes":{"%s":%s}}' % (
                                kind.encode(), key.encode(), value)))
        self.assertEqual(self.toxics(), [])

    def test_attributes_must_be_an_object(self):
        for attributes in ([], 1, "x", True):
            self.assert_bad_body(
                self.add({"type": "noop", "attributes": attributes}))
        self.assert_json(
            self.add({"type": "noop", "attributes": None}), 200)

    def test_keys_match_whatever_their_case_and_unknown_ones_pass(self):
        reply = self.add({"TYPE": "latency", "Name": "n",
                          "STREAM": "upstream", "Toxicity": 0.5,
                          "ATTRIBUTES": {"LATENCY": 5, "Jitter": 1, "x": "y"},
                          "enabled": False})
        self.assert_json(reply, 200, {
            "attributes": {"latency": 5, "jitter": 1}, "name": "n",
            "type": "latency", "stream": "upstream", "toxicity": 0.5})

    def test_values_that_crash_toxiproxy_are_400_with_the_reason(self):
        for kind, attributes, part in (
                ("bandwidth", {"rate": -1}, "attribute rate: -1 "),
                ("slicer", {}, "average_size"),
                ("slicer", {"average_size": 0}, "average_size: 0 "),
                ("slicer", {"average_size": -5}, "average_size: -5 "),
                ("slicer", {"average_size": 5, "size_variation": -1},
                 "size_variation: -1 "),
                ("latency", {"jitter": 2**63 - 1}, f"jitter: {2**63 - 1} "),
                ("latency", {"latency": -1}, "latency: -1 "),
                ("timeout", {"timeout": -1}, "timeout: -1 "),
                ("slow_close", {"delay": 2**63 - 1}, f"{2**63 - 1} "),
                ("reset_peer", {"timeout": -7}, "timeout: -7 ")):
            with self.subTest(kind=kind, attributes=attributes):
                reply = self.add({"type": kind, "attributes": attributes})
                self.assert_bad_body(reply)
                self.assertIn(part, reply.json()["error"])
        self.assertEqual(self.toxics(), [])

    def test_a_variation_may_be_as_large_as_the_average(self):
        attributes = {"average_size": 1000, "size_variation": 1000,
                      "delay": 1000}
        reply = self.add({"type": "slicer", "attributes": attributes})
        self.assert_json(reply, 200)
        self.assertEqual(reply.json()["attributes"], attributes)

    def test_limits_may_be_negative(self):
        reply = self.add({"type": "limit_data", "attributes": {"bytes": -5}})
        self.assert_json(reply, 200)
        self.assertEqual(reply.json()["attributes"], {"bytes": -5})

    def test_a_disabled_proxy_takes_toxics(self):
        self.api.post("/proxies/p", {"enabled": False})
        toxic = self.toxic("latency", latency=1)
        self.assertEqual(self.toxics(), [toxic])

    def test_packet_loss_is_taken_by_that_name(self):
        for attributes, shown in (
                ({}, {"loss_rate": 0.1, "correlation": 0}),
                ({"loss_rate": 0.02, "correlation": 0.75},
                 {"loss_rate": 0.02, "correlation": 0.75}),
                ({"loss_rate": 1}, {"loss_rate": 1, "correlation": 0})):
            with self.subTest(attributes=attributes):
                reply = self.add({"type": "packet_loss",
                                  "attributes": attributes})
                self.assert_json(reply, 200, {
                    "attributes": shown, "name": "packet_loss_downstream",
                    "type": "packet_loss", "stream": "downstream",
                    "toxicity": 1})
                self.remove("packet_loss_downstream")
        for attributes in ({"loss_rate": 2}, {"loss_rate": -0.1},
                           {"correlation": 1}, {"loss_rate": "x"},
                           {"loss_rate": 0.9, "correlation": 0.5}):
            with self.subTest(attributes=attributes):
                self.assert_bad_body(self.add({
                    "type": "packet_loss", "attributes": attributes}))

    def test_kinds_of_ours_are_types_with_all_their_parameters(self):
        reply = self.add({"type": "blackhole", "stream": "upstream"})
        self.assert_json(reply, 200)
        reply = self.add({"type": "loss", "attributes": {"rate": 0.5,
                                                         "burst": 3}})
        self.assert_json(reply, 200)
        self.assertEqual(reply.json()["attributes"]["burst"], 3)


class Reading(Base):
    def test_no_toxics_are_an_empty_array(self):
        reply = self.api.get("/proxies/p/toxics")
        self.assert_json(reply, 200)
        self.assertEqual(reply.body, b"[]")

    def test_the_upstream_chain_comes_first_each_in_order(self):
        for n, stream in enumerate(("downstream", "upstream", "downstream",
                                    "upstream")):
            self.toxic("noop", name=str(n), stream=stream)
        self.assertEqual([t["name"] for t in self.toxics()],
                         ["1", "3", "0", "2"])
        self.assertEqual([list(t) for t in self.toxics()], [KEYS] * 4)
        self.assertEqual(self.api.get("/proxies/p").json()["toxics"],
                         self.toxics())

    def test_what_is_not_there_is_404(self):
        for method in ("GET", "POST", "PATCH", "DELETE"):
            with self.subTest(method=method):
                self.assert_error(
                    self.api.call(method, "/proxies/p/toxics/no", b"{"), 404,
                    "toxic not found")


class Changing(Base):
    def test_attributes_are_merged_key_by_key(self):
        self.toxic("latency", name="t", latency=100, jitter=10)
        for method in ("POST", "PATCH"):
            for body, attributes in (
                    ({"attributes": {"jitter": 5}},
                     {"latency": 100, "jitter": 5}),
                    ({"attributes": {"LATENCY": 70, "jitter": None}},
                     {"latency": 70, "jitter": 5}),
                    (b"{}", {"latency": 70, "jitter": 5}),
                    (b"null", {"latency": 70, "jitter": 5}),
                    ({"attributes": {"latency": 100, "jitter": 10}},
                     {"latency": 100, "jitter": 10})):
                with self.subTest(method=method, body=body):
                    reply = self.api.call(method, "/proxies/p/toxics/t",
                                          body)
                    self.assert_json(reply, 200, {
                        "attributes": attributes, "name": "t",
                        "type": "latency", "stream": "downstream",
                        "toxicity": 1})
                    self.assertEqual(self.toxics(), [reply.json()])

    def test_toxicity_stays_unless_given(self):
        self.toxic("noop", name="t", toxicity=0.25)
        self.assertEqual(self.change("t")["toxicity"], 0.25)
        self.assertEqual(self.change("t", toxicity=0.5)["toxicity"], 0.5)
        reply = self.api.patch("/proxies/p/toxics/t", {"toxicity": None})
        self.assertEqual(reply.json()["toxicity"], 0.5)
        self.assertEqual(self.change("t", toxicity=0)["toxicity"], 0)

    def test_name_type_and_stream_are_ignored(self):
        before = self.toxic("noop", name="t")
        reply = self.api.patch("/proxies/p/toxics/t", {
            "name": "u", "type": "latency", "stream": "upstream"})
        self.assert_json(reply, 200, before)
        reply = self.api.post("/proxies/p/toxics/t", {"stream": "x",
                                                      "type": 5})
        self.assert_json(reply, 200, before)

    def test_a_change_is_whole_or_not_at_all(self):
        before = self.toxic("latency", name="t", latency=1, jitter=1,
                            toxicity=0.5)
        for body in (b'{"attributes":{"latency":9,"jitter":"x"}}',
                     b'{"attributes":{"latency":9,"jitter":-4}}',
                     b'{"toxicity":1,"attributes":{"latency":1.5}}',
                     b'{"toxicity":"x","attributes":{"latency":9}}',
                     b'{"attributes":[]}', b"[]", b"{", b"x"):
            with self.subTest(body=body):
                self.assert_bad_body(
                    self.api.post("/proxies/p/toxics/t", body))
                self.assertEqual(self.toxics(), [before])

    def test_packet_loss_keeps_its_name(self):
        self.toxic("packet_loss", name="t")
        now = self.change("t", loss_rate=0.5)
        self.assertEqual(now["type"], "packet_loss")
        self.assertEqual(now["attributes"],
                         {"loss_rate": 0.5, "correlation": 0})
        now = self.change("t", loss_rate=0.1, correlation=0.9)
        self.assertEqual(now["attributes"],
                         {"loss_rate": 0.1, "correlation": 0.9})

    def test_a_removed_toxic_is_gone(self):
        self.toxic("noop", name="t")
        self.toxic("noop", name="u")
        reply = self.api.delete("/proxies/p/toxics/t")
        self.assertEqual((reply.status, reply.body), (204, b""))
        self.assertEqual([t["name"] for t in self.toxics()], ["u"])
        self.assert_error(self.api.delete("/proxies/p/toxics/t"), 404,
                          "toxic not found")
        self.toxic("noop", name="t")
