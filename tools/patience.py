# SPDX-License-Identifier: MIT
"""How slow this host is now, and so how long to wait for what a quiet one does at once.

A limit on time is there to end what hangs. Whoever sets one says how long a quiet machine may take;
`patience` makes of it what a busy or an old one may. No test fails for time alone then, and one
that hangs takes longer to say so.
"""

import functools
import os
import time

LOOPS = 100_000
LOOPS_SECONDS = 0.004  # of CPU time, on a machine of 2020
MARGIN = 2  # for work that comes while we wait, and for turns that are not shared out evenly
SLOWEST = 60


@functools.lru_cache(maxsize=None)
def cpu_factor():
    """How many times longer than there some plain work takes here, left alone."""
    start = time.thread_time()
    for _ in range(LOOPS):
        pass
    return max(1.0, (time.thread_time() - start) / LOOPS_SECONDS)


def turns():
    """How many want each CPU: now, or on average of the last minute, whichever is more."""
    with open("/proc/loadavg", encoding="ascii") as file:
        mean, _, _, tasks, _ = file.read().split()
    running = int(tasks.split("/")[0]) - 1  # we are one of them
    return max(1.0, max(running, float(mean)) / len(os.sched_getaffinity(0)))


def patience(seconds):
    """How long to wait here and now for what takes so many seconds at most on a quiet host."""
    return seconds * min(SLOWEST, MARGIN * cpu_factor() * turns())


def measures_time(test):
    """Decorates a test whose subject is a duration: a host that is busy may fail it twice."""
    @functools.wraps(test)
    def repeated(*arguments, **named):
        for _ in range(2):
            try:
                return test(*arguments, **named)
            except AssertionError:
                time.sleep(1)
        return test(*arguments, **named)
    return repeated
