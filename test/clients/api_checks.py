"""Is every name of uWSGI's module here, or refused with a reason?

names PORT NAMES API: the server's (test/apps/api_names.py), the list
(test/uwsgi_names.txt) and doc/api.md.
"""
import re
import sys

import wire
from wire import get

REFUSED = "What is refused"


def listed(path):
    with open(path) as file:
        return [name for line in file if not line.startswith("#")
                for name in line.split()]


def sections(path):
    """Its sections by their headings."""
    text = {}
    heading = ""
    with open(path) as file:
        for line in file:
            if line.startswith("## "):
                heading = line[3:].strip()
            text[heading] = text.get(heading, "") + line
    return text


def reasons(section):
    """Name -> why it is refused, of a table's rows."""
    found = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) >= 2:
            for name in re.findall(r"`(\w+)", cells[0]):
                found[name] = cells[1]
    return found


def words(text):
    return set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", text))))


def names(port, listing, api):
    there = set(get(port, "/names").json())
    text = sections(api)
    refused = reasons(text.get(REFUSED, ""))
    documented = words("".join(
        part for heading, part in text.items() if heading != REFUSED))
    bad = []
    for name in listed(listing):
        if name in refused:
            if name in there:
                bad.append(f"{name} is refused, and yet there")
            if len(refused[name]) < 10:
                bad.append(f"{name} is refused without a reason")
        elif name not in there:
            bad.append(f"{name} is neither there nor refused")
        elif name not in documented:
            bad.append(f"{name} is not in doc/api.md")
    bad += [f"{name} is the module's, and not in doc/api.md"
            for name in sorted(there)
            if not name.startswith("_") and name not in documented
            and name not in listed(listing)]
    bad += [f"{name} is refused, and not uWSGI's"
            for name in sorted(set(refused) - set(listed(listing)))]
    if bad:
        sys.exit("\n".join(bad))


if __name__ == "__main__":
    wire.run(globals())
