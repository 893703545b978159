# SPDX-License-Identifier: Apache-2.0
"""Hosts on one machine: each is a network namespace with a wire to the hub,
and the hub is where faultwire runs.

    n1 10.77.1.2 ──┐
    n2 10.77.2.2 ──┤ hub: faultwire listens at 10.77.0.1, 10.77.0.2, …
    n3 10.77.3.2 ──┘      (what n1, n2, … tell others to connect to)

Nothing is forwarded between the wires: what hosts say to each other passes
through faultwire or not at all, and it knows them by where they come from.
Root is not needed where unprivileged users may make namespaces."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

PDEATHSIG = 1  # prctl(2)
INSIDE = "FAULTWIRE_CLUSTER_INSIDE"


class Missing(Exception):
    """Something that has to be installed or allowed first."""


def die_with_parent():
    ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)


def enter_hub():
    """Starts this program again in a network namespace of its own, in which
    ports and addresses are ours alone."""
    if INSIDE in os.environ:
        return
    for tool in ("unshare", "nsenter", "ip", "setpriv"):
        find(tool)
    command = ["unshare", "-n"]
    if os.geteuid() != 0:
        command += ["-U", "--map-root-user"]
    if subprocess.run(command + ["true"], stdin=subprocess.DEVNULL,
                      capture_output=True, check=False).returncode:
        raise Missing("network namespaces may not be made here")
    os.environ[INSIDE] = str(os.geteuid())
    os.execvp(command[0], command + [sys.executable, "-B"] + sys.argv)


def find(program, *folders):
    """The program's path, sought in the folders first."""
    path = os.pathsep.join([*folders, os.environ.get("PATH", ""),
                            "/usr/sbin", "/sbin"])
    found = shutil.which(program, path=path)
    if found is None:
        raise Missing(f"{program} is not installed")
    return found


def ip(*words):
    subprocess.run([find("ip"), *words], stdin=subprocess.DEVNULL,
                   check=True)


class Host:
    """One host; `address` is its own, `known_as` is where others find it,
    which is faultwire."""

    def __init__(self, network, name, number):
        self.network, self.name = network, name
        self.address = f"10.77.{number}.2"
        self.known_as = f"10.77.0.{number}"
        self.dir = os.path.join(network.dir, name)
        os.mkdir(self.dir)
        if network.user:
            os.chown(self.dir, network.user.pw_uid, network.user.pw_gid)
        # This process keeps the namespace while programs come and go.
        self.keeper = subprocess.Popen(
            [find("unshare"), "-n", "sh", "-c", "echo; exec sleep 100000"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            preexec_fn=die_with_parent)
        self.keeper.stdout.readline()
        self.processes = []
        self._wire(number)

    def _wire(self, number):
        ip("link", "add", f"to-{self.name}", "type", "veth", "peer", "name",
           "eth0", "netns", str(self.keeper.pid))
        ip("addr", "add", f"10.77.{number}.1/30", "dev", f"to-{self.name}")
        ip("link", "set", f"to-{self.name}", "up")
        ip("addr", "add", f"{self.known_as}/32", "dev", "lo")
        self.run("sh", "-c", f"ip link set lo up && "
                 f"ip addr add {self.address}/30 dev eth0 && "
                 f"ip link set eth0 up && "
                 f"ip route add default via 10.77.{number}.1")

    def _inside(self, command, as_user):
        prefix = [find("nsenter"), f"--net=/proc/{self.keeper.pid}/ns/net"]
        if as_user:
            prefix += self.network.as_user
        return prefix + list(command)

    def run(self, *command, as_user=False, **options):
        """Runs a command on the host to its end."""
        return subprocess.run(
            self._inside(command, as_user), stdin=subprocess.DEVNULL,
            check=options.pop("check", True), cwd=self.dir, text=True,
            capture_output=True, **options)

    def start(self, *command, as_user=False, log="log"):
        """Starts a program on the host; it ends with us."""
        with open(os.path.join(self.dir, log), "ab") as output:
            process = subprocess.Popen(
                self._inside(command, as_user), stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, cwd=self.dir,
                preexec_fn=die_with_parent)
        self.processes.append(process)
        return process

    def log(self, name="log"):
        with open(os.path.join(self.dir, name), encoding="utf-8",
                  errors="replace") as f:
            return f.read()

    def close(self):
        for process in [*self.processes, self.keeper]:
            process.kill()
        for process in [*self.processes, self.keeper]:
            process.wait()
        self.keeper.stdout.close()


class Network:
    """The hub and its hosts; `user` is who runs what root may not."""

    def __init__(self, names):
        self.dir = tempfile.mkdtemp(prefix="faultwire-cluster-")
        os.chmod(self.dir, 0o755)
        self.user, self.as_user = None, []
        if os.environ[INSIDE] == "0":
            self.as_user = ["setpriv", "--reuid", "nobody", "--regid",
                            "nogroup", "--clear-groups"]
            self.user = pwd.getpwnam("nobody")
        else:
            # Root is a dream here; this wakes up as who we were.
            self.as_user = ["unshare", "-U", f"--map-user=1000",
                            "--map-group=1000"]
        self.hosts = []
        ip("link", "set", "lo", "up")
        for number, name in enumerate(names, 1):
            self.hosts.append(Host(self, name, number))

    def close(self):
        for host in self.hosts:
            host.close()
        shutil.rmtree(self.dir, True)
