"""Clients that leave; the app is test/apps/client_gone.py."""
import os
import socket
import struct

from wire import Wire, get, notes, until


def begin(port, path, body=b""):
    """Sends a request, and waits until the app has it."""
    client = Wire(port, receive_buffer=4096)
    seen = len(notes())
    client.send(b"POST " + path.encode() + b" HTTP/1.1\r\nHost: x\r\n"
                + b"Content-Length: 9\r\n\r\n" + body)
    until("the request begins", lambda: len(notes()) > seen)
    return client, seen + 1


def reset(client):
    """Leaves with a RST."""
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                           struct.pack("ii", 1, 0))
    client.sock.close()


def leave(client, how):
    if how == "reset":
        reset(client)
    else:
        client.sock.close()


def ends(port, how, log, *paths):
    """Each of these waits ends, close() runs, and the log has 499."""
    with open(log) as lines:
        lines.seek(0, os.SEEK_END)
        for path in paths:
            client, seen = begin(port, "/" + path)
            leave(client, how)
            until(f"{path}: close()", lambda: "closed" in notes()[seen:])
            told = notes()[seen:]
            if path == "await_":
                until("the coroutine's end",
                      lambda: "coroutine cancelled" in notes()[seen:])
            if path == "by_yield":
                assert "yield True True 104" in told, told
            if path == "told_once":
                assert "cleaned up" in told, told
            if path == "switched":
                assert "switched back False" in told, told
            line = until("the access line", lambda: [
                line for line in lines if f"POST /{path} " in line])
            assert "(HTTP/1.1 499)" in line[0], line
    with open(log) as lines:
        assert "Traceback" not in lines.read()
    assert get(port, "/ping").body == b"pong"


def elsewhere(port, how):
    """Writing and reading the body tell it, too."""
    client, seen = begin(port, "/by_write")
    leave(client, how)
    until("write() raises", lambda: notes()[seen:] == ["write"])
    client, seen = begin(port, "/by_body", b"some")
    leave(client, how)
    until("read() raises", lambda: notes()[seen:] == ["body"])
    client, seen = begin(port, "/computes")
    leave(client, how)
    until("close() that waits", lambda: notes()[seen:] == ["closed"])
    assert get(port, "/ping").body == b"pong"


def half(port):
    """Who only stops sending waits for the answer, and gets it."""
    client, seen = begin(port, "/half", b"123456789")
    client.sock.shutdown(socket.SHUT_WR)
    response = client.response()
    assert response.status == 200 and response.json() is False
    client.sock.close()


def disconnected(port):
    """A request that has said goodbye itself goes on."""
    client, seen = begin(port, "/after_disconnect")
    client.sock.close()
    until("it goes on", lambda: "went on" in notes()[seen:])


def ignored(port):
    """With client-gone=ignore nothing ends."""
    client, seen = begin(port, "/half")
    reset(client)
    assert get(port, "/ping").body == b"pong"


def queued(port, log):
    """One that left while it waited for the only core: not run."""
    first, seen = begin(port, "/half", b"123456789")
    second = Wire(port)
    second.send(b"GET /left HTTP/1.1\r\nHost: x\r\n\r\n")
    second.sock.close()
    assert first.response().status == 200
    until("the log", lambda: "left before its turn" in open(log).read())
    assert "begun left" not in notes()


if __name__ == "__main__":
    import wire
    wire.run(globals())
