#!/bin/sh
# Is killed in the midst of its output.
printf 'Content-Type: text/plain\n\nhalf'
kill -KILL $$
