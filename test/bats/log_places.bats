#!/usr/bin/env bats
# Where the log goes: files, rotation, pipes that nobody reads, syslog, journal.

load lifecycle

# place_start ARGS...: a server of the app log_places on PORT.
place_start() {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --pythonpath "$WM_APPS" \
	    --module log_places "$@"
}

# The same for one whose log does not tell that it is ready.
place_start_elsewhere() {
	PORT=$(wm_port)
	wm_launch --http-socket "127.0.0.1:$PORT" --pythonpath "$WM_APPS" \
	    --module log_places "$@"
}

# place_launch OUT ERR ARGS...: the same with streams of its own; no waiting.
place_launch() {
	local out=$1 err=$2
	shift 2
	PORT=$(wm_port)
	WM_LOG=$err
	setsid "$WSGIMASTER" --http-socket "127.0.0.1:$PORT" \
	    --pythonpath "$WM_APPS" --module log_places "$@" </dev/null \
	    >"$out" 2>"$err" 3>&- 4>&- &
	WM_PID=$!
	echo "$WM_PID" >>"$WM_TMP/servers"
}

get() {
	curl -sS --max-time 60 "http://127.0.0.1:$PORT$1"
}

answers() {
	curl -fs --max-time 60 "http://127.0.0.1:$PORT/" >/dev/null
}

# waits_for FILE PATTERN
waits_for() {
	wm_wait_for "$2 in $1" "$WM_LIMIT" grep -qE -- "$2" "$1"
}

checks() {
	"$PYTHON" "$WM_SOURCE/test/clients/log_checks.py" "$@"
}

# A reader of datagrams, by its number in SOCKETS: writes them into FILE.
socket_start() {
	"$PYTHON" "$WM_SOURCE/test/clients/log_checks.py" serve "$@" \
	    3>&- 4>&- &
	READER=$!
	wm_wait_for "the socket" "$WM_LIMIT" test -S "$1"
}

socket_stop() {
	kill "$READER"
	wait "$READER" || true
	rm -f "$1"
}

teardown() {
	[ -z "${READER:-}" ] || kill "$READER" 2>/dev/null || true
	wm_teardown
}

@test "logto has the log and what the app prints" {
	place_start --logto "$WM_TMP/server.log"
	get /print?here
	waits_for server.log "^printed here$"
	waits_for server.log "^complained$"
	waits_for server.log "GET /print\?here"
	wm_stop
	[ ! -s "$WM_OUTPUT" ]
}

@test "logto - is standard output" {
	place_launch out err --logto -
	waits_for out "wsgimaster ready"
	get /print?here
	waits_for out "^printed here$"
	waits_for out "^complained$"
	waits_for out "GET /print"
	wm_stop
	[ ! -s err ]
}

@test "logger and req-logger have files of their own, which USR1 opens anew" {
	place_start --req-logger "file:$WM_TMP/access.log" -p 2
	get /one
	waits_for access.log "GET /one "
	not grep -q "GET /one" "$WM_LOG"
	wm_stop
	place_start_elsewhere --logger "file:$WM_TMP/server.log" \
	    --req-logger "file:$WM_TMP/access.log" -p 2
	waits_for server.log "wsgimaster ready"
	get /print?here
	waits_for "$WM_OUTPUT" "^printed here$"
	for n in 1 2; do
		mv access.log access.log.$n
		mv server.log server.log.$n
		kill -USR1 "$WM_PID"
		waits_for server.log "opened the log again"
		logged_anew() {
			get "/anew$n" && grep -q "GET /anew$n" access.log
		}
		wm_wait_for "a new access.log" "$WM_LIMIT" logged_anew
		get /raise
		waits_for server.log "ValueError"
		not grep -q "GET" server.log
	done
	# A worker that comes later has the new ones, too.
	size=$(stat -c %s access.log.2)
	kill -KILL "$(pgrep -P "$WM_PID" -x wm-worker-1)"
	waits_for server.log "worker 1 .* is ready"
	for _ in 1 2 3 4 5 6 7 8; do
		get /later
	done
	waits_for access.log "GET /later"
	[ "$(stat -c %s access.log.2)" -eq "$size" ]
	wm_stop
}

@test "workers of another user get the new files from the master" {
	[ "$(id -u)" -eq 0 ] || skip "only root can become another user"
	mkdir -m 700 closed
	WORKERS_ARE_NOBODY=1 place_start --logto "$WM_TMP/closed/server.log" \
	    --req-logger "file:$WM_TMP/closed/access.log" -p 2
	[ "$(get /uid)" -eq 65534 ]
	mv closed/server.log closed/server.log.1
	mv closed/access.log closed/access.log.1
	kill -USR1 "$WM_PID"
	logged_anew() {
		get /raise && grep -q "GET /raise" closed/access.log &&
			grep -q "worker 1 .*exception" closed/server.log &&
			grep -q "worker 2 .*exception" closed/server.log
	}
	wm_wait_for "records of both workers" "$WM_LIMIT" logged_anew
	not grep -q "exception" closed/server.log.1
	wm_stop
}

@test "logrotate as the manual has it" {
	command -v logrotate >/dev/null || skip "logrotate is not installed"
	place_start --logto "$WM_TMP/server.log"
	cat >rotate.conf <<-END
	$WM_TMP/server.log {
	    rotate 3
	    missingok
	    nocreate
	    sharedscripts
	    postrotate
	        kill -USR1 $WM_PID
	    endscript
	}
	END
	chmod 600 rotate.conf
	chmod 755 "$WM_TMP"
	for n in 1 2; do
		get "/before$n"
		waits_for server.log "GET /before$n "
		logrotate -f -s "$WM_TMP/state" rotate.conf
		waits_for server.log.1 "GET /before$n "
		waits_for server.log "opened the log again"
		logged_anew() {
			get "/after$n" && grep -q "GET /after$n " server.log
		}
		wm_wait_for "the new file" "$WM_LIMIT" logged_anew
	done
	grep -q "GET /before1 " server.log.2
	wm_stop
}

@test "long lines of several workers are whole" {
	place_start --logto "$WM_TMP/server.log" -p 4 --async 4 --greenlet
	checks flood "$PORT" 400 6000
	all_there() {
		[ "$(grep -c "GET /" server.log)" -ge 400 ]
	}
	wm_wait_for "all lines" "$WM_LIMIT" all_there
	checks whole_lines server.log 400 6000
	wm_stop
}

@test "lines of up to a pipe's atomic 4096 bytes are whole in a pipe" {
	mkfifo pipe
	cat pipe >piped 3>&- 4>&- 7>&- &
	place_launch /dev/null pipe -p 4 --async 4 --greenlet
	wm_wait_for "an answer" "$WM_LIMIT" answers
	checks flood "$PORT" 300 3500
	all_there() {
		[ "$(grep -c "GET /0" piped)" -ge 300 ]
	}
	wm_wait_for "all lines" "$WM_LIMIT" all_there
	grep -a "GET /0" piped >lines
	checks whole_lines lines 300 3500
	wm_stop
}

@test "a pipe that nobody reads holds no request up, and losses are told" {
	local reader
	mkfifo pipe
	exec 7<>pipe
	place_launch /dev/null pipe -p 2 --async 4 --greenlet
	WM_LOG=$WM_TMP/piped
	wm_wait_for "an answer" "$WM_LIMIT" answers
	# 64 KiB are full after the first of these.
	timeout 60 "$PYTHON" "$WM_SOURCE/test/clients/log_checks.py" \
	    flood "$PORT" 400 2000
	# The server's processes are the only writers once this shell is not.
	cat pipe >piped 3>&- 4>&- 7>&- &
	reader=$!
	exec 7>&-
	told() {
		answers && grep -qE "[0-9]+ log records? w.* lost" piped
	}
	wm_wait_for "how many were lost" "$WM_LIMIT" told
	get /again
	waits_for piped "GET /again "
	wm_stop
	wait "$reader"
	# Each line is a whole one, even so. (Waiting for the reader holds the
	# loop up, which may be told, with a stack.)
	not grep -vaE '^\[pid.*core [0-3]\)$|^[0-9-]+ [0-9:.]+ \[|^  File ' \
	    piped
}

@test "syslog gets a datagram a record, with its severity" {
	socket_start "$WM_TMP/log" syslog.txt syslog
	place_start_elsewhere --logto "$WM_TMP/out.log" \
	    --logger "syslog:shop,local3,$WM_TMP/log" --log-level debug
	# local3 is 19: 152 and the severity.
	date='[A-Z][a-z]{2} [ 1-3][0-9] [0-9:]{8}'
	waits_for syslog.txt "^<158>$date shop\[$WM_PID\]: \[master pid .*ready"
	get /raise
	waits_for syslog.txt "^<155>$date shop\[[0-9]+\]: \[worker 1 pid [0-9]+ core 0 request [0-9a-f-]{36}\] error: exception in the app.nTraceback"
	waits_for syslog.txt "^<158>$date shop\[[0-9]+\]: \[pid: [0-9]+\|app: 0.*GET /raise"
	waits_for syslog.txt "^<159>$date shop"
	get /lines
	waits_for syslog.txt "first.line l{8000}"
	socket_stop "$WM_TMP/log"
	wm_stop
}

@test "syslog that is away holds nothing up, and is told of the losses" {
	place_start --req-logger "syslog:shop,$WM_TMP/log"
	waits_for "$WM_OUTPUT" "cannot reach syslog:shop,.*/log: No such file"
	checks flood "$PORT" 100 100
	socket_start "$WM_TMP/log" syslog.txt syslog
	told() {
		answers && grep -qE "warn: [0-9]+ log records were lost" \
		    syslog.txt
	}
	wm_wait_for "the losses" "$WM_LIMIT" told
	socket_stop "$WM_TMP/log"
	checks flood "$PORT" 100 100
	socket_start "$WM_TMP/log" again.txt syslog
	wm_wait_for "it again" "$WM_LIMIT" eval 'answers &&
	    grep -q "log records were lost" again.txt &&
	    grep -q "GET / " again.txt'
	# It is there and takes nothing: its queue is full soon.
	kill -STOP "$READER"
	timeout 60 "$PYTHON" "$WM_SOURCE/test/clients/log_checks.py" \
	    flood "$PORT" 1000 100
	kill -CONT "$READER"
	socket_stop "$WM_TMP/log"
	wm_stop
}

@test "the journal gets fields" {
	socket_start "$WM_TMP/journal" journal.txt journal
	place_start_elsewhere --logto "$WM_TMP/out.log" \
	    --logger "systemd:shop,$WM_TMP/journal"
	waits_for journal.txt "wsgimaster ready"
	curl -s "http://127.0.0.1:$PORT/raise" -H "X-Request-ID: an-id"
	waits_for journal.txt "GET /raise"
	waits_for journal.txt "ValueError"
	jq -es 'map(select(.REQUEST_ID == "an-id" and .PRIORITY == "3" and
	    .SYSLOG_IDENTIFIER == "shop" and .PROCESS == "worker" and
	    .WORKER == "1" and .CORE == "0" and
	    (.MESSAGE | startswith("exception in the app\nTraceback"))))
	    | length == 1' journal.txt
	jq -es 'map(select(.REQUEST_ID == "an-id" and .PRIORITY == "6" and
	    (.MESSAGE | test("^\\[pid.*GET /raise.*core 0\\)$"))))
	    | length == 1' journal.txt
	jq -es 'map(select(.PROCESS == "master" and .WORKER == null and
	    (.MESSAGE | startswith("wsgimaster ready"))))
	    | length == 1' journal.txt
	socket_stop "$WM_TMP/journal"
	wm_stop
}

@test "a place that is none is a configuration error" {
	for place in nowhere file "file:" "stderr:x" "syslog:a,b,c"; do
		run "$WSGIMASTER" --module x --logger "$place" --check
		[ "$status" -eq 2 ]
		[[ $output == *'"logger": "'"$place"'" is'* ]]
	done
	place_launch out err --req-logger "file:$WM_TMP/no/such/folder"
	wait "$WM_PID" && wm_fail "started"
	grep -q "cannot open the log file:.*/no/such/folder: No such" err
}
