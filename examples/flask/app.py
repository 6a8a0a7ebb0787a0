"""A small Flask app: a page, JSON, and a page that waits."""
import wsgimaster
from flask import Flask, jsonify, request

app = Flask(__name__)


@app.route("/")
def index():
    name = request.args.get("name", "world")
    return f"Hello {name}, from Flask on wsgimaster\n"


@app.route("/json")
def json_page():
    return jsonify(path=request.path, agent=request.user_agent.string)


@app.route("/sleep")
def sleep():
    """Other requests go on in the meantime, also in the same worker."""
    wsgimaster.sleep(1)
    return "waited a second\n"
