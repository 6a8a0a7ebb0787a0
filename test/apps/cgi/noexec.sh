#!/bin/sh
echo "Content-Type: text/plain"
echo
echo "this must not run"
