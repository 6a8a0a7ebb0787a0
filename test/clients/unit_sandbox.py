"""Runs a program under what a systemd unit's file asks for, without systemd.

	unit_sandbox.py UNIT PROGRAM ARGUMENT...

NoNewPrivileges, MemoryDenyWriteExecute (PR_SET_MDWE, Linux 6.3) and
SystemCallFilter, as a seccomp filter of the same system calls. Users,
capabilities and mounts are the caller's. Exit status 77: cannot be done here.
"""
import ctypes
import errno
import glob
import os
import re
import struct
import subprocess
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 22, 38, 65
SECCOMP_MODE_FILTER = 2
ALLOW, ERRNO = 0x7fff0000, 0x00050000
HEADERS = "/usr/include/*/asm/unistd_64.h"


def expanded(name):
    """The system calls of a name: itself, or those of a @set."""
    if not name.startswith("@"):
        return {name}
    lines = subprocess.run(["systemd-analyze", "syscall-filter", name],
                           capture_output=True, text=True,
                           check=True).stdout.splitlines()
    words = [line.strip() for line in lines[1:]]
    return set().union(*(expanded(word) for word in words
                         if word and not word.startswith("#")))


def allowed(settings):
    """The names of those that the lines leave, in their order."""
    names = set()
    for key, value in settings:
        if key == "SystemCallFilter":
            words = value.lstrip("~").split()
            these = set().union(*map(expanded, words))
            names = names - these if value[0] == "~" else names | these
    # systemd always leaves these to start a program with.
    return names | expanded("@default") | {"execve"}


def numbers():
    """Each system call's number, by name."""
    with open(glob.glob(HEADERS)[0]) as header:
        return {name: int(number) for name, number in re.findall(
            r"#define __NR_(\w+) (\d+)", header.read())}


class Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def filter_of(names):
    """A seccomp program that lets these through, and no others."""
    lines = [(0x20, 0, 0, 0)]
    known = numbers()
    for name in sorted(names & set(known)):
        lines += [(0x15, 0, 1, known[name]), (0x06, 0, 0, ALLOW)]
    lines.append((0x06, 0, 0, ERRNO | errno.EPERM))
    code = b"".join(struct.pack("HBBI", *line) for line in lines)
    return Program(len(lines), code)


def main():
    with open(sys.argv[1]) as unit:
        settings = [line.strip().split("=", 1) for line in unit
                    if re.match(r"[A-Za-z]+=", line)]
    values = dict(settings)
    if not glob.glob(HEADERS):
        sys.exit(77)
    program = filter_of(allowed(settings))
    libc = ctypes.CDLL(None, use_errno=True)
    assert values["NoNewPrivileges"] == "yes"
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    if values.get("MemoryDenyWriteExecute") == "yes":
        if libc.prctl(PR_SET_MDWE, 1, 0, 0, 0) != 0:
            sys.exit(77)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)):
        sys.exit(os.strerror(ctypes.get_errno()))
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
