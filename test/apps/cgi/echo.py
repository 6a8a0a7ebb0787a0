#!/usr/bin/env python3
"""Gives the request's body back while it comes."""
import os

os.write(1, b"Content-Type: application/octet-stream\r\n\r\n")
while True:
    data = os.read(0, 65536)
    if not data:
        break
    while data:
        data = data[os.write(1, data):]
