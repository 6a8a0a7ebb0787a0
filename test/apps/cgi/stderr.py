#!/usr/bin/env python3
"""Complains, in lines, without an end, with control bytes, and a lot."""
import os
import sys

if os.environ["QUERY_STRING"] == "a=lot":
    for n in range(4000):
        os.write(2, b"complaint %04d of very, very many\n" % n)
else:
    os.write(2, b"first complaint\nsecond \x1b[31m complaint\n")
    os.write(2, b"x" * 3000 + b"\nno end of line")
os.write(1, b"Content-Type: text/plain\n\nsorry\n")
