#!/usr/bin/env bats
# The table "engine x API function": every function works under every engine.

load engines

@test "every function of the module does the same under every engine" {
	local engine why used=""
	export NOTES=$WM_TMP/notes
	for engine in "${ENGINES[@]}"; do
		engine=${engine%% *}
		if why=$(engine_missing "$engine"); then
			echo "# not built: $why" >&3
			continue
		fi
		engine_start "$engine" --module engine_table \
		    --mules 1 --farm table:1 --spooler spool \
		    --cache2 name=table,items=500 \
		    --cache2 name=other,items=100 \
		    --cache2 name=third,items=10 \
		    --locks 1 --metric table --queue 4 --sharedarea 1
		check engine_checks collect "$PORT" "$engine" "$WM_TMP"
		case $engine in
		none | threads) ;;
		*) check engine_checks late "$PORT" ;;
		esac
		check engine_checks asks "$PORT" reload
		wm_wait_for "the reload" 30 wm_log_has "generation 2 serves"
		check engine_checks asks "$PORT" stop
		wm_wait_left
		! grep -A9 Traceback "$WM_LOG" || wm_fail "$engine: a traceback"
		used+=" $engine"
	done
	# Unquoted: words.
	check engine_checks show 0 "$WM_TMP" $used | tee table
	sed 's/^/# /' table >&3
}
