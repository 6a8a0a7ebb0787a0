#!/bin/sh
# The request's body is the whole output, head and all.
exec cat
