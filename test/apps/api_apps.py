"""Mounts its apps by itself, as uWSGI lets an app do."""
import uwsgi


def one(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"one " + environ["SCRIPT_NAME"].encode()]


def two(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"two " + environ["SCRIPT_NAME"].encode()]


uwsgi.applications = {"": one, "/two": two, "/by/name": "two"}
