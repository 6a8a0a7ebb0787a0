#!/usr/bin/env bats
# Commands and signals at times. The server's clock, as far as crons go by it,
# is set when all is ready, so that the next minute begins.

load lifecycle

setup_file() {
	[ "$WM_SANITIZERS" != yes ] || export WM_SKIP="has another runtime"
	cat >"$BATS_FILE_TMPDIR/time.c" <<-'END'
	#include <stdlib.h>
	#include <sys/time.h>
	#include <time.h>
	#include <unistd.h>

	/* The minute before another; behind it once there is the file MINUTE. */
	time_t
	time(time_t *t)
	{
		static time_t	 begun;
		struct timeval	 tv;

		gettimeofday(&tv, NULL);
		if (begun == 0 && access(getenv("MINUTE"), F_OK) == 0)
			begun = tv.tv_sec;
		tv.tv_sec = begun == 0 ? atol(getenv("NEXT")) - 30 :
		    atol(getenv("NEXT")) + tv.tv_sec - begun;
		if (t != NULL)
			*t = tv.tv_sec;
		return tv.tv_sec;
	}
	END
	cc -shared -fPIC -o "$BATS_FILE_TMPDIR/time.so" \
	    "$BATS_FILE_TMPDIR/time.c" || export WM_SKIP="needs a compiler"
}

ran() {
	[ "$(cat "$1" 2>/dev/null | wc -l)" -ge "${2:-1}" ]
}

@test "commands run when their minute comes, as the options say" {
	local minute
	export MINUTE=$WM_TMP/minute
	export NEXT=$((EPOCHSECONDS / 60 * 60 + 60))
	minute=$(date -u -d "@$NEXT" +%-M)
	cat >app.py <<-'END'
	from uwsgidecorators import cron

	@cron(-1, -1, -1, -1, -1)
	def each(number):
	    open("decorated", "a").write("x\n")

	@cron(-1, -1, 31, 2, -1)
	def never(number):
	    open("never", "a").write("x\n")

	def application(environ, start_response):
	    start_response("200 OK", [])
	    return [b""]
	END
	PORT=$(wm_port) STATS=$WM_TMP/stats.sock
	export LD_PRELOAD=$BATS_FILE_TMPDIR/time.so
	TZ=UTC wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file app.py \
	    --cron "-1 -1 -1 -1 -1 echo x >>$WM_TMP/any; exit 3" \
	    --cron "$minute -1 -1 -1 -1 echo x >>$WM_TMP/fixed" \
	    --cron "$(((minute + 30) % 60)) -1 -1 -1 -1 echo >>$WM_TMP/never" \
	    --unique-cron "-1 -1 -1 -1 -1 echo x >>$WM_TMP/unique; sleep 600" \
	    --cron2 "minute=$minute,harakiri=1 echo x >>$WM_TMP/two; sleep 600"
	unset LD_PRELOAD
	sleep 0.6		# its clock stands still until then
	for name in any fixed unique two decorated; do
		[ ! -e "$name" ]
	done
	touch "$MINUTE"
	for name in any fixed unique two decorated; do
		wm_wait_for "$name" 30 ran "$name"
	done
	[ ! -e never ]
	stats_say "len(s['crons']) == 5 and s['crons'][1]['minute'] == $minute"
	stats_say "s['crons'][3]['unique'] == 1 and s['crons'][3]['pid'] > 0"
	pid=$(stats "s['crons'][3]['pid']")
	wm_wait_for "its status in the log" 20 wm_log_has "exit status 3"
	wm_wait_for "its harakiri" 20 wm_log_has "cron-harakiri"
	wm_wait_for "its end" 20 stats_say "s['crons'][4]['pid'] == -1"
	for name in any fixed unique two decorated; do
		[ "$(wc -l <"$name")" -eq 1 ]
	done
	wm_stop
	wm_wait_for "the end of what ran" 20 wm_is_gone "$pid"
}

@test "bad crons are named before anything starts" {
	local bad
	check_bad() {
		run "$WSGIMASTER" --http-socket 127.0.0.1:0 --module x \
		    --check "$@"
		[ "$status" -eq 2 ]
	}
	check_bad --cron "61 -1 -1 -1 -1 true"
	[[ $output == *'"cron"'*'no such minute'* ]]
	check_bad --cron "every day"
	[[ $output == *'must be five numbers'* ]]
	check_bad --unique-cron "1 1 1 1 1"
	[[ $output == *'"unique-cron"'* ]]
	check_bad --cron2 "minutes=1 true"
	[[ $output == *'"cron2": there is no "minutes"'* ]]
	check_bad --cron2 "minute=-99999999999999999999 true"
	[[ $output == *'"cron2": "minute" must be a number'* ]]
	check_bad --cron2 "minute=1"
	[[ $output == *'the command is missing'* ]]
}
