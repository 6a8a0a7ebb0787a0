#!/bin/sh
# Ends its output and goes on; with X-Stubborn whatever it is sent.
[ -z "$HTTP_X_STUBBORN" ] || trap '' TERM
printf 'Content-Type: text/plain\nContent-Length: 5\n\ndone\n'
exec >&-
sleep 1000 2>/dev/null &
echo "$$ $!" >"$HTTP_X_FILE.new"
mv "$HTTP_X_FILE.new" "$HTTP_X_FILE"
while :; do
	wait
	sleep 1
done
