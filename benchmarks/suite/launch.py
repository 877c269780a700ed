"""Runs one command and prints what it took, as one line of JSON; started by `measure.py` as `python -I -S launch.py`.

It is a process of its own, and a small one, because the peak RSS that the kernel reports for a child starts at the RSS
of the process that forked it.
"""

import json
import os
import sys
import time

POLL_S = 0.002


def anonymous_kb(pid: int) -> int:
    """Give the private anonymous memory of a process (RssAnon), 0 when it has just ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123 - pathlib costs RSS
            return next((int(line.split()[1]) for line in status if line.startswith("RssAnon")), 0)
    except OSError:
        return 0


def main() -> None:
    """Run `sys.argv[1:]` with its output thrown away."""
    begun = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execvp(sys.argv[1], sys.argv[1:])
    peak_kb = 0
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            break
        peak_kb = max(peak_kb, anonymous_kb(pid))
        time.sleep(POLL_S)
    report = {
        "wall_s": time.perf_counter() - begun,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "rss_mb": usage.ru_maxrss / 1024,
        "anon_mb": peak_kb / 1024,
        "exit": os.waitstatus_to_exitcode(status),
    }
    print(json.dumps(report))


main()
