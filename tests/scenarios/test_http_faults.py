# SPDX-License-Identifier: Apache-2.0
"""Fault kinds that decide about HTTP exchanges: what client and server see,
added live, removed live, and that the connection serves on wherever it may."""

import unittest

from harness import (Scenario, Watch, ask, fault, read_body, read_head,
                     read_message, request, response, wait_until)


class Exchanges(Scenario):
    def prepare(self, *faults, answer=None, **fields):
        self.server = self.web(answer)
        self.port, self.proxy, self.text = self.proxied(
            self.server.port, *faults, protocol="http", **fields)
        self.c = self.client(self.port)

    def served(self, conn=None):
        reply = ask(conn or self.c, "POST", "/ok", b"body")
        self.assertEqual((reply.status, reply.body), (200, b"body"))

    def set(self, *faults):
        self.proxy.reload(self.text(*faults))

    # --- abort

    def test_abort_answers_in_the_servers_place(self):
        self.prepare(fault("abort", status=503, body="sorry\n",
                           headers=["Retry-After: 2"]))
        for _ in range(3):
            reply = ask(self.c, "POST", "/x", b"request body")
            self.assertEqual((reply.status, reply.body), (503, b"sorry\n"))
            self.assertEqual(reply.get("retry-after"), "2")
        self.assertEqual(self.server.requests, [])
        self.set()
        self.served()

    def test_abort_added_live_takes_the_next_request(self):
        self.prepare()
        self.served()
        self.set(fault("abort", status=418))
        self.assertEqual(ask(self.c).status, 418)
        self.set()
        self.served()

    def test_abort_after_the_server_did_the_work(self):
        self.prepare(fault("abort", status=502, after=True))
        self.assertEqual(ask(self.c, "POST", "/order", b"1").status, 502)
        self.assertEqual(self.server.requests[0].target, "/order")
        self.set()
        self.served()

    def test_abort_after_looks_at_the_servers_status(self):
        def answer(message):
            return response(b"x", "200 OK" if message.target == "/good"
                            else "404 Not Found")

        self.prepare(fault("abort", status=500, after=True,
                           when={"status": "4xx"}), answer=answer)
        self.assertEqual(ask(self.c, target="/good").status, 200)
        self.assertEqual(ask(self.c, target="/bad").status, 500)
        self.assertEqual(ask(self.c, target="/good").status, 200)

    # --- before and after

    def reset(self):
        self.c.send(request("POST", "/order", b"1"))
        self.c.expect_end("rst")
        self.c = self.client(self.port)

    def test_a_reset_before_reaches_the_client_only(self):
        self.prepare(fault("reset_peer", at="before",
                           when={"method": "POST"}))
        self.reset()
        self.assertEqual(self.server.requests, [])
        self.assertEqual(ask(self.c).status, 200)
        flow = self.proxy.wait_journal("it", type="flow_close",
                                       method="POST")[0]
        self.assertEqual([flow[k] for k in ("forwarded", "answered",
                                            "delivered", "stores")],
                         ["none", "none", "none", True])

    def test_a_reset_after_comes_when_the_answer_is_whole(self):
        self.prepare(fault("reset_peer", at="after"))
        watch = Watch()
        self.reset()
        self.assertLess(watch.seconds(), 5)
        self.assertEqual(self.server.requests[0].body, b"1")
        flow = self.proxy.wait_journal("it", type="flow_close",
                                       method="POST")[0]
        self.assertEqual([flow[k] for k in ("forwarded", "answered",
                                            "delivered")],
                         ["whole", "whole", "none"])
        self.set()
        self.served()
        flow = self.proxy.wait_journal("it", type="flow_close",
                                       reason="done", method="POST")[0]
        self.assertEqual([flow[k] for k in ("forwarded", "answered",
                                            "delivered")],
                         ["whole", "whole", "whole"])

    def test_at_is_for_kinds_of_http_too(self):
        self.prepare(fault("abort", status=502, at="after",
                           when={"status": "2xx"}),
                     fault("latency", latency="100ms", at="before"))
        watch = Watch()
        self.assertEqual(ask(self.c, "POST", "/o", b"1").status, 502)
        self.assert_took(watch.seconds(), 0.1, 10)
        self.assertEqual(self.server.requests[0].body, b"1")
        self.set()
        self.served()

    def test_abort_answers_a_large_upload_before_it_is_complete(self):
        self.prepare(fault("abort", status=507))
        sender = self.c.send_in_background(
            request("POST", "/", bytes(3_000_000)))
        reply = read_message(self.c)
        self.assertEqual(reply.status, 507)
        sender.join()
        self.set()
        # It need not wait for the rest of the body; then it must say so.
        closes = reply.get("connection") == "close"
        self.served(self.client(self.port) if closes else self.c)

    def test_abort_may_close_the_connection(self):
        self.prepare(fault("abort", status=503, close=True))
        reply = ask(self.c)
        self.assertEqual(reply.status, 503)
        self.assertEqual(reply.get("connection"), "close")
        self.c.expect_end("fin")

    def test_abort_answers_head_without_a_body(self):
        self.prepare(fault("abort", status=503, body="sorry"))
        self.assertEqual(ask(self.c, "HEAD").status, 503)
        self.set()
        self.served()

    def test_abort_speaks_grpc(self):
        self.prepare(fault("abort", grpc_status=14, grpc_message="gone"))
        self.c.send(request("POST", "/svc/Method", b"", [
            "Content-Type: application/grpc+proto"]))
        reply = read_message(self.c)
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.get("grpc-status"), "14")
        self.assertEqual(reply.get("grpc-message"), "gone")
        self.assertIn("application/grpc", reply.get("content-type"))

    def test_aborted_requests_in_a_pipeline_are_answered_in_order(self):
        self.prepare(fault("abort", status=503, when={"path": "/bad"}))
        self.c.send(b"".join(request("POST", t, t.encode())
                             for t in ("/a", "/bad", "/b", "/bad", "/c")))
        got = [read_message(self.c) for _ in range(5)]
        self.assertEqual([m.status for m in got], [200, 503, 200, 503, 200])
        self.assertEqual([m.body for m in got][::2], [b"/a", b"/b", b"/c"])

    # --- hang

    def test_hang_keeps_the_request_until_it_is_removed(self):
        self.prepare(fault("hang"))
        self.c.send(request("POST", "/x", b"hello"))
        self.c.expect_silence(0.2)
        self.assertEqual(self.server.requests, [])
        self.set()
        self.assertEqual(read_message(self.c).body, b"hello")
        self.served()

    def test_hang_goes_on_after_its_duration(self):
        self.prepare(fault("hang", duration="200ms"))
        watch = Watch()
        self.served()
        self.assert_took(watch.seconds(), 0.2, 10)

    def test_hang_after_withholds_the_answer_only(self):
        self.prepare(fault("hang", after=True))
        self.c.send(request("POST", "/x", b"hello"))
        wait_until(lambda: self.server.requests, what="the request")
        self.c.expect_silence(0.2)
        self.set()
        self.assertEqual(read_message(self.c).body, b"hello")

    def test_a_hanging_request_does_not_hold_other_connections_up(self):
        self.prepare(fault("hang", when={"path": "/hang"}))
        self.c.send(request(target="/hang"))
        for _ in range(5):
            self.served(self.client(self.port))

    # --- drip

    def test_drip_spreads_an_answer_over_its_duration(self):
        self.prepare(fault("drip", pieces=5, duration="300ms"))
        watch = Watch()
        self.c.send(request("POST", "/", bytes(1000)))
        head = read_head(self.c)
        body, _ = read_body(self.c, head)
        self.assertEqual(body, bytes(1000))
        self.assert_took(watch.seconds(), 0.3, 10)
        self.set()
        self.assert_takes(lambda: Watch.over(self.served), 0, 0.25)

    def test_drip_upstream_spreads_a_request(self):
        self.prepare(fault("drip", pieces=4, duration="300ms",
                           stream="upstream"))
        watch = Watch()
        self.served()
        self.assert_took(watch.seconds(), 0.3, 10)

    def test_a_drip_that_is_removed_lets_the_rest_go(self):
        self.prepare(fault("drip", pieces=2, duration="1h"))
        self.c.send(request("POST", "/", b"0123456789"))
        read_head(self.c)
        self.set()
        self.assertEqual(self.c.recv(10), b"0123456789")
        self.served()

    # --- malform

    def malformed(self, flaw, **more):
        self.prepare(fault("malform", flaw=flaw, **more))
        self.c.send(request("POST", "/x", b"0123456789"))
        data, end = self.c.recv_end()
        self.assertEqual(self.server.requests[0].target, "/x")
        self.set()
        self.c = self.client(self.port)
        self.served()
        return data, end

    def test_malform_empty_gives_no_byte(self):
        self.assertEqual(self.malformed("empty"), (b"", "fin"))

    def test_malform_empty_may_end_by_reset(self):
        self.assertEqual(self.malformed("empty", how="rst"), (b"", "rst"))

    def test_malform_garbage_gives_no_status_line(self):
        data, end = self.malformed("garbage", bytes=100)
        self.assertEqual((len(data), end), (100, "fin"))
        self.assertNotEqual(data[:5], b"HTTP/")

    def test_malform_bad_chunk_gives_a_head_and_no_chunk(self):
        data, end = self.malformed("bad_chunk")
        head, _, rest = data.partition(b"\r\n\r\n")
        self.assertIn(b"200", head.split(b"\r\n")[0])
        self.assertIn(b"chunked", head.lower())
        self.assertGreaterEqual(rest[0], 0x80)
        self.assertEqual(end, "fin")

    def test_malform_wrong_length_promises_too_much(self):
        data, end = self.malformed("wrong_length", bytes=7)
        head, _, rest = data.partition(b"\r\n\r\n")
        length = [int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length")][0]
        self.assertEqual(length, len(rest) + 7)
        self.assertEqual(end, "fin")

    def test_malform_cut_head_ends_amid_the_head(self):
        data, end = self.malformed("cut_head")
        self.assertTrue(data.startswith(b"HTTP/1.1 200"))
        self.assertNotIn(b"\r\n\r\n", data)
        self.assertEqual(end, "fin")

    # --- headers

    def test_headers_of_the_response_are_edited(self):
        def answer(_message):
            return response(b"x", headers=["ETag: 1", "X-Keep: a  b",
                                           "X-Set: old", "x-set: older"])

        self.prepare(fault("headers", set=["X-Set: new"], add=["X-Add: 1"],
                           remove=["etag"]), answer=answer)
        reply = ask(self.c)
        self.assertIsNone(reply.get("etag"))
        self.assertEqual(reply.all("x-set"), ["new"])
        self.assertEqual(reply.get("x-add"), "1")
        self.assertIn(b"X-Keep: a  b\r\n", reply.raw)
        self.assertEqual(reply.body, b"x")
        self.set()
        self.assertEqual(ask(self.c).get("etag"), "1")

    def test_headers_of_the_request_are_edited(self):
        self.prepare(fault("headers", stream="upstream",
                           set=["Authorization: none"],
                           remove=["Accept-Encoding"]))
        ask(self.c, headers=["Authorization: secret", "Accept-Encoding: br"])
        seen = self.server.requests[0]
        self.assertEqual(seen.all("authorization"), ["none"])
        self.assertIsNone(seen.get("accept-encoding"))

    # --- body

    def test_a_body_is_replaced(self):
        self.prepare(fault("body", replace="nothing here", status=200))
        reply = ask(self.c, "POST", "/", bytes(100_000))
        self.assertEqual(reply.body, b"nothing here")
        self.assertEqual(ask(self.c, "POST", "/", b"").body, b"nothing here")
        self.set()
        self.served()

    def test_text_in_a_body_is_substituted_wherever_it_is_split(self):
        def answer(_message):
            text = b"one two one onone one"
            return (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                    b"".join(b"1\r\n%c\r\n" % b for b in text) +
                    b"0\r\n\r\n")

        self.prepare(fault("body", from_="one", to="three"), answer=answer)
        for _ in range(2):
            self.assertEqual(ask(self.c).body,
                             b"three two three onthree three")

    def test_substitution_in_a_body_of_known_length(self):
        self.prepare(fault("body", from_='"ok"', to='"degraded"'))
        reply = ask(self.c, "POST", "/", b'{"status":"ok"}')
        self.assertEqual(reply.body, b'{"status":"degraded"}')
        self.set()
        self.served()

    def test_a_request_body_is_substituted(self):
        self.prepare(fault("body", stream="upstream", from_="10",
                           to="10000"))
        ask(self.c, "POST", "/", b"amount=10")
        self.assertEqual(self.server.requests[0].body, b"amount=10000")

    # --- rate_limit

    def test_rate_limit_turns_away_what_is_too_much(self):
        self.prepare(fault("rate_limit", rate=0.01, burst=3))
        got = [ask(self.c) for _ in range(6)]
        self.assertEqual([m.status for m in got], [200] * 3 + [429] * 3)
        self.assertGreaterEqual(int(got[-1].get("retry-after")), 1)
        self.assertEqual(len(self.server.requests), 3)
        self.set()
        self.served()

    # --- byte-stream kinds decide per exchange

    def test_latency_holds_every_request_of_a_kept_connection(self):
        self.prepare(fault("latency", latency="60ms"))
        for _ in range(3):
            watch = Watch()
            self.served()
            self.assert_took(watch.seconds(), 0.06, 10)

    def test_reset_breaks_one_exchange_and_its_connection(self):
        self.prepare(fault("reset_peer", when={"path": "/bad"}))
        self.served()
        other = self.client(self.port)
        self.served(other)
        self.c.send(request(target="/bad"))
        self.c.expect_end("rst")
        self.served(other)

    def test_a_cut_body_is_not_passed_for_a_whole_one(self):
        self.prepare(fault("limit_data", bytes=5))
        self.c.send(request("POST", "/", b"0123456789"))
        head = read_head(self.c)
        self.assertEqual(head.get("content-length"), "10")
        self.c.expect_end("fin", b"01234")

    def test_a_body_is_cut_at_a_pattern(self):
        self.prepare(fault("cut", pattern="END", place="after"))
        self.c.send(request("POST", "/", b"before END behind"))
        read_head(self.c)
        self.c.expect_end("fin", b"before END")

    def test_latency_and_abort_together_make_a_late_error(self):
        self.prepare(fault("latency", latency="150ms", stream="upstream"),
                     fault("abort", status=503))
        watch = Watch()
        self.assertEqual(ask(self.c).status, 503)
        self.assert_took(watch.seconds(), 0.15, 10)
        self.assertEqual(self.server.requests, [])

    def test_answers_to_head_and_204_survive_every_kind_of_shaping(self):
        self.prepare(fault("latency", latency="5ms"),
                     fault("slicer", average_size=10),
                     fault("bandwidth", rate="1MB/s"),
                     fault("drip", pieces=3, duration="10ms"))
        for _ in range(3):
            self.assertEqual(ask(self.c, "HEAD").status, 200)
            self.served()


if __name__ == "__main__":
    unittest.main()
