# SPDX-License-Identifier: Apache-2.0
"""Clients of Debian's packages, as their documentation says it, and without
the mechanism. Each function takes the address of the dependency and gives one
that asks it for a path; libraries are imported when they are asked for."""

import asyncio
import shutil
import subprocess
import threading
import urllib.error
import urllib.request


def plain(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


# --- retries ------------------------------------------------------------------

def urllib3_retry(**options):
    def client(api):
        import urllib3
        pool = urllib3.PoolManager(maxsize=50)
        retries = urllib3.Retry(**options) if options else False
        return lambda path: pool.request("GET", api + path, retries=retries,
                                         timeout=30).data
    return client


def requests_adapter(api):
    import requests
    return lambda path: requests.get(api + path, timeout=30).content


def tenacity_retry(wait):
    def client(api):
        import tenacity

        @tenacity.retry(wait=wait(tenacity),
                        stop=tenacity.stop_after_attempt(4))
        def ask(path):
            return plain(api + path)
        return ask
    return client


def backoff_expo(api):
    import backoff

    @backoff.on_exception(backoff.expo, urllib.error.URLError, max_tries=4,
                          factor=0.3, jitter=None)
    def ask(path):
        return plain(api + path)
    return ask


def command(*words):
    def client(api):
        if shutil.which(words[0]) is None:
            raise ImportError(name=words[0])

        def ask(path):
            subprocess.run([*words, api + path], check=False,
                           stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        return ask
    return client


# --- time-outs ----------------------------------------------------------------

def requests_timeout(timeout):
    def client(api):
        import requests
        return lambda path: requests.get(api + path, timeout=timeout).content
    return client


def httpx_timeout(api):
    import httpx
    pool = httpx.Client(timeout=1.0)
    return lambda path: pool.get(api + path).content


def aiohttp_timeout(**options):
    """One loop in a thread of its own."""
    def client(api):
        import aiohttp
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()

        async def ask(path):
            timeout = aiohttp.ClientTimeout(**options)
            async with aiohttp.ClientSession(timeout=timeout) as session:
                async with session.get(api + path) as answer:
                    return await answer.read()
        return lambda path: asyncio.run_coroutine_threadsafe(
            ask(path), loop).result()
    return client


# --- breakers -----------------------------------------------------------------

def circuitbreaker(api):
    from circuitbreaker import CircuitBreaker
    breaker = CircuitBreaker(failure_threshold=5, recovery_timeout=2)
    return breaker(lambda path: plain(api + path))


clients = {
    "urllib3": urllib3_retry(total=4, backoff_factor=0.2,
                             status_forcelist=[503]),
    "urllib3 without": urllib3_retry(),
    "requests": requests_adapter,
    "tenacity fixed": tenacity_retry(lambda t: t.wait_fixed(0.3)),
    "tenacity incrementing": tenacity_retry(
        lambda t: t.wait_incrementing(start=0.3, increment=0.3)),
    "tenacity random": tenacity_retry(
        lambda t: t.wait_random_exponential(multiplier=0.4, max=10)),
    "backoff": backoff_expo,
    "curl retry": command("curl", "-s", "--retry", "2", "--retry-delay", "1"),
    "wget tries": command("wget", "-q", "-O-", "--tries=3",
                          "--retry-on-http-error=503"),
    "requests without": requests_timeout(None),
    "requests timeout": requests_timeout(1),
    "httpx": httpx_timeout,
    "aiohttp total": aiohttp_timeout(total=1),
    "aiohttp read": aiohttp_timeout(sock_read=1),
    "curl max-time": command("curl", "-s", "--max-time", "1"),
    "curl speed": command("curl", "-s", "-Y", "100", "-y", "2"),
    "wget timeout": command("wget", "-q", "-O-", "--tries=1",
                            "--read-timeout=1"),
    "circuitbreaker": circuitbreaker,
    "plain": lambda api: lambda path: plain(api + path),
}
