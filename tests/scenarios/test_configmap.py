# SPDX-License-Identifier: Apache-2.0
"""A configuration that Kubernetes brings: the kubelet writes every version
of a ConfigMap into a folder of its own and swaps one symbolic link.

    faultwire.conf -> ..data/faultwire.conf
    ..data         -> ..2026_11_25_16_00_00.1
    ..2026_11_25_16_00_00.1/faultwire.conf"""

import os
import shutil
import signal
import tempfile
import time
import unittest

from harness import Scenario, conf, connect, fault, free_port, route

NAME = "faultwire.conf"


class Volume:
    """A folder as the kubelet keeps it (AtomicWriter in its sources): write
    anew, swap, remove the old, then links to files that are new or gone."""

    def __init__(self, text):
        self.dir = tempfile.mkdtemp(prefix="faultwire-configmap-")
        self.version, self.now = 0, None
        self.publish({NAME: text})

    @property
    def path(self):
        return os.path.join(self.dir, NAME)

    def publish(self, files):
        self.version += 1
        old = self.now
        self.now = f"..2026_11_25_16_00_{self.version:02d}.{self.version}"
        folder = os.path.join(self.dir, self.now)
        os.mkdir(folder)
        for name, content in files.items():
            with open(os.path.join(folder, name), "w",
                      encoding="utf-8") as f:
                f.write(content)
        os.symlink(self.now, f"{self.dir}/..data_tmp")
        os.rename(f"{self.dir}/..data_tmp", f"{self.dir}/..data")
        for name in os.listdir(self.dir):
            if not name.startswith("..") and name not in files:
                os.unlink(os.path.join(self.dir, name))
        for name in files:
            if not os.path.islink(os.path.join(self.dir, name)):
                os.symlink(f"..data/{name}", os.path.join(self.dir, name))
        if old:
            shutil.rmtree(os.path.join(self.dir, old))


class ConfigMap(Scenario):
    def setUp(self):
        self.upstream = self.serving()
        self.port = free_port()
        self.volume = Volume(self.text(3))
        self.addCleanup(shutil.rmtree, self.volume.dir, True)

    def text(self, length, mark=0):
        """Lets so many bytes through."""
        return conf.text([route("r", self.port, self.upstream.port, fault(
            "limit_data", bytes=length))]) + f"# {mark}\n"

    def passing(self):
        conn = connect(self.port).send(b"abcdefgh").finish()
        try:
            return len(conn.recv_end()[0])
        finally:
            conn.close()

    def publish(self, proxy, files, event="config_reload"):
        before = len(proxy.reloads())
        self.volume.publish(files)
        return proxy.reloaded(before, event)

    def test_every_version_acts_on_the_running_proxy(self):
        proxy = self.start(None, path=self.volume.path)
        self.assertEqual(self.passing(), 3)
        for length in (5, 2, 7):
            self.publish(proxy, {NAME: self.text(length)})
            self.assertEqual(self.passing(), length)
        proxy.check_alive()

    def test_many_versions_in_a_row_end_in_the_last(self):
        proxy = self.start(None, path=self.volume.path)
        for mark in range(20):
            self.volume.publish({NAME: self.text(4, mark)})
        self.publish(proxy, {NAME: self.text(6)})
        self.assertEqual(self.passing(), 6)

    def test_a_bad_version_changes_nothing_and_the_next_good_one_does(self):
        proxy = self.start(None, path=self.volume.path)
        line = self.publish(proxy, {NAME: "routes = ("}, "config_rejected")
        self.assertIn(NAME, str(line))
        self.assertEqual(self.passing(), 3)
        self.publish(proxy, {NAME: self.text(5)})
        self.assertEqual(self.passing(), 5)

    def test_a_key_that_is_gone_changes_nothing_until_it_is_back(self):
        proxy = self.start(None, path=self.volume.path)
        self.volume.publish({"another": "# nothing\n"})
        time.sleep(0.6)
        self.assertEqual(self.passing(), 3)
        self.publish(proxy, {NAME: self.text(5)})
        self.assertEqual(self.passing(), 5)

    def test_a_folder_in_its_place_changes_nothing(self):
        proxy = self.start(None, path=self.volume.path)
        os.unlink(self.volume.path)
        os.mkdir(self.volume.path)
        time.sleep(0.6)
        proxy.signal(signal.SIGHUP)
        proxy.reloaded(0, "config_rejected")
        self.assertEqual(self.passing(), 3)

    def test_a_file_mounted_by_itself_stays_as_it_was(self):
        """subPath mounts what the file was, and not what takes its place:
        no reload, not even by SIGHUP. It is documented, not mended."""
        target = os.path.join(tempfile.mkdtemp(), NAME)
        self.addCleanup(shutil.rmtree, os.path.dirname(target), True)
        with open(target, "w", encoding="ascii"):
            pass
        proxy = self.start(None, path=target,
                           bind=(os.path.realpath(self.volume.path), target))
        self.volume.publish({NAME: self.text(5)})
        time.sleep(0.6)
        proxy.signal(signal.SIGHUP)
        time.sleep(0.6)
        self.assertEqual(self.passing(), 3)
        proxy.check_alive()


if __name__ == "__main__":
    unittest.main()
