#!/usr/bin/env python3
"""Has uwsgi2json something to say of every option of uWSGI's?

uwsgi_options.py WSGIMASTER: reads the names in uwsgi-options.txt, prints those
that are neither converted nor in one of the script's tables, and what is wrong
in these. Fails if there is anything.
"""
import importlib.machinery
import importlib.util
import os
import re
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


def outdated(uwsgi2json, writer):
    """Rows for options that there are meanwhile, and what is named wrongly."""
    wrong = [f"{name}: there is such an option"
             for names in uwsgi2json.NOT_NEEDED for name in names
             if name in writer.options]
    wrong += [f"{name}: there is no option {same}"
              for name, same in uwsgi2json.SAME.items()
              if same not in writer.options]
    for text in (*uwsgi2json.NOT_NEEDED.values(),
                 *uwsgi2json.INSTEAD.values()):
        wrong += [f"{path}: there is no such file" for path in
                  re.findall(r"(?:doc|examples)/[\w.-]*\w", text)
                  if not os.path.exists(os.path.join(HERE, "../..", path))]
    return wrong


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
    missing += outdated(uwsgi2json, writer)
    print(*missing, sep="\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
