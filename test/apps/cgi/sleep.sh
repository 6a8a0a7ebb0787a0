#!/bin/sh
# Sleeps for QUERY_STRING seconds in a child, when it has said who it is: its
# pid, and its child's, go to a file that the header X-File names.
sleep "$QUERY_STRING" &
[ -z "$HTTP_X_FILE" ] || {
	echo "$$ $!" >"$HTTP_X_FILE.new"
	mv "$HTTP_X_FILE.new" "$HTTP_X_FILE"
}
if [ -n "$HTTP_X_HEAD" ]; then
	printf 'Content-Type: text/plain\n\nbegun\n'
fi
wait
[ -n "$HTTP_X_HEAD" ] || printf 'Content-Type: text/plain\n\n'
echo slept
