"""The servers of bench/edge: wsgimaster, nginx and uWSGI, and the one behind
the other, one worker each. Each function returns a Row, or what one is made
of.
"""
import os
import shutil
import subprocess

from edge_stack import Row
from measure import Failed
from servers import (APPS, PLUGINS, Missing, Refused, program,
                     wsgimaster_binary)

# What nginx runs as otherwise may not read the files of whoever measures.
NGINX = """
{user}
daemon off;
worker_processes 1;
worker_rlimit_nofile {files};
pid {tmp}/nginx.pid;
error_log stderr error;
events {{ worker_connections {connections}; }}
http {{
	access_log off;
	default_type application/octet-stream;
	sendfile on;
	tcp_nopush on;
	keepalive_timeout 600;
	keepalive_requests 1000000000;
	client_body_temp_path {tmp}/t1;
	proxy_temp_path {tmp}/t2;
	fastcgi_temp_path {tmp}/t3;
	uwsgi_temp_path {tmp}/t4;
	scgi_temp_path {tmp}/t5;
	{http}
	server {{
		listen 127.0.0.1:{port} {listen} backlog=1024;
		{server}
	}}
}}
"""
KEPT = "keepalive 64; keepalive_requests 1000000000; keepalive_timeout 600;"
NGINX_HELLO = 'default_type text/plain; return 200 "Hello World";'


def nginx(place, server, http="", listen="", connections=0):
    """The nginx that has this inside its server {}."""
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not binary:
        raise Missing("nginx", ["nginx-light"])
    files = min(20000, os.sysconf("SC_OPEN_MAX"))
    path = place.tmp / "nginx.conf"
    path.write_text(NGINX.format(
        tmp=place.tmp, port=place.port, server=server, http=http,
        listen=listen, files=files, connections=connections or files - 200,
        user="user root;" if os.geteuid() == 0 else ""))
    return "nginx", [binary, "-p", str(place.tmp), "-e", "stderr",
                     "-c", str(path)]


def wsgimaster(place, *options, engine=("--async", "100", "--greenlet")):
    """Ours with the app hello; refused, when this build lacks an option."""
    argv = [wsgimaster_binary(), "--processes", "1", "--listen",
            str(place.backlog), "--disable-logging", "--keepalive-timeout",
            "600", "--pythonpath", str(APPS), "--module", "wsgi_apps:hello",
            *engine, *options]
    check = subprocess.run([*argv, "--check"], capture_output=True,
                           text=True, env=place.env, cwd=place.tmp)
    if check.returncode:
        raise Refused((check.stderr or check.stdout).split("\n")[0])
    return "app", argv


def uwsgi(place, *options, plugins=()):
    """uWSGI with the same app, one at a time as it is fastest."""
    binary = program("uwsgi-core", "uwsgi-core")
    for plugin in ("python3", *plugins):
        if not (PLUGINS / f"{plugin}_plugin.so").exists():
            raise Missing(f"uWSGI's plugin {plugin}",
                          ["uwsgi-plugin-" + plugin.replace("_", "-")])
    return "app", [binary, "--plugins-dir", str(PLUGINS), "--plugins",
                   ",".join(("python3", *plugins)), "--master",
                   "--processes", "1", "--disable-logging", "--need-app",
                   "--die-on-term", "--listen", str(place.backlog),
                   "--pythonpath", str(APPS), "--module", "wsgi_apps",
                   "--callable", "hello", *options]


def direct(name, server, *options, scheme="http", flags=(), suffix="",
           **more):
    """A server that clients talk to by itself; options may have {port}."""
    def programs(place):
        filled = [option.format(port=place.port, address=place.address,
                                tmp=place.tmp) for option in options]
        return [server(place, *filled, **more)]
    return Row(name, programs, scheme + "://127.0.0.1:{port}/" + suffix,
               flags=flags)


def nginx_alone(name, server, http="", listen="", scheme="http", flags=(),
                connections=0):
    return Row(name, lambda place: [nginx(place, server, http, listen,
                                          connections)],
               scheme + "://127.0.0.1:{port}/", flags=flags)


# How nginx passes a request on: (server {}, upstream {}'s more, the params).
PASSES = {
    "uwsgi": ("uwsgi_pass app; include /etc/nginx/uwsgi_params;", ""),
    "fastcgi": ("fastcgi_pass app; include /etc/nginx/fastcgi_params; "
                "fastcgi_param PATH_INFO $document_uri; "
                "fastcgi_keep_conn on;", KEPT),
    "fastcgi-close": ("fastcgi_pass app; "
                      "include /etc/nginx/fastcgi_params; "
                      "fastcgi_param PATH_INFO $document_uri;", ""),
    "scgi": ("scgi_pass app; include /etc/nginx/scgi_params; "
             "scgi_param PATH_INFO $document_uri;", ""),
    "http": ("proxy_pass http://app; proxy_http_version 1.1; "
             'proxy_set_header Connection "";', KEPT),
    "http-close": ("proxy_pass http://app;", ""),
}


def behind(name, how, server, option, unix=False, http="", listen="",
           scheme="http", more=()):
    """A server behind nginx, over a unix socket or TCP."""
    def programs(place):
        address = (str(place.tmp / "app.sock") if unix
                   else f"127.0.0.1:{place.spare_port()}")
        inside, kept = PASSES[how]
        app = server(place, option, address, *more)
        upstream = "unix:" + address if unix else address
        return [app, nginx(
            place, f"location / {{ {inside} }}",
            f"upstream app {{ server {upstream}; {kept} }}\n{http}", listen)]
    return Row(name, programs, scheme + "://127.0.0.1:{port}/")


def certificate(tmp):
    """A certificate of a P-256 key, as most sites have one; (cert, key)."""
    cert, key = f"{tmp}/cert.pem", f"{tmp}/key.pem"
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
         "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"openssl req: {done.stderr}")
    return cert, key


def nginx_tls(cert, key):
    """nginx's options for TLS, with the resumption that it has by default
    turned on in full.
    """
    return (f"ssl_certificate {cert}; ssl_certificate_key {key}; "
            "ssl_protocols TLSv1.2 TLSv1.3; "
            "ssl_session_cache shared:bench:10m; ssl_session_tickets on;")
