#!/bin/sh
# Ends, and leaves a child behind that has its output open.
printf 'Content-Type: text/plain\n\nleft\n'
sleep 1000 &
echo "$!" >"$HTTP_X_FILE"
