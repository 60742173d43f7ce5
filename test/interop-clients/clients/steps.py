"""The steps of a day of work: each prints one line of JSON, {"name", "outcome", "why", "milliseconds"}."""

import hashlib
import json
import time

_steps = []


def step(name):
    """Keeps a function as a step of that name; `run` runs them in their order."""

    def keep(work):
        _steps.append((name, work))
        return work

    return keep


def equal(found, expected, what):
    if found != expected:
        raise AssertionError(f"{what}: {found!r} instead of {expected!r}")


def digest(path):
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            sha.update(piece)
    return sha.hexdigest()


def content(path):
    with open(path, "rb") as file:
        return file.read()


def run():
    for name, work in _steps:
        begun = time.monotonic()
        outcome, why = "passed", ""
        try:
            work()
        except Exception as error:  # Every step is tried; what one throws is told.
            outcome, why = "failed", f"{type(error).__name__}: {error}"
        milliseconds = (time.monotonic() - begun) * 1000
        print(json.dumps({"name": name, "outcome": outcome, "why": why, "milliseconds": milliseconds}), flush=True)
