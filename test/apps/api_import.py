"""No app: registers a function, by the option import."""
from uwsgidecorators import rpc


@rpc("imported")
def imported(*args):
    return b"it is here"
