"""Connects many times before it is answered once:

    backlog.py ADDRESS COUNT [PAUSE] --tell FILE

Makes COUNT connections, makes FILE, sends a request on each (after PAUSE
seconds; without one before FILE is made), and says how many were answered,
whole.
"""
import socket
import sys
import time


def connect(address):
    if address.startswith("/"):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(address)
    else:
        sock = socket.create_connection(("127.0.0.1", int(address)))
    sock.settimeout(30)
    return sock


def send(socks):
    for i, sock in enumerate(socks):
        sock.sendall(b"GET /fast/%d HTTP/1.1\r\nHost: backlog\r\n"
                     b"Connection: close\r\n\r\n" % i)


def answered(sock, number):
    data = b""
    try:
        while piece := sock.recv(4096):
            data += piece
    except OSError as error:
        print(number, error, data, file=sys.stderr)
        return False
    head, _, body = data.partition(b"\r\n\r\n")
    return head.startswith(b"HTTP/1.1 200 ") and body == b"fast %d\n" % number


def main():
    address, count, *pause = sys.argv[1:sys.argv.index("--tell")]
    tell = sys.argv[-1]
    socks = [connect(address) for _ in range(int(count))]
    if not pause:
        send(socks)
    with open(tell, "w", encoding="ascii"):
        pass
    if pause:
        time.sleep(float(pause[0]))
        send(socks)
    print("answered", sum(answered(sock, i) for i, sock in enumerate(socks)))


if __name__ == "__main__":
    main()
