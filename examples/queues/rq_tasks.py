"""RQ's side: plain functions, which its workers import.

    rq worker --url redis://127.0.0.1:6379 default
"""


def add(x, y):
    return x + y
