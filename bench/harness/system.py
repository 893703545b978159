# SPDX-License-Identifier: Apache-2.0
"""Processes, CPUs and the network of a measurement.

Everything started here runs in a process group of its own, is killed with
the harness (also when the harness itself is killed) and is found again by
that group for its CPU time and memory.
"""
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import time

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
TICKS = os.sysconf("SC_CLK_TCK")
FIRST_PORT, LAST_PORT = 7000, 19000
LIBC = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """A measurement that could not be made, and why."""


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _unshare_network():
    if LIBC.unshare(CLONE_NEWNET) == 0:
        return True
    uid, gid = os.getuid(), os.getgid()
    if LIBC.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"0 {uid} 1")
    write("/proc/self/gid_map", f"0 {gid} 1")
    return True


def _loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sh", b"lo", 0) + bytes(22)
        flags = struct.unpack("16sh22x",
                              fcntl.ioctl(sock, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(sock, SIOCSIFFLAGS,
                    struct.pack("16sh", b"lo", flags | IFF_UP) + bytes(22))


def enter_network():
    """Moves this process into a network of its own: a loopback interface
    that nobody else uses, with a congestion control that does not pace.
    Returns what to say about it; the machine's settings are not touched."""
    try:
        if not _unshare_network():
            return "the machine's own (no permission for a new one)"
        _loopback_up()
        write("/proc/sys/net/ipv4/tcp_congestion_control", "reno")
        write("/proc/sys/net/ipv4/ip_local_port_range", "20000 65000")
    except OSError as error:
        return f"incomplete: {error}"
    return "own namespace, reno"


def congestion_control():
    return read("/proc/sys/net/ipv4/tcp_congestion_control").strip()


def _listening():
    """The local ports that somebody listens on, for TCP or datagrams."""
    ports = set()
    for table, state in (("tcp", "0A"), ("udp", "07")):
        for line in read(f"/proc/self/net/{table}").splitlines()[1:]:
            fields = line.split()
            if fields[3] == state:
                ports.add(int(fields[1].split(":")[1], 16))
    return ports


class Ports:
    """Free loopback ports, each given out once."""

    def __init__(self):
        self.next = FIRST_PORT

    def take(self):
        while self.next < LAST_PORT:
            self.next += 1
            with socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    sock.bind(("127.0.0.1", self.next))
                    return self.next
                except OSError:
                    continue
        raise Failure("no free port left")


class Process:
    """A running program and whatever it forks."""

    def __init__(self, command, log, cpus=None, realtime=False, pipes=False):
        def prepare():
            os.setsid()
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if cpus:
                os.sched_setaffinity(0, cpus)
            if realtime:
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))

        self.command, self.log = command, log
        with open(log, "ab") as file:
            # pylint: disable=subprocess-popen-preexec-fn
            self.child = subprocess.Popen(
                command, preexec_fn=prepare, stderr=file,
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else file, text=True)

    def alive(self):
        return self.child.poll() is None

    def wait_listening(self, ports, timeout_s=10):
        """Until all ports are listened on; Failure if that never comes."""
        end = time.monotonic() + timeout_s
        while not set(ports) <= _listening():
            if not self.alive() or time.monotonic() > end:
                raise Failure("did not start: " + self.complaint())
            time.sleep(0.02)

    def complaint(self):
        lines = read(self.log).strip().splitlines()
        return lines[-1][:200] if lines else "it said nothing"

    def pids(self):
        """The processes of its group that still run."""
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                stat = read(f"/proc/{name}/stat").rsplit(")", 1)[1].split()
            except OSError:
                continue
            group, session = int(stat[2]), int(stat[3])
            if group == session == self.child.pid and stat[0] != "Z":
                found.append(int(name))
        return found

    def cpu_s(self):
        """CPU seconds of all its threads, in user space and the kernel."""
        ticks = 0
        for pid in self.pids():
            stat = read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
            ticks += int(stat[11]) + int(stat[12])
        return ticks / TICKS

    def memory_kib(self):
        """Proportional set size of the whole group."""
        total = 0
        for pid in self.pids():
            for line in read(f"/proc/{pid}/smaps_rollup").splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total

    def _end(self):
        """Asks politely first: nginx's master reaps its workers."""
        if self.alive():
            self.child.terminate()
            try:
                self.child.wait(timeout=1)
            except subprocess.TimeoutExpired:
                pass
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.child.wait()

    def kill(self):
        """Ends the whole group, and waits for it."""
        self._end()
        for pipe in (self.child.stdin, self.child.stdout):
            if pipe:
                pipe.close()


class Stable:
    """All processes of a run; as a context it kills them at its end."""

    def __init__(self, directory):
        self.directory, self.ports, self.processes = directory, Ports(), []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()

    def path(self, name):
        return os.path.join(self.directory, name)

    def foreign_cpu_s(self):
        """CPU seconds since boot that were not ours: to be read twice."""
        fields = [int(f) for f in read("/proc/stat").split("\n")[0].split()[1:]]
        idle = fields[3] + fields[4]
        times = os.times()
        ours = sum(times[:4]) + sum(p.cpu_s() for p in self.processes)
        return (sum(fields[:8]) - idle) / TICKS - ours

    def start(self, name, command, **options):
        process = Process(command, self.path(name + ".log"), **options)
        self.processes.append(process)
        return process

    def stop(self, process):
        process.kill()
        self.processes.remove(process)
