#!/usr/bin/env bats
# The pidfile: whose it is, when it is there, and when it goes.

load lifecycle

@test "the pidfile has the master's pid, and goes with it" {
	life_start --pidfile "$WM_TMP/pid"
	[ "$(cat pid)" = "$WM_PID" ]
	[ "$(stat -c %a pid)" = 644 ]
	wm_stop
	[ -z "$(find . -name 'pid*')" ]
}

@test "it is there as soon as signals work, also while the app is loaded" {
	echo 'time.sleep(1)' >import.py
	life_launch --pidfile "$WM_TMP/pid"
	wm_wait_for "the pidfile" 10 test -s pid
	not wm_log_has 'wsgimaster ready'
	kill -HUP "$(cat pid)"
	wm_wait_for "the reload" 20 wm_log_has 'reload done'
	wm_stop
}

@test "a server does not start beside the one whose pidfile it is" {
	local first
	life_start --pidfile "$WM_TMP/pid"
	first=$WM_PID
	life_launch --pidfile "$WM_TMP/pid"
	wm_wait_left
	[ "$WM_STATUS" -eq 1 ]
	wm_log_has "the pidfile $WM_TMP/pid is that of a server that runs, with pid $first"
	[ "$(cat pid)" = "$first" ]
	wm_stop "$first"
}

@test "a pidfile that a dead server or another program left is replaced" {
	local name
	for name in "$$" 999999999 nonsense ""; do
		echo "$name" >pid
		life_start --safe-pidfile "$WM_TMP/pid"
		[ "$(cat pid)" = "$WM_PID" ]
		wm_stop
	done
}

@test "what somebody else has put there stays" {
	life_start --pidfile "$WM_TMP/pid"
	echo 1 >pid
	wm_stop
	[ "$(cat pid)" = 1 ]
}

@test "who puts his own there while it is looked at keeps it" {
	[ "$WM_SANITIZERS" != yes ] || skip "a sanitizer must come first"
	command -v cc || skip "needs a C compiler"
	cat >meet.c <<-'END'
	#define _GNU_SOURCE
	#include <fcntl.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <unistd.h>

	/* The new master of an upgrade names itself at this very moment. */
	static void
	meet(const char *path)
	{
		const char	*pidfile = getenv("PIDFILE");
		int		 fd;

		if (strcmp(path, pidfile) != 0)
			return;
		fd = open("new", O_WRONLY | O_CREAT, 0644);
		if (write(fd, "1\n", 2) != 2)
			abort();
		close(fd);
		renameat(AT_FDCWD, "new", AT_FDCWD, pidfile);
	}

	int
	rename(const char *from, const char *to)
	{
		meet(from);
		return renameat(AT_FDCWD, from, AT_FDCWD, to);
	}

	int
	unlink(const char *path)
	{
		meet(path);
		return unlinkat(AT_FDCWD, path, 0);
	}
	END
	cc -shared -fPIC -o meet.so meet.c
	export PIDFILE=$WM_TMP/pid
	LD_PRELOAD=$WM_TMP/meet.so life_start --pidfile "$PIDFILE"
	wm_stop
	[ "$(cat pid)" = 1 ]
	[ "$(find . -name 'pid*' | wc -l)" -eq 1 ]
}

@test "without vacuum the pidfile stays" {
	life_start --pidfile "$WM_TMP/pid" --vacuum=false
	kill -TERM "$WM_PID"
	wm_wait_left
	[ "$(cat pid)" = "$WM_PID" ]
	rm stats.sock
}

@test "a pidfile that cannot be written ends the start" {
	life_launch --pidfile "$WM_TMP/nowhere/pid"
	wm_wait_left
	[ "$WM_STATUS" -eq 1 ]
	wm_log_has "cannot write the pidfile $WM_TMP/nowhere/pid: No such file"
	[ -z "$(find . -type s)" ]
}
