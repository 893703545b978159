# SPDX-License-Identifier: Apache-2.0
"""A pseudo terminal with a command in it, and a very small idea of a screen:
what was drawn since the cursor went home last."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from .net import WITHIN
from .proxy import REPORT

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


class Screen:
    def __init__(self, args, env, rows=24, columns=100):
        self.master, slave = pty.openpty()
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.text = ""
        self.resize(rows, columns)

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            args, stdin=slave, stdout=slave, stderr=slave, close_fds=True,
            env={**env, "TERM": "xterm"}, preexec_fn=own_terminal)

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        os.write(self.master, keys.encode())

    def pump(self, seconds):
        """Reads what comes within that time."""
        if select.select([self.master], [], [], seconds)[0]:
            self.text += os.read(self.master, 65536).decode(errors="replace")

    def wait(self, found, within=WITHIN):
        """Until `found(frame)` is true of what is drawn."""
        deadline = time.monotonic() + within
        while not found(self.frame()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not drawn: {self.text[-3000:]!r}")
            self.pump(0.1)

    def wait_text(self, text, within=WITHIN):
        self.wait(lambda frame: text in frame, within)

    def frame(self):
        """The last whole frame, without what colours it."""
        frames = self.text.split("\x1b[H")
        whole = [f for f in frames if "\x1b[J" in f]
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", whole[-1]) if whole \
            else ""

    def end(self, within=WITHIN):
        """Waits for its end; its exit code and all that it wrote."""
        deadline = time.monotonic() + within
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"it stays: {self.text[-2000:]!r}")
            self.pump(0.05)
        while select.select([self.master], [], [], 0.05)[0]:
            self.pump(0)
        assert not REPORT.search(self.text), self.text
        return self.process.returncode

    def restored(self):
        """Is the terminal as it was before?"""
        return (termios.tcgetattr(self.slave) == self.before and
                self.text.count(ENTER) == self.text.count(LEAVE) and
                "\x1b[?25h" in self.text.rsplit("\x1b[?25l", 1)[-1])

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)
