#!/usr/bin/env bats
# Static files beside nginx's: the same answers, or a difference with a reason.

load probe
load services

# nginx as the tests' user, with what wsgimaster is given, too.
nginx_start() {
	NGINX=$(wm_port)
	{
		echo "daemon off; master_process off; pid $1/nginx.pid;"
		echo "error_log $1/nginx.log; events {}"
		echo "http { access_log off; include /etc/nginx/mime.types;"
		echo "default_type application/octet-stream;"
		for i in body proxy fastcgi uwsgi scgi; do
			case $i in
			body) echo "client_body_temp_path $1/$i;" ;;
			*) echo "${i}_temp_path $1/$i;" ;;
			esac
		done
		echo "server { listen 127.0.0.1:$NGINX; gzip_static on;"
		echo "gzip_vary on; disable_symlinks off;"
		echo "large_client_header_buffers 4 16k;"
		echo "location /s/ { alias $FILES/www/; index index.html; }"
		echo "} }"
	} >"$1/nginx.conf"
	service_run "$1" setpriv --reuid=nobody --regid=nogroup \
	    --clear-groups nginx -c "$1/nginx.conf"
	wm_wait_for "nginx" 30 curl -fs "http://127.0.0.1:$NGINX/s/a.txt" ||
		service_failed "$1"
}

teardown_file() {
	services_stop
}

@test "nginx answers the same, or there is a reason" {
	command -v nginx >/dev/null || skip "nginx is missing"
	[ "$(id -u)" = 0 ] || skip "needs root: files that are not readable"
	local folder
	folder=$(service_new nobody)
	FILES=$folder/files
	"$PYTHON" "$WM_SOURCE/test/clients/static_checks.py" make "$FILES"
	for name in t.svg t.json t.js t.PNG; do
		echo x >"$FILES/www/$name"
	done
	echo only >"$FILES/www/only.css.gz"
	echo x >"$FILES/www/unreadable.txt"
	mkdir "$FILES/www/closed"
	echo x >"$FILES/www/closed/x.txt"
	chmod 0 "$FILES/www/unreadable.txt" "$FILES/www/closed"
	find "$FILES/www" -type f -exec touch -d @1700000000 {} +
	nginx_start "$folder"
	cat >"$folder/nothing.py" <<-'END'
		def application(environ, start_response):
		    start_response("404 Not Found", [])
		    return [b""]
	END
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" \
	    --wsgi-file "$folder/nothing.py" \
	    --uid nobody --gid nogroup --mimefile /etc/mime.types \
	    --static-map "/s=$FILES/www" --static-index index.html \
	    --static-gzip-all
	check static_nginx compare "$PORT" "$NGINX"
}
