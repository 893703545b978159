# SPDX-License-Identifier: Apache-2.0
"""The composition of examples/compose, with the image of this tree: its own
script shows it, and says whether all was as it should be."""

import os
import shutil
import subprocess
import tempfile
import unittest

from harness import ROOT, free_port
from image import ENVIRONMENT, IMAGE, OfImage, engine, podman

EXAMPLE = os.path.join(ROOT, "examples", "compose")
SERVICES = "faultwire-example-services"


class Compose(OfImage):
    limit = 400

    def setUp(self):
        if shutil.which("podman-compose") is None:
            self.skipTest("podman-compose is not installed")
        self.name = f"faultwire-test-{os.getpid()}"
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        shutil.copy(os.path.join(EXAMPLE, "faultwire", "faultwire.conf"),
                    folder.name)
        self.conf = os.path.join(folder.name, "faultwire.conf")
        self.settings = {
            "FAULTWIRE_IMAGE": IMAGE, "FAULTWIRE_CONF": folder.name,
            **{f"{name}_PORT": str(free_port())
               for name in ("EDGE", "CONTROL", "PROMETHEUS")}}
        ENVIRONMENT.update(self.settings)

    def build_services(self):
        """The image of the other parts; kept for the next time."""
        if podman("image", "exists", SERVICES, check=False).returncode == 0:
            return
        base = engine("base").stdout.strip()
        made = podman("build", "--network=host", "--layers=false",
                      "--build-arg", f"BASE={base}", "-t", SERVICES, "-f",
                      os.path.join(EXAMPLE, "services", "Dockerfile"),
                      EXAMPLE, check=False, within=300)
        if made.returncode != 0:
            self.skipTest("packages cannot be installed into an image here: "
                          + made.stderr.strip()[-200:])

    def compose(self, *words):
        return engine("podman-compose", "-p", self.name, "-f",
                      os.path.join(EXAMPLE, "compose.yaml"), *words,
                      check=False)

    def down(self):
        self.compose("down", "-t", "2")
        podman("network", "rm", "-f", f"{self.name}_default", check=False)

    def test_latency_outage_partition_and_recovery_are_shown(self):
        self.build_services()
        self.addCleanup(self.down)
        up = self.compose("up", "-d", "--no-build")
        shown = subprocess.run(
            [os.path.join(EXAMPLE, "show"), "--conf", self.conf],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=300, env={**os.environ, **self.settings})
        print("\n".join(f"# {line}" for line in shown.stdout.splitlines()
                        if line), flush=True)
        logs = podman("logs", f"{self.name}_faultwire_1", check=False)
        self.assertEqual(shown.returncode, 0, shown.stderr + up.stderr +
                         logs.stdout[-3000:])


if __name__ == "__main__":
    unittest.main()
