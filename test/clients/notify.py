"""A service manager that only listens: notify.py SOCKET.

SOCKET is a path, or @ and an abstract name. Prints each notification on a line:
the sender's pid, the time (CLOCK_MONOTONIC, microseconds), and its assignments,
joined by blanks.
"""
import socket
import struct
import sys
import time


def main():
    address = sys.argv[1]
    if address.startswith("@"):
        address = "\0" + address[1:]
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    sock.bind(address)
    print("listening", flush=True)
    while True:
        data, ancillary, _, _ = sock.recvmsg(65536, 256)
        pid = 0
        for level, kind, value in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                pid = struct.unpack("3i", value[:12])[0]
        print(pid, time.monotonic_ns() // 1000,
              data.decode().replace("\n", " "), flush=True)


if __name__ == "__main__":
    main()
