"""Prints what was measured, as Markdown."""
import statistics
from pathlib import Path

from servers import APPS, GOALS, HERE, PYTHON
from workloads import WORKLOADS

HEAD = ("server", "requests/s", "x", "CPU us/request", "x", "best", "x",
        "spread", "kernel", "p50 ms", "p99 ms", "errors", "PSS MiB", "keeps")


def summary(runs):
    """The medians over the rounds of one server."""
    row = {key: statistics.median(run[key] for run in runs)
           for key in ("rps", "cpu_us", "share", "foreign", "stolen",
                       "p50_ms", "p99_ms", "pss_mib")}
    cpu = [run["cpu_us"] for run in runs]
    row["best"], row["worst"] = min(cpu), max(cpu)
    row["kernel"] = statistics.median(run.get("kernel", 0) for run in runs)
    row["errors"] = sum(run["errors"] for run in runs)
    row["keeps"] = all(run["keeps"] for run in runs)
    return row


def number(value):
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(value, base):
    return number(value / base) if base else "-"


def row_cells(name, row, base):
    base = base or {"rps": 0, "cpu_us": 0, "best": 0}
    spread = (row["worst"] - row["best"]) / row["cpu_us"] if row["cpu_us"] \
        else 0
    return (name, number(row["rps"]), ratio(row["rps"], base["rps"]),
            number(row["cpu_us"]), ratio(row["cpu_us"], base["cpu_us"]),
            number(row["best"]), ratio(row["best"], base["best"]),
            f"{spread:.0%}", f"{row['kernel']:.0%}", number(row["p50_ms"]), number(row["p99_ms"]),
            str(row["errors"]), number(row["pss_mib"]),
            "yes" if row["keeps"] else "no")


def goal_lines(rows):
    """Ours against others, where both were measured."""
    for ours, what, names in GOALS:
        others = [rows[name] for name in names if name in rows]
        if ours not in rows or not others:
            continue
        mine = rows[ours]
        rps = mine["rps"] / max(row["rps"] for row in others)
        cpu = min(row["cpu_us"] for row in others) / mine["cpu_us"]
        best = min(row["best"] for row in others) / mine["best"]
        yield (f"- {ours} against {what}: {rps:.2f} times the requests/s, "
               f"1/{cpu:.2f} of the CPU a request (best rounds: "
               f"1/{best:.2f})")


def table(name, runs, problems, base):
    """One workload: its rows, the goals, the noise."""
    rows = {server: summary(of) for server, of in runs.items() if of}
    print(f"\n### {name}: {WORKLOADS[name].note}\n")
    print("| " + " | ".join(HEAD) + " |")
    print("|---" + "|---:" * (len(HEAD) - 1) + "|")
    for server, row in rows.items():
        print("| " + " | ".join(row_cells(server, row, rows.get(base)))
              + " |")
    print()
    for line in goal_lines(rows):
        print(line)
    every = [run for of in runs.values() for run in of]
    if every:
        foreign = [run["foreign"] for run in every]
        print(f"- noise: time of others on the server's processor "
              f"{statistics.median(foreign):.1%} in the middle run, "
              f"{max(foreign):.1%} in the worst; stolen by the host "
              f"{max(run['stolen'] for run in every):.1%} in the worst; "
              f"{min(len(of) for of in runs.values() if of)} rounds")
    for server, text in problems.items():
        print(f"- {server}: {text}")


def shown(argv):
    """A command without what holds only on this machine."""
    text = " ".join(f"'{word}'" if " " in word else word for word in argv)
    for path, name in ((str(APPS), "bench/apps"), (str(HERE), "bench"),
                       (str(Path(HERE).parent), "."), (PYTHON, "python3")):
        text = text.replace(path, name)
    words = text.split(" ")
    if words[0].rpartition("/")[2].startswith("wsgimaster"):
        words[0] = "wsgimaster"
    return " ".join(words)


def commands(results):
    """How every server and wrk were started, for one workload each."""
    print("\n### Commands\n")
    print("Each server is started with `taskset -c` in front, one at a time;"
          " the port is a free one.\n")
    seen = set()
    for runs in results.values():
        for server, of in runs.items():
            if of and server not in seen:
                seen.add(server)
                print(f"    {shown(of[0]['command'])}")
    print()
    for runs in results.values():
        for of in runs.values():
            if of:
                print(f"    {shown(of[0]['wrk'])}")
                break
