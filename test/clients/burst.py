"""Opens connections all at once and keeps them: burst.py PORT COUNT STATS,
which is the address of the statistics' socket.

Prints how many of them each worker has, the least first.
"""
import socket
import sys

from wire import stats


def main():
    port, count = map(int, sys.argv[1:3])
    socks = []
    for _ in range(count):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", port))
        socks.append(sock)
    for sock in socks:
        sock.settimeout(30)
        sock.sendall(b"GET / HTTP/1.1\r\nHost: burst\r\n\r\n")
    for sock in socks:
        if not sock.recv(4096).startswith(b"HTTP/1.1 200"):
            sys.exit("no answer")
    print(*sorted(worker["connections"]
                  for worker in stats(sys.argv[3])["workers"]))


if __name__ == "__main__":
    main()
