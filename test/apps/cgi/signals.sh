#!/bin/sh
# The signals that are ignored or blocked here, as bits.
printf 'Content-Type: text/plain\n\n'
exec grep -E '^Sig(Ign|Blk)' /proc/self/status
