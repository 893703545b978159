# SPDX-License-Identifier: Apache-2.0
"""The account of a run: what was done, what was measured, what must hold."""

import json
import sys
import time

STEP = 0.01  # seconds between two looks


class Broken(AssertionError):
    """The cluster did what it must not do."""


class Story:
    def __init__(self):
        self.scenes, self.begun = [], time.time()
        tty = sys.stdout.isatty()
        self.bold, self.dim, self.plain = (
            ("\33[1m", "\33[2m", "\33[0m") if tty else ("", "", ""))

    def say(self, text):
        print(text, flush=True)

    def scene(self, title):
        self.say(f"\n{self.bold}{len(self.scenes) + 1}. {title}{self.plain}")
        self.scenes.append({"scene": title, "checks": [], "figures": {}})

    def command(self, text):
        self.say(f"   {self.dim}$ {text}{self.plain}")

    def figure(self, what, seconds):
        """A time that was measured."""
        self.scenes[-1]["figures"][what] = round(seconds, 3)
        text = (f"{seconds * 1000:.0f} ms" if seconds < 1
                else f"{seconds:.2f} s")
        self.say(f"   {what:<52} {text:>9}")

    def check(self, what, holds, details=""):
        """Something that must hold: else the run ends."""
        self.scenes[-1]["checks"].append({"check": what, "ok": bool(holds)})
        if not holds:
            raise Broken(f"{what}: {details}")
        self.say(f"   ok: {what}")

    def write(self, path, error=None):
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"scenes": self.scenes, "error": error}, f, indent=1)

    def end(self):
        took = time.time() - self.begun
        checks = sum(len(s["checks"]) for s in self.scenes)
        self.say(f"\n{checks} checks held in {took:.0f} s")


def wait(what, found, within=20):
    """Waits until found() is true; its value and the moment."""
    until = time.time() + within
    while True:
        value = found()
        now = time.time()
        if value:
            return value, now
        if now > until:
            raise Broken(f"no {what} within {within} s")
        time.sleep(STEP)
