#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs examples/compose with podman and tells what its `show` tells as TAP.

    tests/clusters/compose.py FAULTWIRE

The image of faultwire is made from the program under test and the libraries
that it needs. Skipped, with the reason, without root, podman,
podman-compose, or an archive to install Debian packages from."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
EXAMPLE = os.path.join(ROOT, "examples", "compose")
BASE = "docker.io/library/debian:bookworm-slim"
SERVICES = "faultwire-example-services"
INSIDE = "FAULTWIRE_CONTAINERS_INSIDE"
ENGINE = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[network]
network_backend = "netavark"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


class Skip(Exception):
    pass


def run(*command, fine=True, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **options)
    if fine and done.returncode:
        words = (done.stdout.strip().splitlines() or ["no word"])[-1]
        raise Skip(f"{' '.join(command[:2])} failed: {words}")
    return done


def enter():
    """Starts again in a mount namespace, where podman's mounts are ours and
    a second hierarchy of control groups does not confuse it."""
    if INSIDE in os.environ:
        run("umount", "/sys/fs/cgroup/unified", fine=False)
        return
    if os.geteuid() != 0:
        raise Skip("containers need root here")
    for tool in ("unshare", "podman", "podman-compose"):
        if shutil.which(tool) is None:
            raise Skip(f"{tool} is not installed")
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-m", sys.executable, "-B", *sys.argv])


def have_image(name):
    return run("podman", "image", "exists", name, fine=False).returncode == 0


def make_base(folder):
    """Debian from its packages, if no registry gave it before."""
    if have_image(BASE):
        return
    if shutil.which("mmdebstrap") is None:
        raise Skip("neither Debian's image nor mmdebstrap is here")
    path = os.path.join(folder, "base.tar")
    run("mmdebstrap", "--quiet", "--variant=minbase", "bookworm", path)
    run("podman", "import", path, BASE)
    os.unlink(path)


def make_faultwire(program, folder, tag):
    """An image of nothing but the program and its libraries."""
    root = os.path.join(folder, "image")
    files = {os.path.abspath(program): "/usr/bin/faultwire"}
    for line in run("ldd", program).stdout.splitlines():
        match = re.search(r"(/\S+) \(0x", line)
        if match:
            files[match[1]] = match[1]
    for source, target in files.items():
        target = root + target
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(source, target)
    with open(os.path.join(folder, "Dockerfile"), "w",
              encoding="ascii") as f:
        f.write("FROM scratch\nCOPY image /\nENV PATH=/usr/bin\nUSER 65534\n")
    run("podman", "build", "-q", "-t", tag, folder)


def free_ports(count):
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class Composition:
    def __init__(self, program, folder):
        self.name = f"faultwire-test-{os.getpid()}"
        self.image = f"localhost/{self.name}"
        self.folder = folder
        with open(os.path.join(folder, "engine.conf"), "w",
                  encoding="ascii") as f:
            f.write(ENGINE)
        os.environ["CONTAINERS_CONF"] = os.path.join(folder, "engine.conf")
        make_base(folder)
        make_faultwire(program, folder, self.image)
        run("podman", "run", "--rm", self.image, "faultwire", "--version")
        if not have_image(SERVICES):
            run("podman", "build", "--network=host", "-t", SERVICES, "-f",
                "services/Dockerfile", ".", cwd=EXAMPLE)
        shutil.copytree(os.path.join(EXAMPLE, "faultwire"),
                        os.path.join(folder, "conf"))
        edge, control, prometheus = free_ports(3)
        os.environ.update(
            FAULTWIRE_IMAGE=self.image,
            FAULTWIRE_CONF=os.path.join(folder, "conf"),
            EDGE_PORT=str(edge), CONTROL_PORT=str(control),
            PROMETHEUS_PORT=str(prometheus))

    def compose(self, *words):
        return run("podman-compose", "-p", self.name, "-f", "compose.yaml",
                   *words, cwd=EXAMPLE, fine=False)

    def show(self):
        up = self.compose("up", "-d", "--no-build")
        shown = run(os.path.join(EXAMPLE, "show"), "--conf",
                    os.path.join(self.folder, "conf", "faultwire.conf"),
                    fine=False, timeout=300)
        if shown.returncode:
            logs = run("podman", "logs", f"{self.name}_faultwire_1",
                       fine=False)
            shown.stdout += up.stdout + logs.stdout[-3000:]
        return shown

    def close(self):
        self.compose("down", "-t", "2")
        run("podman", "network", "rm", "-f", f"{self.name}_default",
            fine=False)
        run("podman", "rmi", "-f", self.image, fine=False)


def main(program):
    composition = folder = None
    try:
        enter()
        folder = tempfile.mkdtemp(prefix="faultwire-compose-")
        os.chmod(folder, 0o755)
        composition = Composition(program, folder)
        shown = composition.show()
    except Skip as e:
        print(f"ok 1 - examples/compose/show # SKIP {e}\n1..1")
        return 0
    finally:
        if composition is not None:
            composition.close()
        if folder is not None:
            shutil.rmtree(folder, True)
    number = 0
    for line in shown.stdout.splitlines():
        if line.startswith("   ok: "):
            number += 1
            print(f"ok {number} - {line[7:]}")
        else:
            print(f"# {line}")
    word = "not ok" if shown.returncode else "ok"
    print(f"{word} {number + 1} - the whole of examples/compose/show\n"
          f"1..{number + 1}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
