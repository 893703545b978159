# SPDX-License-Identifier: Apache-2.0
"""What a verdict must say about a client, by what its documentation says.

A verdict may be cautious: a machine that is too busy to tell is no reason to
fail. It may never be wrong."""

CAUTIOUS = ("INCONCLUSIVE", "PARTIAL", "NOT_OBSERVABLE")
VAGUE = ("increasing", "unknown")


class Undecided(Exception):
    pass


def words(want):
    return want if isinstance(want, tuple) else (want,)


class Near:
    """A time or a number that the client's own lateness may add to."""

    def __init__(self, value, more=0.25, slack=0.06):
        self.low, self.high = value * 0.97, value * (1 + more) + slack

    def problem(self, got):
        if isinstance(got, list):
            fits = got[0] <= self.high and got[1] >= self.low
        else:
            fits = self.low <= got <= self.high
        return None if fits else (
            f"{got}, not {self.low:.3f} to {self.high:.3f}")


class Between(Near):
    def __init__(self, low, high):
        self.low, self.high = low, high


class Within(Near):
    """A bracket that holds the value, or one that is later by what the
    client's own clock is."""

    def __init__(self, value, late=0.1):
        self.value, self.late = value, late

    def problem(self, got):
        fits = got[0] <= self.value + self.late and got[1] >= self.value
        return None if fits else f"{got} does not hold {self.value}"


class Verdict:
    """The mechanism's state, and members of it: a word or number, several of
    them, or one of the ranges above."""

    def __init__(self, mech, fault, state="CONFIRMED", **members):
        self.mech, self.fault, self.members = mech, fault, members
        self.states = state if isinstance(state, tuple) else (state,)

    def check(self, verdict):
        """A list of what is wrong with it. Raises Undecided."""
        name = f"{self.mech} under {self.fault}"
        if verdict is None:
            return [] if "NONE" in self.states else [f"no verdict on {name}"]
        state = verdict["state"]
        if state not in self.states:
            if state in CAUTIOUS:
                raise Undecided(f"{name}: {state}, {verdict['why']}")
            return [f"{name}: {state}, not {self.states}: {verdict}"]
        if state != self.states[0]:
            return []
        found, open_ = [], []
        for member, want in self.members.items():
            if member not in verdict:
                open_.append(f"{member} of {name}")
                continue
            wrong = self.problem(verdict[member], want)
            if wrong:
                found.append(f"{name}: {member}: {wrong}: {verdict}")
            elif (verdict[member] in VAGUE and
                  verdict[member] not in words(want)):
                open_.append(f"{member} of {name}: {verdict[member]}")
        if open_ and not found:
            raise Undecided(", ".join(open_))
        return found

    @staticmethod
    def problem(got, want):
        if hasattr(want, "problem"):
            return want.problem(got)
        return (None if got in words(want) + VAGUE
                else f"{got!r}, not {want!r}")


# --- the usual ones ----------------------------------------------------------

def retries(bound, fault="abort", **backoff):
    """So many, with such pauses."""
    return [Verdict("retries", fault, retries_max=bound, bound=bound),
            Verdict("backoff", fault, **backoff)]


def no_retries(fault="abort"):
    return [Verdict("retries", fault, ("ABSENT", "INCONCLUSIVE")),
            Verdict("backoff", fault, "NOT_EXERCISED")]


def gives_up(seconds, way, **members):
    """Such a time-out, and no retries."""
    return [Verdict("timeout", "hang", after_s=Near(seconds, **members),
                    kind=way),
            Verdict("retries", "hang", ("ABSENT", "INCONCLUSIVE",
                                        "NOT_EXERCISED"))]


def waits():
    return [Verdict("timeout", "hang", "ABSENT"),
            Verdict("timeout", "drip", "ABSENT")]


def breaks(seconds, **members):
    return [Verdict("breaker", "abort", open_s=Within(seconds), **members),
            Verdict("retries", "abort", ("ABSENT", "INCONCLUSIVE"))]


def no_breaker(states=("ABSENT", "INCONCLUSIVE")):
    return Verdict("breaker", "abort", states)


def doubling(first, **members):
    return {"shape": "exponential", "first_s": Near(first),
            "factor": Between(1.7, 2.3), "jitter": "none", **members}


def steady(first):
    return {"shape": "constant", "first_s": Near(first), "jitter": "none"}
