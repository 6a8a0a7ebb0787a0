# Debian's Chromium, driven by Playwright, which is installed once for all files.
#
#	load browser
#
#	setup_file() {
#		browser_prepare
#	}
#
#	@test "..." {
#		needs_browser
#		node checks.js "$CHROMIUM" ...
#	}

# Playwright's version; its browser is Debian's chromium.
PLAYWRIGHT=1.64.1

# browser_prepare: CHROMIUM (empty without one) and NODE_PATH. Files that run
# side by side wait for who installs it.
browser_prepare() {
	export CHROMIUM NODE_PATH
	CHROMIUM=$(command -v chromium) || CHROMIUM=
	NODE_PATH=${WM_BUILD:-$WM_SOURCE/build}/page-browser/node_modules
	[ -n "$CHROMIUM" ] || return 0
	command -v npm >/dev/null || return 0
	mkdir -p "${NODE_PATH%/*}"
	flock "${NODE_PATH%/*}" bash -c '
		[ -d "$NODE_PATH/playwright-core" ] || timeout -k 5 120 \
		    npm install --no-save --no-package-lock --no-audit \
		    --no-fund --prefix "${NODE_PATH%/*}" \
		    "playwright-core@$1" || { rm -rf "$NODE_PATH"; exit 1; }
	' install "$PLAYWRIGHT" >"$BATS_FILE_TMPDIR/npm.log" 2>&1 3>&- ||
		cat "$BATS_FILE_TMPDIR/npm.log"
}

# Skips where a browser cannot be used.
needs_browser() {
	[ -n "$CHROMIUM" ] || skip "chromium is missing"
	command -v node >/dev/null || skip "node is missing"
	[ -d "$NODE_PATH/playwright-core" ] ||
		skip "playwright-core could not be installed"
}
