"""A table of bench/edge: servers that are loaded in turns, and the ratios.

All servers of a table are up at once and take turns of a second or so, each
round in another order; what is compared is measured within one round, so that
a slow minute of the machine meets both. A ratio is the median of the rounds',
with the least and the greatest beside it. The first row is what the others
are held against.
"""
import contextlib
import fnmatch
import statistics
import subprocess
import sys
import time

from edge_stack import Stack
from measure import Failed, cpu_set, processors_busy
from servers import Missing


class Case:
    """rows loaded by load; large: MB/s and CPU s/GB are shown, and not
    requests; wanted: (bytes, digest) of the right answer.
    """

    def __init__(self, title, rows, load, wanted, large=False, what="request",
                 note=""):
        self.title, self.rows, self.load = title, rows, load
        self.wanted, self.large, self.what = wanted, large, what
        self.note = note


def number(value):
    """Three digits that matter."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def turn(stack, load, seconds, args):
    """One server's turn: what it did and what that took."""
    cpus = cpu_set(args.server_cpus)
    before, kernel = stack.cpu(), stack.kernel()
    busy, begin = processors_busy(cpus), time.monotonic()
    got = load(stack, seconds, args)
    wall = time.monotonic() - begin
    stack.check_alive("under load")
    used = {role: now - before[role] for role, now in stack.cpu().items()}
    total = sum(used.values())
    busy = processors_busy(cpus)[0] - busy[0]
    if not got["requests"] and not got["bytes"]:
        raise Failed(f"no right answer: {got['failed']} failed "
                     f"({got['why']})")
    return {**got, "app": used.get("app", 0.0), "cpu": total,
            "nginx": used.get("nginx", 0.0),
            "kernel": (stack.kernel() - kernel) / total if total else 0,
            "foreign": max(0.0, busy - total) / (wall * len(cpus))}


def start_all(case, args, keep):
    """Those of the rows that start: (stacks, reasons of the others)."""
    stacks, reasons = [], {}
    for row in case.rows:
        try:
            stacks.append(keep.enter_context(Stack(row, case.wanted, args)))
        except (Missing, Failed) as error:
            reasons[row.name] = reason(error)
    return stacks, reasons


def reason(error):
    """Why a row has no numbers."""
    text = " ".join(str(error).split())
    return f"failed: {text}" if not isinstance(error, Missing) else (
        f"not run: {text}")


def measure(case, args):
    """All rounds: (runs of each row, reasons of those without)."""
    with contextlib.ExitStack() as keep:
        stacks, reasons = start_all(case, args, keep)
        runs = {stack.name: [] for stack in stacks}
        for number_of_round in range(-args.warmups, args.rounds):
            at = number_of_round % max(1, len(stacks))
            for stack in stacks[at:] + stacks[:at]:
                if stack.name in reasons:
                    continue
                try:
                    run = turn(stack, case.load, args.time, args)
                except (Missing, Failed,
                        subprocess.TimeoutExpired) as error:
                    reasons[stack.name] = reason(error)
                    continue
                if number_of_round >= 0:
                    runs[stack.name].append(run)
    return runs, reasons


def per(case, run):
    """(work done, its unit in CPU): requests and us, or MB and s/GB."""
    if case.large:
        return run["bytes"] / 1e6, 1e3
    return run["requests"], 1e6


def rate(case, run):
    return per(case, run)[0] / run["seconds"]


def cost(case, run, role="cpu"):
    work, unit = per(case, run)
    return run[role] * unit / work if work else 0.0


def ratio(pairs):
    """The median of the rounds' ratios, least and greatest."""
    ratios = [new / old for new, old in pairs if old]
    if not ratios:
        return "-"
    if len(ratios) == 1:
        return f"{ratios[0]:.2f} x"
    return (f"{statistics.median(ratios):.2f} x "
            f"({min(ratios):.2f} to {max(ratios):.2f})")


def line(case, name, runs, base, split):
    """A row's cells."""
    failed = sum(run["failed"] for run in runs)
    middle = statistics.median
    cells = [name, number(middle(rate(case, run) for run in runs)),
             ratio([(rate(case, a), rate(case, b))
                    for a, b in zip(runs, base)]),
             number(middle(cost(case, run) for run in runs))]
    if split:
        cells += [number(middle(cost(case, run, role) for run in runs))
                  for role in ("app", "nginx")]
    cells.append(ratio([(cost(case, a), cost(case, b))
                        for a, b in zip(runs, base)]))
    if split:
        cells.append(ratio([(cost(case, a, "app"), cost(case, b, "app"))
                            for a, b in zip(runs, base)]))
    cells.append(f"{middle(run['kernel'] for run in runs):.0%}")
    if failed:
        # A number from requests that fail is no number.
        why = next(run["why"] for run in runs if run["failed"])
        return [name, *["-"] * (len(cells) - 1),
                f"**{failed:,} failed**: {why}"]
    return [*cells, "0"]


def table(case, runs, reasons):
    """Prints it; were there failures?"""
    split = any(run["app"] and run["nginx"] for got in runs.values()
                for run in got)
    unit = "MB/s" if case.large else f"{case.what}s/s"
    cpu = "CPU s/GB" if case.large else f"CPU us/{case.what}"
    head = ["server", unit, "x", cpu]
    head += ["of the app server", "of nginx"] if split else []
    head += ["x CPU"] + (["x CPU, app server"] if split else [])
    head += ["kernel", "failed"]
    print(f"\n#### {case.title}\n\n| " + " | ".join(head) + " |\n|---"
          + "|---:" * (len(head) - 1) + "|")
    good = [row.name for row in case.rows
            if runs.get(row.name) and row.name not in reasons]
    base, broken = runs[good[0]] if good else [], False
    for row in case.rows:
        if row.name in good:
            cells = line(case, row.name, runs[row.name], base, split)
            broken = broken or cells[-1] != "0"
        else:
            why = reasons.get(row.name, "not run: no round")
            broken = broken or why.startswith("failed")
            cells = [row.name, *["-"] * (len(head) - 2), why]
        print("| " + " | ".join(cells) + " |")
    if case.note:
        print(f"\n{case.note}")
    sys.stdout.flush()
    return broken


def chosen(rows, args):
    """Those whose names are asked for."""
    return [row for row in rows if not args.server or any(
        fnmatch.fnmatch(row.name, pattern) for pattern in args.server)]


def show(case, args):
    """Measures and prints a table; (broken, others' share of each turn)."""
    case.rows = chosen(case.rows, args)
    if not case.rows:
        return False, []
    runs, reasons = measure(case, args)
    broken = table(case, runs, reasons)
    return broken, [run["foreign"] for got in runs.values() for run in got]
