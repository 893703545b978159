# SPDX-License-Identifier: Apache-2.0
"""What is measured: each peer turns a list of routes into a running proxy."""
import glob
import os
import shutil
from dataclasses import dataclass, field

from harness.system import Failure, write

# Two descriptors a session, of the 20,000 that a process often may have.
SESSIONS = 9800


@dataclass
class Route:
    """One listener. `faults` is faultwire's text, `rate` is bytes/s (both
    only for peers that can); `late_us` is for the direct way."""
    name: str
    upstream: int
    http: bool = False
    udp: bool = False
    faults: str = ""
    options: str = ""
    rate: int = 0


@dataclass
class Setting:
    """Where a peer runs."""
    threads: int = 1
    cpus: set = field(default_factory=set)
    realtime: bool = False


class Running:
    """A peer at work: a port for each route's name."""

    def __init__(self, peer, stable, routes, setting):
        self.peer, self.stable, self.routes = peer, stable, routes
        self.setting, self.process = setting, None
        self.ports = {r.name: peer.port(stable, r) for r in routes}
        self.start()

    def start(self):
        command = self.peer.command(self.stable, self.routes, self.ports,
                                    self.setting)
        if command is None:
            return
        self.process = self.stable.start(
            self.peer.name, command, cpus=self.setting.cpus,
            realtime=self.setting.realtime)
        self.process.wait_listening(self.ports.values())

    def revive(self):
        """Starts it again if it died; Failure if it cannot be."""
        if self.process and not self.process.alive():
            self.stable.stop(self.process)
            self.start()

    def cpu_s(self):
        return self.process.cpu_s() if self.process else 0.0

    def stop(self):
        if self.process:
            self.stable.stop(self.process)
            self.process = None


class Direct:
    """No proxy: the client connects to the server."""
    name, version = "direct", ""

    def missing(self):
        return None

    def port(self, _stable, route):
        return route.upstream

    def command(self, *_):
        return None


class Relay:
    """The least that a relay of datagrams can be: a loop of fwbench."""
    name, version = "relay", ""

    def __init__(self, fwbench):
        self.fwbench = fwbench

    def missing(self):
        return None

    def port(self, stable, _route):
        return stable.ports.take()

    def command(self, _stable, routes, ports, _setting):
        return [self.fwbench, "udp_relay", "--port", str(ports[routes[0].name]),
                "--base_port", str(routes[0].upstream),
                "--seconds_ms", "3600000"]


class Proxy:
    """A program with a configuration file."""

    def __init__(self, name, program):
        self.name, self.program = name, program

    def missing(self):
        if shutil.which(self.program):
            return None
        return f"{self.program} is not installed"

    def port(self, stable, _route):
        return stable.ports.take()

    def config(self, stable, routes, ports, setting):
        raise NotImplementedError

    def arguments(self, path):
        raise NotImplementedError

    def command(self, stable, routes, ports, setting):
        path = stable.path(self.name + ".conf")
        write(path, self.config(stable, routes, ports, setting))
        return [self.program] + self.arguments(path)


class Haproxy(Proxy):
    """HAProxy in TCP or HTTP mode. `defaults` and `tune` are lines added."""

    def __init__(self, name, tune="", defaults="", http=False, bind="",
                 sessions=SESSIONS):
        super().__init__(name, "haproxy")
        self.bind = bind
        self.tune, self.defaults, self.http = tune, defaults, http
        self.sessions = sessions

    def config(self, stable, routes, ports, setting):
        mode = "http" if self.http else "tcp"
        lines = ["global", f"  maxconn {self.sessions}",
                 f"  nbthread {setting.threads}", f"  {self.tune}",
                 "defaults", f"  mode {mode}", "  timeout connect 5s",
                 "  timeout client 120s", "  timeout server 120s",
                 f"  maxconn {self.sessions}", f"  {self.defaults}"]
        for route in routes:
            lines += [f"listen {route.name}",
                      f"  bind 127.0.0.1:{ports[route.name]} {self.bind}",
                      f"  server s 127.0.0.1:{route.upstream}"]
        return "\n".join(lines) + "\n"

    def arguments(self, path):
        return ["-db", "-q", "-f", path]


class Nginx(Proxy):
    """nginx as a stream or an HTTP proxy."""

    def __init__(self, name, http=False, modules=None, listen=""):
        super().__init__(name, "nginx")
        self.http, self.modules, self.listen = http, modules, listen

    def stream_module(self):
        places = [self.modules or "", "/usr/lib/nginx/modules",
                  "/usr/lib64/nginx/modules"]
        for place in places:
            found = glob.glob(os.path.join(place, "ngx_stream_module.so"))
            if place and found:
                return found[0]
        return None

    def missing(self):
        if not self.http and shutil.which(self.program) and \
                not self.stream_module():
            return "nginx has no stream module (libnginx-mod-stream)"
        return super().missing()

    def config(self, stable, routes, ports, setting):
        head = [] if self.http else [f"load_module {self.stream_module()};"]
        head += ["daemon off;", f"worker_processes {setting.threads};",
                 "worker_rlimit_nofile 20000;", "error_log stderr crit;",
                 f"pid {stable.path(self.name + '.pid')};",
                 "user root;" if os.getuid() == 0 else "",
                 "events { worker_connections 19900; }"]
        body = self.http_block if self.http else self.stream_block
        return "\n".join(head) + "\n" + body(stable, routes, ports)

    @staticmethod
    def stream_block(_stable, routes, ports):
        lines = ["stream {", "access_log off;"]
        for route in routes:
            rate = f"proxy_download_rate {route.rate};" if route.rate else ""
            lines.append(
                f"server {{ listen 127.0.0.1:{ports[route.name]}"
                f"{' udp' if route.udp else ''}; "
                f"proxy_pass 127.0.0.1:{route.upstream}; {rate} }}")
        return "\n".join(lines + ["}"]) + "\n"

    def http_block(self, stable, routes, ports):
        lines = ["http {", "access_log off;", "keepalive_requests 100000000;",
                 "keepalive_timeout 120s;"]
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
            lines.append(f"{kind}_temp_path {stable.directory};")
        for route in routes:
            lines.append(
                f"upstream {route.name} {{ server 127.0.0.1:{route.upstream};"
                " keepalive 128; keepalive_requests 100000000; }")
            lines.append(
                f"server {{ listen 127.0.0.1:{ports[route.name]}"
                f"{self.listen}; location / {{ proxy_pass http://{route.name}; "
                "proxy_http_version 1.1; "
                "proxy_set_header Connection \"\"; } }")
        return "\n".join(lines + ["}"]) + "\n"

    def arguments(self, path):
        return ["-e", "stderr", "-c", path]


class Faultwire(Proxy):
    """This project's proxy. `faults` stand on every route that has none of
    its own, `options` on every route."""

    def __init__(self, name, program, http=False, faults="", options=""):
        super().__init__(name, program)
        self.http, self.faults, self.options = http, faults, options

    def missing(self):
        if os.access(self.program, os.X_OK):
            return None
        return f"{self.program} is not built"

    def config(self, stable, routes, ports, setting):
        control = stable.ports.take()
        entries = []
        for route in routes:
            protocol = "http" if self.http and route.http else \
                "udp" if route.udp else "tcp"
            entries.append(
                f"  {{ name = \"{route.name}\"; "
                f"listen = \"127.0.0.1:{ports[route.name]}\"; "
                f"upstream = \"127.0.0.1:{route.upstream}\"; "
                f"protocol = \"{protocol}\"; "
                f"{self.options}{route.options}"
                f"faults = ( {route.faults or self.faults} ); }}")
        return (f"seed = 1;\nworkers = {setting.threads};\n"
                f"control = {{ listen = \"127.0.0.1:{control}\"; }};\n"
                "log = { level = \"warn\"; };\n"
                "routes = (\n" + ",\n".join(entries) + "\n);\n")

    def arguments(self, path):
        return ["run", "-c", path]


def latency(delay, stream="downstream"):
    """The text of a latency fault."""
    return (f"{{ type = \"latency\"; latency = \"{delay}\"; "
            f"stream = \"{stream}\"; }}")


def bandwidth(rate):
    """The text of a bandwidth fault; rate in bytes per second."""
    return f"{{ type = \"bandwidth\"; rate = \"{rate}B/s\"; }}"


def all_peers(faultwire, fwbench, nginx_modules):
    """Every peer by name, in the order of the tables."""
    splice = "option splice-request\n  option splice-response"
    peers = [
        Direct(),
        Relay(fwbench),
        Haproxy("haproxy"),
        # Pipes take descriptors too, so fewer sessions.
        Haproxy("haproxy-splice", defaults=splice, sessions=4000),
        Haproxy("haproxy-64k", tune="tune.bufsize 65536"),
        Haproxy("haproxy-http", http=True),
        Haproxy("haproxy-http2", http=True, bind="proto h2"),
        Nginx("nginx", modules=nginx_modules),
        Nginx("nginx-http", http=True),
        Nginx("nginx-http2", http=True, listen=" http2"),
        Faultwire("faultwire", faultwire),
        Faultwire("faultwire-http", faultwire, http=True),
        Faultwire("faultwire-http2", faultwire, http=True,
                  options="upstream_protocol = \"http1\"; "),
        Faultwire("faultwire-observed", faultwire,
                  faults=latency("0ms", "both")),
        Faultwire("faultwire-20ms", faultwire,
                  faults=latency("20ms"), options="buffer = \"128MiB\"; "),
        Faultwire("faultwire-precise", faultwire,
                  options="precise = true; "),
    ]
    return {peer.name: peer for peer in peers}


def select(peers, names):
    """The peers wanted that are there, and why the others are not."""
    for name in names:
        if name not in peers:
            raise Failure(f"no peer is called {name}")
    missing = {name: peers[name].missing() for name in names}
    return ([peers[name] for name in names if not missing[name]],
            {name: why for name, why in missing.items() if why})
