"""Caches in Redis: cache_get(key, "redis://host:port/db") and its kin.

Compiled into the program. redis-py speaks the protocol, keeps the connections
and forgets them after a fork; its sockets wait through the server, so that a
request that waits for Redis parks its core. No state of ours but the clients.
"""
import errno
import socket
import ssl

import wsgimaster

try:
    import redis
    from redis import exceptions
    from redis.connection import (
        Connection, ConnectionPool, SSLConnection,
        UnixDomainSocketConnection)
except ImportError:
    raise ImportError("a cache in Redis needs the Python package redis "
                      "(Debian: python3-redis)") from None

TIMEOUT = 3.0           # seconds; the address may say socket_timeout=
CONNECTIONS = 64        # of a process to one address; max_connections=
CLIENTS = 64            # addresses


class Socket:
    """A connected socket whose calls wait by parking the core."""

    def __init__(self, sock, timeout):
        sock.setblocking(False)
        self._sock = sock
        self._timeout = timeout

    def _do(self, function, *args):
        while True:
            try:
                return function(*args)
            except ssl.SSLWantWriteError:
                events = "w"
            except ssl.SSLWantReadError:
                events = "r"
            except (BlockingIOError, InterruptedError):
                events = "w" if function == self._sock.send else "r"
            if self._timeout == 0:
                raise BlockingIOError(errno.EAGAIN, "would block")
            try:
                ready = wsgimaster.wait(self._sock.fileno(), events,
                                        self._timeout)
                if not ready:
                    raise socket.timeout("timed out")
            except BaseException:
                # Nobody reads the rest of this answer: not another caller.
                self._sock.close()
                raise

    def recv(self, *args):
        return self._do(self._sock.recv, *args)

    def recv_into(self, *args):
        return self._do(self._sock.recv_into, *args)

    def sendall(self, data):
        view = memoryview(data)
        while len(view):
            view = view[self._do(self._sock.send, view):]

    def do_handshake(self):
        self._do(self._sock.do_handshake)

    def settimeout(self, timeout):
        self._timeout = timeout

    def gettimeout(self):
        return self._timeout

    def fileno(self):
        return self._sock.fileno()

    def shutdown(self, how):
        self._sock.shutdown(how)

    def close(self):
        self._sock.close()

    def getpeername(self):
        return self._sock.getpeername()


def _connected(connection, address, family):
    timeout = connection.socket_timeout or TIMEOUT
    fd = wsgimaster.connect(address, timeout)
    if fd == -1:
        raise ConnectionRefusedError("cannot connect")
    sock = socket.socket(family, socket.SOCK_STREAM, fileno=fd)
    if family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Socket(sock, timeout)


def _tcp(connection):
    host = connection.host
    if ":" in host:
        host = "[%s]" % host
    return _connected(connection, "%s:%d" % (host, connection.port), -1)


class TcpConnection(Connection):
    def _connect(self):
        return _tcp(self)


class TlsConnection(SSLConnection):
    def _connect(self):
        plain = _tcp(self)
        context = ssl.create_default_context(
            cafile=self.ca_certs, capath=self.ca_path, cadata=self.ca_data)
        context.check_hostname = bool(self.check_hostname)
        context.verify_mode = self.cert_reqs
        if self.certfile:
            context.load_cert_chain(self.certfile, self.keyfile,
                                    self.certificate_password)
        sock = Socket(context.wrap_socket(
            plain._sock, server_hostname=self.host,
            do_handshake_on_connect=False), plain.gettimeout())
        sock.do_handshake()
        return sock


class UnixConnection(UnixDomainSocketConnection):
    def _connect(self):
        return _connected(self, self.path, socket.AF_UNIX)


_classes = {"redis": TcpConnection, "rediss": TlsConnection,
            "unix": UnixConnection}
_clients = {}


def _shown(address):
    """An address without the password."""
    scheme, _, rest = address.partition("://")
    return scheme + "://" + rest.partition("?")[0].rpartition("@")[2]


def _check_tls(address, options):
    """The certificate must be the host's, unless the address says otherwise."""
    for name in options:
        if "ocsp" in name:
            raise ValueError("cache \"%s\": there is no %s here"
                             % (_shown(address), name))
    if options.get("ssl_cert_reqs") not in ("none", "optional"):
        options.setdefault("ssl_check_hostname", True)


def _client(address):
    if isinstance(address, bytes):
        address = address.decode()
    found = _clients.get(address)
    if found is not None:
        return found
    scheme = address.partition("://")[0]
    if scheme not in _classes:
        raise ValueError("a remote cache is redis://, rediss:// or unix://, "
                         "not %s://" % scheme)
    try:
        pool = ConnectionPool.from_url(
            address, socket_timeout=TIMEOUT, max_connections=CONNECTIONS)
    except (ValueError, TypeError) as error:
        raise ValueError("cache \"%s\": %s"
                         % (_shown(address), error)) from None
    pool.connection_class = _classes[scheme]
    if scheme == "rediss":
        _check_tls(address, pool.connection_kwargs)
    if len(_clients) >= CLIENTS:
        _clients.pop(next(iter(_clients)))
    _clients[address] = found = redis.Redis(connection_pool=pool)
    return found


def _remote(function):
    def call(address, *args):
        client = _client(address)
        try:
            return function(client, *args)
        except (exceptions.TimeoutError, socket.timeout) as error:
            raise TimeoutError("cache \"%s\": %s" % (
                _name(address), error)) from None
        except (exceptions.ConnectionError, ConnectionRefusedError) as error:
            raise ConnectionError("cache \"%s\": %s" % (
                _name(address), error)) from None
        except exceptions.RedisError as error:
            raise RuntimeError("cache \"%s\": %s" % (
                _name(address), error)) from None
    return call


def _name(address):
    return _shown(address.decode() if isinstance(address, bytes) else address)


def _px(expires):
    seconds = 0.0 if expires is None else float(expires)
    if not 0 < seconds < 1e11:
        return None
    return max(1, int(seconds * 1000))


@_remote
def cache_get(client, key):
    return client.get(key)


@_remote
def cache_exists(client, key):
    return True if client.exists(key) else None


@_remote
def cache_set(client, key, value, expires=0):
    return True if client.set(key, value, px=_px(expires), nx=True) else None


@_remote
def cache_update(client, key, value, expires=0):
    return True if client.set(key, value, px=_px(expires)) else None


@_remote
def cache_del(client, key):
    return True if client.delete(key) else None


@_remote
def cache_clear(client):
    client.flushdb()
    return True


@_remote
def cache_keys(client):
    return list(client.scan_iter(count=1000))


def _number(text):
    try:
        return int(text)
    except (TypeError, ValueError):
        return None


@_remote
def cache_num(client, key):
    return _number(client.get(key)) or 0


def _calculate(calculate):
    def run(client, key, by, expires=0):
        result = []

        def change(pipe):
            before = pipe.get(key)
            number = 0 if before is None else _number(before)
            del result[:]
            if number is None:
                return
            after = (calculate(number, by) + 2 ** 63) % 2 ** 64 - 2 ** 63
            pipe.multi()
            if before is None:
                pipe.set(key, after, px=_px(expires))
            else:
                pipe.set(key, after, keepttl=True)
            result.append(True)
        client.transaction(change, key)
        return True if result else None
    return run


def _divide(a, b):
    if b == 0:
        return 0
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


@_remote
def _inc(client, key, by, expires):
    pipe = client.pipeline(transaction=True)
    if _px(expires):
        pipe.set(key, 0, px=_px(expires), nx=True)
    pipe.incrby(key, by)
    try:
        pipe.execute()
    except exceptions.ResponseError:
        return None     # not a number, or one that is too large
    return True


_mul = _remote(_calculate(lambda a, b: a * b))
_div = _remote(_calculate(_divide))


def cache_inc(address, key, by=1, expires=0):
    return _inc(address, key, int(by), expires)


def cache_dec(address, key, by=1, expires=0):
    return _inc(address, key, -int(by), expires)


def cache_mul(address, key, by=2, expires=0):
    return _mul(address, key, int(by), expires)


def cache_div(address, key, by=2, expires=0):
    return _div(address, key, int(by), expires)
