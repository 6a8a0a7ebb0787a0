#!/usr/bin/env python3
"""Has uwsgi2json something to say of every option of uWSGI's?

uwsgi_options.py WSGIMASTER: reads the names in uwsgi-options.txt, prints those
that are neither converted nor in one of the script's tables, and fails if
there are any.
"""
import importlib.machinery
import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def script():
    """scripts/uwsgi2json as a module."""
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader(
        "uwsgi2json", os.path.join(HERE, "..", "..", "scripts", "uwsgi2json"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("uwsgi2json", loader))
    loader.exec_module(module)
    return module


def main():
    """The exit status."""
    uwsgi2json = script()
    writer = uwsgi2json.Writer(uwsgi2json.schema_of(sys.argv[1]))
    with open(os.path.join(HERE, "uwsgi-options.txt"),
              encoding="utf-8") as file:
        names = [line.strip() for line in file if line[0] not in "#\n"]
    assert len(names) > 1000
    missing = [name for name in names if not (
        uwsgi2json.Reader.reads(name) or writer.knows(name))]
    print(*missing, sep="\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
