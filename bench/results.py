"""The sections of RESULTS.md, and what they begin with.

A section is what lies between two marks, each a line of its own:
<!-- bench/NAME --into writes from here --> and ... to here -->. What is
between them is written by that command, what is outside by hand.
"""
import contextlib
import io
import os
import platform
import sys
import time
from pathlib import Path


def marks(name):
    return tuple(f"<!-- bench/{name} --into writes {word} here -->"
                 for word in ("from", "to"))


def split(name, path):
    """What is before, between and behind the marks."""
    text = Path(path).read_text()
    begin, end = marks(name)
    if begin not in text or end not in text:
        sys.exit(f"bench: {path} has no lines {begin!r} and {end!r}")
    head, rest = text.split(begin, 1)
    inside, tail = rest.split(end, 1)
    return head + begin, inside, end + tail


def put_into(name, path, text):
    """Replaces a section."""
    head, _, tail = split(name, path)
    Path(path).write_text(f"{head}\n\n{text.strip()}\n\n{tail}")


def append(name, path, line):
    """Adds a line to a section's table."""
    head, inside, tail = split(name, path)
    Path(path).write_text(f"{head}{inside.rstrip()}\n{line}\n\n{tail}")
    print(line)


class Both(io.StringIO):
    """Kept, and shown at once."""

    def write(self, text):
        sys.__stdout__.write(text)
        sys.__stdout__.flush()
        return super().write(text)


def written(name, path, function, args):
    """Runs function(args), which prints; into the file too if there is one."""
    if not path:
        return function(args)
    split(name, path)               # before it all begins
    text = Both()
    with contextlib.redirect_stdout(text):
        status = function(args)
    put_into(name, path, text.getvalue())
    return status


def conditions():
    """When and where, as a line of Markdown."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    loads = " ".join(f"{load:.2f}" for load in os.getloadavg())
    return (f"- {time.strftime('%Y-%m-%d')}; {os.cpu_count()} processors "
            f"({model}), Linux {platform.release().split('-')[0]}; load "
            f"averages before: {loads}")


def table(head, rows):
    """Prints a table, numbers to the right."""
    print("| " + " | ".join(head) + " |")
    print("|---" + "|---:" * (len(head) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
        sys.stdout.flush()
