#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server and a client of gRPC (python3-grpcio), driven over pipes.

    grpc_peer.py server [KEY CERTIFICATE]
                                 prints its port, serves until stdin ends
    grpc_peer.py client PORT [CA]
                                 one JSON object a line in, one out

With files (PEM) both speak TLS; the server is "server.test" then.

Messages are bare bytes. In: {"call": "Unary", "timeout": 1, "size": 10,
"count": 3}; out: {"code": "OK", "details": "", "messages": 1, "bytes": 10,
"seconds": 0.1}. {"together": [calls]} makes calls at the same time on one
channel, and a list of the same."""

import json
import sys
import time
from concurrent import futures

import grpc

SERVICE = "test.Echo"


def unary(request, context):
    return request


def stream(request, context):
    """Ten messages like the request."""
    for _ in range(10):
        yield request


def collect(requests, context):
    return b"%d" % sum(len(r) for r in requests)


def chat(requests, context):
    yield from requests


def fail(request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")


HANDLERS = {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "Stream": grpc.unary_stream_rpc_method_handler(stream),
    "Collect": grpc.stream_unary_rpc_method_handler(collect),
    "Chat": grpc.stream_stream_rpc_method_handler(chat),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
}


def read(path):
    with open(path, "rb") as f:
        return f.read()


def serve(key=None, certificate=None):
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, HANDLERS),))
    where = "127.0.0.1:0"
    if key:
        port = server.add_secure_port(where, grpc.ssl_server_credentials(
            [(read(key), read(certificate))]))
    else:
        port = server.add_insecure_port(where)
    print(port, flush=True)
    server.start()
    sys.stdin.read()
    server.stop(0)


def answers(channel, c):
    """The messages of one call."""
    path, body = f"/{SERVICE}/{c['call']}", b"x" * c.get("size", 10)
    timeout = c.get("timeout", 10)

    def many():
        for _ in range(c.get("count", 3)):
            yield body

    if c["call"] == "Stream":
        yield from channel.unary_stream(path)(body, timeout=timeout)
    elif c["call"] == "Collect":
        yield channel.stream_unary(path)(many(), timeout=timeout)
    elif c["call"] == "Chat":
        yield from channel.stream_stream(path)(many(), timeout=timeout)
    else:
        yield channel.unary_unary(path)(body, timeout=timeout)


def result_of(channel, c):
    result = {"code": "OK", "details": "", "messages": 0, "bytes": 0}
    begun = time.monotonic()
    try:
        for message in answers(channel, c):
            result["messages"] += 1
            result["bytes"] += len(message)
    except grpc.RpcError as e:
        result.update(code=e.code().name, details=e.details())
    result["seconds"] = time.monotonic() - begun
    return result


def open_channel(port, ca=None):
    options = [("grpc.enable_retries", 0),
               ("grpc.max_reconnect_backoff_ms", 100)]
    where = f"127.0.0.1:{port}"
    if ca is None:
        return grpc.insecure_channel(where, options)
    return grpc.secure_channel(
        where, grpc.ssl_channel_credentials(read(ca)),
        options + [("grpc.ssl_target_name_override", "server.test")])


def client(port, ca=None):
    for line in sys.stdin:
        c = json.loads(line)
        with open_channel(port, ca) as channel:
            if "together" in c:
                with futures.ThreadPoolExecutor(8) as pool:
                    result = list(pool.map(
                        lambda each: result_of(channel, each),
                        c["together"]))
            else:
                result = result_of(channel, c)
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve(*sys.argv[2:])
    else:
        client(int(sys.argv[2]), *sys.argv[3:])
