"""bench/edge: connections that are open and say nothing: what each takes of
memory, and what they take from those that ask.
"""
import contextlib
import resource
import select
import socket
import statistics
import time

from edge_case import chosen, number, reason, turn
from edge_client import unverified
from edge_load import wrk
from edge_stack import Stack
from measure import Failed
from servers import Missing
from workloads import HELLO

REQUEST = b"GET / HTTP/1.1\r\nHost: idle\r\n\r\n"
TIMEOUT = 10
SLOW = 0.5              # for one
OPEN_SECONDS = 60       # for all of them; TLS takes 20
GOAL_KIB, GOAL_RATIO = 1.0, 0.95


def open_one(port, context, ask):
    """A connection that has had an answer, or one that says nothing.

    The TLS object is dropped and the socket kept, which the server cannot
    see: so the client's memory is no limit.
    """
    sock = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
    if context:
        sock = context.wrap_socket(sock, server_hostname="localhost")
    if ask:
        sock.sendall(REQUEST)
        data = b""
        while b"Hello World" not in data:
            piece = sock.recv(4096)
            if not piece:
                raise OSError("closed without an answer")
            data += piece
        if not data.startswith(b"HTTP/1.1 200"):
            raise OSError(f"answered {data[:40]!r}")
    if context:
        sock = socket.socket(fileno=sock.detach())
    return sock


def open_idle(stack, count, ask=True):
    """So many of them; why there are fewer, if there are."""
    tls = stack.url.startswith("https:")
    context, opened = unverified() if tls else None, []
    before, end = stack.pids(), time.monotonic() + OPEN_SECONDS
    try:
        while len(opened) < count and time.monotonic() < end:
            begin = time.monotonic()
            opened.append(open_one(stack.place.port, context, ask))
            if time.monotonic() - begin > SLOW and before - stack.pids():
                return opened, "a process of it has died"
        # None of them may keep it from serving others.
        open_one(stack.place.port, context, True).close()
    except OSError as error:
        return opened, str(error) or repr(error)
    return opened, "" if len(opened) == count else f"in {OPEN_SECONDS} s"


def still_open(opened):
    """How many the server has not closed."""
    poller = select.poll()
    for sock in opened:
        poller.register(sock, select.POLLRDHUP)
    return len(opened) - len(poller.poll(0))


def close_all(opened):
    for sock in opened:
        sock.close()


def memory_of(row, args, ask, small):
    """A row's cells; raises Failed or Missing.

    small: the same server with room for few connections, where room is taken
    at the start: what it has more than that is the connections' as well.
    """
    room = 0
    if small:
        with Stack(small, HELLO, args) as stack:
            room = -stack.pss_kib()
    with Stack(row, HELLO, args) as stack:
        room += stack.pss_kib() if small else 0
        # What the first ones bring with them is not the connection's.
        warm, why = open_idle(stack, min(100, args.idle), ask)
        time.sleep(args.settle / 2)
        close_all(warm)
        if why:
            raise Failed(f"of the first 100 {len(warm)} were opened: {why}")
        time.sleep(args.settle / 2)
        before, begin = stack.pss_kib(), time.monotonic()
        opened, why = open_idle(stack, args.idle, ask)
        took = time.monotonic() - begin
        time.sleep(args.settle)
        stack.check_alive("with idle connections")
        after, left = stack.pss_kib(), still_open(opened)
        close_all(opened)
        time.sleep(args.settle)
        closed = stack.pss_kib()
    if left < args.idle or why:
        why = why or "closed by the server"
        raise Failed(f"{left:,} of {args.idle:,} stay open: {why}")
    return (after - before + room) / left, room / left, before / 1024, (
        closed - before + room) / left, took


def memory(rows, args):
    """The table; rows: (row, does each ask before it is idle, small)."""
    print(f"\n#### Memory per idle connection, {args.idle:,} of them\n\n"
          "| server | KiB each | of that at the start "
          "| once they are closed | MiB without them "
          "| seconds to open | |\n|---|---:|---:|---:|---:|---:|---|")
    broken = False
    wanted = chosen([row for row, *_ in rows], args)
    for row, ask, *small in rows:
        if row not in wanted:
            continue
        try:
            each, room, before, closed, took = memory_of(
                row, args, ask, small[0] if small else None)
        except (Missing, Failed) as error:
            why = reason(error)
            print(f"| {row.name} | - | - | - | - | - | {why} |",
                  flush=True)
            broken = broken or (why.startswith("failed")
                                and row.name.startswith("wsgimaster"))
            continue
        verdict = ""
        if row.name == "wsgimaster":
            verdict = f"goal: at most {GOAL_KIB:g} KiB: " + (
                "met" if each <= GOAL_KIB else "missed")
        print(f"| {row.name} | {each:.2f} | {room:.2f} | {closed:.2f} | "
              f"{before:.1f} | {took:.1f} | {verdict} |", flush=True)
    print("\nPSS of all processes of the server; the kernel's memory (its "
          "sockets) is not in it. At the start: what nginx takes for "
          "worker_connections and uWSGI for its cores, beside the same "
          "with 200 of them.")
    return broken


def pair_runs(row, args, restarts):
    """(without, with idle) of each round; who begins alternates."""
    pairs, foreign = [], []
    for start in range(restarts):
        with contextlib.ExitStack() as keep:
            stacks = [keep.enter_context(Stack(row, HELLO, args))
                      for _ in range(2)]
            opened, why = open_idle(stacks[1], args.idle)
            keep.callback(close_all, opened)
            if why or still_open(opened) < args.idle:
                raise Failed(f"{still_open(opened)} of {args.idle} idle "
                             f"connections are open: {why}")
            for stack in stacks:
                turn(stack, wrk, 1, args)
            for count in range(args.rounds):
                at = (start + count) % 2
                got = {index: turn(stacks[index], wrk, args.time, args)
                       for index in (at, 1 - at)}
                pairs.append((got[0], got[1]))
                foreign += [run["foreign"] for run in got.values()]
            if still_open(opened) < args.idle:
                raise Failed("the server closed idle connections")
    return pairs, foreign


def spread(values):
    return (f"{statistics.median(values):.3f} x "
            f"({min(values):.3f} to {max(values):.3f})")


def throughput(rows, args):
    """The table; (broken, others' shares)."""
    print(f"\n#### Throughput beside {args.idle:,} idle connections\n\n"
          "| server | requests/s without | with | x | x CPU us/request "
          "| best x best | failed | |\n|---|---:|---:|---:|---:|---:|---:|"
          "---|")
    broken, foreign = False, []
    for row in chosen(rows, args):
        try:
            pairs, shares = pair_runs(row, args, args.restarts)
        except (Missing, Failed) as error:
            why = reason(error)
            print(f"| {row.name} | - | - | - | - | - | - | {why} |",
                  flush=True)
            broken = broken or why.startswith("failed")
            continue
        foreign += shares
        broken = throughput_line(row, pairs) or broken
    print("\nTwo of the same server are up at once, one with idle "
          "connections, and take turns; x is with against without.")
    return broken, foreign


def throughput_line(row, pairs):
    rates = [[run["requests"] / run["seconds"] for run in side]
             for side in zip(*pairs)]
    costs = [[run["cpu"] / run["requests"] for run in side]
             for side in zip(*pairs)]
    failed = sum(run["failed"] for pair in pairs for run in pair)
    ratios = [new / old for old, new in zip(*rates)]
    verdict = ""
    if row.name == "wsgimaster":
        verdict = "goal: within 5 %: " + (
            "met" if statistics.median(ratios) >= GOAL_RATIO else "missed")
    if failed:
        print(f"| {row.name} | - | - | - | - | - | **{failed:,} failed** |"
              " |", flush=True)
        return True
    print(f"| {row.name} | {number(statistics.median(rates[0]))} | "
          f"{number(statistics.median(rates[1]))} | {spread(ratios)} | "
          f"{spread([new / old for old, new in zip(*costs)])} | "
          f"{max(rates[1]) / max(rates[0]):.3f} x | 0 | {verdict} |",
          flush=True)
    return False


def more_files():
    """As many descriptors as the system lets us have; how many."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
