# SPDX-License-Identifier: Apache-2.0
"""A network of its own for a file of tests, and hosts beside it. Where that
is not allowed, or a tool is missing, the tests are skipped with the reason."""

import ctypes
import os
import shutil
import subprocess
import unittest

CLONE_NEWNET = 0x40000000


def tool(*command, check=True, text=None):
    done = subprocess.run(command, capture_output=True, text=True, timeout=30,
                          input=text, check=False)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stderr}")
    return done


def enter():
    """This process, with all that it starts, leaves the machine's network
    for an empty one."""
    for name in ("ip", "nft", "nsenter", "unshare"):
        if shutil.which(name) is None:
            raise unittest.SkipTest(f"{name} is not installed")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        why = os.strerror(ctypes.get_errno())
        raise unittest.SkipTest(f"no network namespace: {why}")
    tool("ip", "link", "set", "lo", "up")
    done = tool("nft", "add table inet probe; add chain inet probe c "
                "{ type nat hook output priority -100; }; add rule inet probe "
                "c tcp dport 1 redirect to :2; delete table inet probe",
                check=False)
    if done.returncode:
        why = done.stderr.strip().splitlines()[0]
        raise unittest.SkipTest(f"the kernel makes no NAT rules: {why}")


def address(*addresses):
    """Gives this host more addresses."""
    for a in addresses:
        extra = ("nodad",) if ":" in a else ()
        tool("ip", "addr", "add", a, "dev", "lo", *extra)


def rules():
    return tool("nft", "list", "ruleset").stdout


def routing():
    return "".join(tool("ip", version, "rule").stdout
                   for version in ("-4", "-6"))


class Host:
    """Another host, linked to this one by a cable."""

    def __init__(self, test, name, ours, theirs):
        self.name = name
        self.process = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", "echo; exec sleep 1000"],
            stdout=subprocess.PIPE)
        test.addCleanup(self.end)
        self.process.stdout.readline()
        tool("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0",
             "netns", str(self.process.pid))
        tool("ip", "link", "set", name, "up")
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "link", "set", "eth0", "up")
        for here, there in zip(ours, theirs):
            extra = ("nodad",) if ":" in here else ()
            version = "-6" if ":" in here else "-4"
            tool("ip", "addr", "add", here, "dev", name, *extra)
            self.run("ip", "addr", "add", there, "dev", "eth0", *extra)
            self.run("ip", version, "route", "add", "default", "via",
                     here.split("/")[0])

    def command(self, *command):
        return ["nsenter", "-t", str(self.process.pid), "-n", *command]

    def run(self, *command, check=True):
        return tool(*self.command(*command), check=check)

    def end(self):
        tool("ip", "link", "del", self.name, check=False)
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()
