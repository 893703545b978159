# SPDX-License-Identifier: Apache-2.0
"""faultwire on the hub, steered as anybody would: by its commands, and by
its API where something is known only at run time."""

import http.client
import json
import os
import subprocess
import time

from hosts import die_with_parent, find

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CONTROL = ("127.0.0.1", 8474)  # of the hub, which nobody else can see


class Proxy:
    def __init__(self, story, conf, log, program=None):
        self.story = story
        self.program = (os.path.abspath(program) if program
                        else self._built() or find("faultwire"))
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [self.program, "run", "-c", os.path.join(HERE, conf)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                preexec_fn=die_with_parent)
        until = time.monotonic() + 20
        while self._get("/readyz") != 200:
            if self.process.poll() is not None or time.monotonic() > until:
                with open(log, encoding="utf-8") as f:
                    raise RuntimeError(f"faultwire: {f.read()[-2000:]}")
            time.sleep(0.02)

    @staticmethod
    def _built():
        path = os.path.join(ROOT, "build", "faultwire")
        return path if os.access(path, os.X_OK) else None

    @staticmethod
    def _get(path):
        try:
            conn = http.client.HTTPConnection(*CONTROL, timeout=5)
            conn.request("GET", path)
            return conn.getresponse().status
        except OSError:
            return None

    def call(self, method, path, body=None):
        """One call of the API; what it answers."""
        conn = http.client.HTTPConnection(*CONTROL, timeout=10)
        conn.request(method, path, json.dumps(body) if body else None,
                     {"Content-Type": "application/json"})
        reply = conn.getresponse()
        data = reply.read()
        conn.close()
        if reply.status >= 300:
            raise RuntimeError(f"{method} {path}: {reply.status} {data!r}")
        return json.loads(data) if data else None

    def command(self, *words):
        """One command, shown; the moment when it was done."""
        self.story.command("faultwire " + " ".join(words))
        subprocess.run([self.program, *words], stdin=subprocess.DEVNULL,
                       capture_output=True, check=True, timeout=20)
        return time.time()

    def start(self, partition, **fields):
        """Cuts. `fields` say what was not known before: who leads."""
        if fields:
            path = f"/v1/partitions/{partition}"
            self.story.command(f"PATCH {path} {json.dumps(fields)}")
            self.call("PATCH", path, fields)
        return self.command("partition", "start", partition)

    def heal(self, partition):
        return self.command("partition", "heal", partition)

    def close(self):
        self.process.kill()
        self.process.wait()
