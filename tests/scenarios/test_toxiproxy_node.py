# SPDX-License-Identifier: Apache-2.0
"""The real client for Node.js from npm, driven through all that it can do; it
measures the effects itself. Skipped where there is no npm, or no registry."""

import json
import os
import subprocess
import unittest

from harness import ToxScenario
from harness.npm import npm_folder, sources


class NodeClient(ToxScenario):
    limit = 180

    @classmethod
    def setUpClass(cls):
        cls.folder = npm_folder("node")
        super().setUpClass()

    def test_every_call_of_the_client_and_its_effect(self):
        done = subprocess.run(
            ["node", os.path.join(sources("node"), "client.js"), self.folder,
             f"http://127.0.0.1:{self.api.port}"], timeout=120,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False)
        steps = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for step in steps:
            with self.subTest(step=step["name"]):
                self.assertIsNone(step["error"])
        self.assertEqual(len(steps), 16)
