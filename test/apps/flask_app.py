"""A Flask app with the usual: forms, JSON, uploads, sessions, errors."""
import hashlib
import io
import os

from flask import (Flask, Response, abort, jsonify, redirect, request,
                   send_file, session, stream_with_context, url_for)

try:
    import wsgimaster
except ImportError:         # for running it under another server
    wsgimaster = None

app = Flask(__name__)
app.secret_key = "only for the tests"
application = app


@app.route("/")
def index():
    return "Hello from Flask\n"


@app.route("/json", methods=["POST"])
def json_back():
    return jsonify(got=request.get_json(), query=request.args)


@app.route("/form", methods=["POST"])
def form():
    return jsonify(request.form)


@app.route("/upload", methods=["POST"])
def upload():
    sent = request.files["file"]
    data = sent.read()
    return jsonify(name=sent.filename, size=len(data),
                   sha256=hashlib.sha256(data).hexdigest())


@app.route("/visits")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return f"{session['visits']} {os.getpid()}"


@app.route("/stream")
def stream():
    def lines():
        for number in range(100):
            yield f"{request.args['word']} {number}\n"
    return Response(stream_with_context(lines()), mimetype="text/plain")


@app.route("/download")
def download():
    return send_file(io.BytesIO(bytes(range(256)) * 4096),
                     mimetype="application/octet-stream",
                     download_name="bytes.bin", as_attachment=True)


@app.route("/source")
def source():
    return send_file(__file__, mimetype="text/x-python")


@app.route("/moved")
def moved():
    return redirect(url_for("index"))


@app.route("/sleep")
def sleep():
    """Waits inside Flask's contexts; they must be this request's after it."""
    before = (request.args["who"], id(request._get_current_object()))
    wsgimaster.sleep(0.2)
    after = (request.args["who"], id(request._get_current_object()))
    return "same" if before == after else f"{before} became {after}"


@app.route("/forbidden")
def forbidden():
    abort(403)


@app.route("/raise")
def raising():
    raise ValueError("raised in Flask on purpose")
