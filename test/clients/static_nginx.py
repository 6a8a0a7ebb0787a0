"""Asks nginx and wsgimaster the same of the same files, and compares.

    static_nginx.py compare OURS NGINX

Each request of REQUESTS is sent to both; status, body and the headers of
COMPARED must be the same, unless DIFFERENCES says what differs and why. A
difference that is not explained fails, and so does an explanation that
explains nothing any more.
"""
import re
import sys

from wire import Wire

# Headers that are compared; Date, Server and Connection are each server's own.
COMPARED = ("content-length", "content-type", "content-range",
            "content-encoding", "accept-ranges", "last-modified", "location",
            "vary", "expires", "cache-control", "allow", "retry-after")

DATE = b"Tue, 14 Nov 2023 22:13:20 GMT"
BEFORE = b"Tue, 14 Nov 2023 22:13:19 GMT"
AFTER = b"Tue, 14 Nov 2023 22:13:21 GMT"
GZIP = b"Accept-Encoding: gzip"

# (name, method, path, header lines); %TAG% is each server's own tag.
REQUESTS = [
    ("file", b"GET", "/s/a.txt", ()),
    ("file-query", b"GET", "/s/a.txt?x=y", ()),
    ("file-head", b"HEAD", "/s/a.txt", ()),
    ("file-empty", b"GET", "/s/empty.html", ()),
    ("file-large", b"HEAD", "/s/big.bin", ()),
    ("file-no-ending", b"GET", "/s/none", ()),
    ("file-link", b"GET", "/s/link.txt", ()),
    ("file-encoded", b"GET", "/s/%61.txt", ()),
    ("file-space", b"GET", "/s/sp%20ace%25.txt", ()),
    ("file-backslash", b"GET", "/s/back%5cslash", ()),
    ("file-trailing-dots", b"GET", "/s/dots...", ()),
    ("file-two-slashes", b"GET", "/s//sub//page.html", ()),
    ("file-encoded-slash", b"GET", "/s/sub%2fpage.html", ()),
    ("type-svg", b"HEAD", "/s/t.svg", ()),
    ("type-json", b"HEAD", "/s/t.json", ()),
    ("type-js", b"HEAD", "/s/t.js", ()),
    ("type-upper-case", b"HEAD", "/s/t.PNG", ()),
    ("missing", b"GET", "/s/missing", ()),
    ("missing-folder", b"GET", "/s/no/such/folder/x", ()),
    ("missing-head", b"HEAD", "/s/missing", ()),
    ("file-as-folder", b"GET", "/s/a.txt/", ()),
    ("file-as-folder-deep", b"GET", "/s/a.txt/x", ()),
    ("name-too-long", b"GET", "/s/" + "x" * 300, ()),
    ("path-too-long", b"GET", "/s" + "/yy" * 1500, ()),
    ("unreadable", b"GET", "/s/unreadable.txt", ()),
    ("unreadable-folder", b"GET", "/s/closed/x.txt", ()),
    ("fifo", b"GET", "/s/fifo", ()),
    ("socket", b"GET", "/s/socket", ()),
    ("link-loop", b"GET", "/s/loop", ()),
    ("link-outside", b"GET", "/s/escape.txt", ()),
    ("index", b"GET", "/s/sub/", ()),
    ("index-query", b"GET", "/s/sub/?x", ()),
    ("index-none", b"GET", "/s/bare/", ()),
    ("folder-no-slash", b"GET", "/s/sub", ()),
    ("folder-no-slash-query", b"GET", "/s/sub?a=b", ()),
    ("folder-no-slash-encoded", b"GET", "/s/a%0ab", ()),
    ("folder-no-slash-no-index", b"GET", "/s/bare", ()),
    ("method-post", b"POST", "/s/a.txt", (b"Content-Length: 0",)),
    ("method-put", b"PUT", "/s/a.txt", (b"Content-Length: 0",)),
    ("method-delete", b"DELETE", "/s/a.txt", ()),
    ("method-options", b"OPTIONS", "/s/a.txt", ()),
    ("dots-encoded", b"GET", "/s/%2e%2e/www-secret/x.txt", ()),
    ("dots-raw", b"GET", "/s/../www-secret/x.txt", ()),
    ("dots-inside", b"GET", "/s/sub/../a.txt", ()),
    ("dots-single", b"GET", "/s/./a.txt", ()),
    ("dots-above-root", b"GET", "/../../etc/passwd", ()),
    ("dots-slash-encoded", b"GET", "/s/..%2fwww-secret%2fx.txt", ()),
    ("nul", b"GET", "/s/a.txt%00", ()),
    ("nul-php", b"GET", "/s/a.txt%00.php", ()),
    ("prefix-not-a-component", b"GET", "/s-secret/x.txt", ()),
    ("inm-same", b"GET", "/s/a.txt", (b"If-None-Match: %TAG%",)),
    ("inm-weak", b"GET", "/s/a.txt", (b"If-None-Match: W/%TAG%",)),
    ("inm-list", b"GET", "/s/a.txt", (b'If-None-Match: "a", %TAG%',)),
    ("inm-other", b"GET", "/s/a.txt", (b'If-None-Match: "a"',)),
    ("inm-star", b"GET", "/s/a.txt", (b"If-None-Match: *",)),
    ("inm-head", b"HEAD", "/s/a.txt", (b"If-None-Match: %TAG%",)),
    ("inm-missing", b"GET", "/s/missing", (b"If-None-Match: *",)),
    ("ims-same", b"GET", "/s/a.txt", (b"If-Modified-Since: " + DATE,)),
    ("ims-before", b"GET", "/s/a.txt", (b"If-Modified-Since: " + BEFORE,)),
    ("ims-after", b"GET", "/s/a.txt", (b"If-Modified-Since: " + AFTER,)),
    ("ims-wrong", b"GET", "/s/a.txt", (b"If-Modified-Since: never",)),
    ("ims-rfc850", b"GET", "/s/a.txt",
     (b"If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT",)),
    ("ims-asctime", b"GET", "/s/a.txt",
     (b"If-Modified-Since: Tue Nov 14 22:13:20 2023",)),
    ("inm-other-ims-same", b"GET", "/s/a.txt",
     (b'If-None-Match: "a"', b"If-Modified-Since: " + DATE)),
    ("inm-same-ims-before", b"GET", "/s/a.txt",
     (b"If-None-Match: %TAG%", b"If-Modified-Since: " + BEFORE)),
    ("im-same", b"GET", "/s/a.txt", (b"If-Match: %TAG%",)),
    ("im-other", b"GET", "/s/a.txt", (b'If-Match: "a"',)),
    ("im-weak", b"GET", "/s/a.txt", (b"If-Match: W/%TAG%",)),
    ("im-star", b"GET", "/s/a.txt", (b"If-Match: *",)),
    ("ius-same", b"GET", "/s/a.txt", (b"If-Unmodified-Since: " + DATE,)),
    ("ius-before", b"GET", "/s/a.txt", (b"If-Unmodified-Since: " + BEFORE,)),
    ("im-same-ius-before", b"GET", "/s/a.txt",
     (b"If-Match: %TAG%", b"If-Unmodified-Since: " + BEFORE)),
    ("im-other-inm-same", b"GET", "/s/a.txt",
     (b'If-Match: "a"', b"If-None-Match: %TAG%")),
    ("range-first", b"GET", "/s/a.txt", (b"Range: bytes=0-9",)),
    ("range-open", b"GET", "/s/a.txt", (b"Range: bytes=90-",)),
    ("range-suffix", b"GET", "/s/a.txt", (b"Range: bytes=-7",)),
    ("range-suffix-long", b"GET", "/s/a.txt", (b"Range: bytes=-1000",)),
    ("range-suffix-zero", b"GET", "/s/a.txt", (b"Range: bytes=-0",)),
    ("range-beyond", b"GET", "/s/a.txt", (b"Range: bytes=100-",)),
    ("range-over-end", b"GET", "/s/a.txt", (b"Range: bytes=99-200",)),
    ("range-reversed", b"GET", "/s/a.txt", (b"Range: bytes=5-4",)),
    ("range-unit", b"GET", "/s/a.txt", (b"Range: lines=1-2",)),
    ("range-unit-case", b"GET", "/s/a.txt", (b"Range: BYTES=1-2",)),
    ("range-wrong", b"GET", "/s/a.txt", (b"Range: bytes=x",)),
    ("range-empty", b"GET", "/s/a.txt", (b"Range: bytes=",)),
    ("range-huge", b"GET", "/s/a.txt",
     (b"Range: bytes=0-99999999999999999999",)),
    ("range-two", b"GET", "/s/a.txt", (b"Range: bytes=0-1,50-51",)),
    ("range-two-backwards", b"GET", "/s/a.txt",
     (b"Range: bytes=50-51, 0-1",)),
    ("range-one-of-two", b"GET", "/s/a.txt", (b"Range: bytes=0-1,200-",)),
    ("range-neighbours", b"GET", "/s/a.txt", (b"Range: bytes=0-1,2-3",)),
    ("range-overlap", b"GET", "/s/a.txt", (b"Range: bytes=0-5,3-9",)),
    ("range-more-than-all", b"GET", "/s/a.txt",
     (b"Range: bytes=0-60,80-99,0-60",)),
    ("range-none-of-two", b"GET", "/s/a.txt",
     (b"Range: bytes=100-,200-300",)),
    ("range-empty-file", b"GET", "/s/empty.html", (b"Range: bytes=0-",)),
    ("range-empty-file-suffix", b"GET", "/s/empty.html",
     (b"Range: bytes=-5",)),
    ("range-head", b"HEAD", "/s/a.txt", (b"Range: bytes=0-9",)),
    ("range-missing", b"GET", "/s/missing", (b"Range: bytes=0-9",)),
    ("range-not-modified", b"GET", "/s/a.txt",
     (b"Range: bytes=0-9", b"If-None-Match: %TAG%")),
    ("range-failed", b"GET", "/s/a.txt",
     (b"Range: bytes=0-9", b'If-Match: "a"')),
    ("if-range-tag", b"GET", "/s/a.txt",
     (b"Range: bytes=0-9", b"If-Range: %TAG%")),
    ("if-range-other", b"GET", "/s/a.txt",
     (b"Range: bytes=0-9", b'If-Range: "a"')),
    ("if-range-weak", b"GET", "/s/a.txt",
     (b"Range: bytes=0-9", b"If-Range: W/%TAG%")),
    ("if-range-date", b"GET", "/s/a.txt",
     (b"Range: bytes=0-9", b"If-Range: " + DATE)),
    ("if-range-before", b"GET", "/s/a.txt",
     (b"Range: bytes=0-9", b"If-Range: " + BEFORE)),
    ("if-range-after", b"GET", "/s/a.txt",
     (b"Range: bytes=0-9", b"If-Range: " + AFTER)),
    ("if-range-wrong", b"GET", "/s/a.txt",
     (b"Range: bytes=0-9", b"If-Range: x")),
    ("gzip", b"GET", "/s/style.css", (GZIP,)),
    ("gzip-head", b"HEAD", "/s/style.css", (GZIP,)),
    ("gzip-not-accepted", b"GET", "/s/style.css", ()),
    ("gzip-zero", b"GET", "/s/style.css", (b"Accept-Encoding: gzip;q=0",)),
    ("gzip-low", b"GET", "/s/style.css", (b"Accept-Encoding: gzip;q=0.1",)),
    ("gzip-star", b"GET", "/s/style.css", (b"Accept-Encoding: *",)),
    ("gzip-among", b"GET", "/s/style.css",
     (b"Accept-Encoding: deflate, gzip",)),
    ("gzip-none-there", b"GET", "/s/a.txt", (GZIP,)),
    ("gzip-range", b"GET", "/s/style.css", (GZIP, b"Range: bytes=0-3")),
    ("gzip-ims", b"GET", "/s/style.css",
     (GZIP, b"If-Modified-Since: " + DATE)),
    ("gzip-only", b"GET", "/s/only.css", (GZIP,)),
    ("get-with-body", b"GET", "/s/a.txt", (b"Content-Length: 0",)),
]

WHOLE = {"status", "body", "content-length", "content-type", "last-modified",
         "accept-ranges", "vary", "content-range"}

# (pattern of names, what may differ, why).
DIFFERENCES = [
    (r"type-js", {"content-type"},
     "nginx's own list says application/javascript, as the system's did; "
     "RFC 9239 says text/javascript"),
    (r"(?!gzip$|gzip-(?!none)).*", {"vary"},
     "nginx looks for the .gz first, and says Vary only where there is one; "
     "here it is said for all files that static-gzip-all is about, so that "
     "no cache keeps one without it from before the .gz was there"),
    (r"(if-)?range-.*", {"accept-ranges"},
     "nginx leaves Accept-Ranges out of 206 (RFC 9110 14.3 has it there, too)"),
    (r"range-head", WHOLE,
     "RFC 9110 14.2: Range means something with GET only; nginx honours it "
     "with HEAD, too"),
    (r"link-loop", {"status"},
     "a name that leads nowhere is not there; nginx says that it is forbidden"),
    (r"link-outside", WHOLE,
     "links out of the folder are followed into static-safe folders only; "
     "nginx follows all unless disable_symlinks is on"),
    (r"socket", {"status"},
     "what is no regular file is not there; nginx cannot open it, and fails"),
    (r"range-reversed|range-wrong", WHOLE,
     "RFC 9110 14.2: a wrong Range may be ignored, or refused as nginx does; "
     "then a client that did not mean it gets nothing"),
    (r"range-huge", WHOLE,
     "a last byte beyond the end is the end, however far; nginx refuses "
     "numbers beyond 63 bits"),
    (r"range-neighbours|range-overlap", WHOLE,
     "ranges that touch are joined (RFC 9110 15.3.7.2); nginx sends parts"),
    (r"gzip-star", WHOLE | {"content-encoding"},
     "RFC 9110 12.5.3: the star stands for any coding; nginx wants gzip by "
     "name"),
    (r"gzip(-head|-low|-among)?", {"accept-ranges"},
     "nginx's gzip_static sends precompressed files whole only"),
    (r"gzip-range", WHOLE,
     "the same: here ranges are those of what is sent, the precompressed file"),
    (r"gzip-only", WHOLE | {"content-encoding"},
     "a precompressed file stands for one that is there; nginx needs it not"),
    (r"index-none", {"status"},
     "a folder without an index may be the app's; nginx has nobody to ask"),
    (r"folder-no-slash.*", {"location"},
     "nginx makes the target absolute, out of the Host that the client sent"),
    (r"folder-no-slash-no-index", {"status"},
     "a folder without an index may be the app's"),
    (r"method-.*", {"status", "allow"},
     "other methods are the app's"),
    (r"dots-inside|dots-single", WHOLE,
     "clients take dots away by themselves; who sends them has something else "
     "in mind, and gets nothing. nginx takes them away"),
    (r"dots-above-root", {"status"},
     "dots are left to the app, which does not know the path (404)"),
    (r"ims-after", WHOLE,
     "RFC 9110 13.1.3: not modified since that date; nginx wants the very "
     "date (if_modified_since exact)"),
    (r"inm-same-ims-before", WHOLE,
     "RFC 9110 13.1.3: If-None-Match makes If-Modified-Since mean nothing; "
     "nginx asks both"),
    (r"im-same-ius-before", WHOLE,
     "RFC 9110 13.1.4: If-Match makes If-Unmodified-Since mean nothing; "
     "nginx asks both"),
]


def normal(value, boundary):
    return value.replace(boundary, "BOUNDARY") if value and boundary else value


def ask(port, method, path, fields, tag):
    """The response as a dict; text of errors left out."""
    lines = b"".join(field.replace(b"%TAG%", tag) + b"\r\n"
                     for field in fields)
    with Wire(port) as wire:
        r = wire.get(path, lines, method)
    kind = r.get("content-type") or ""
    boundary = kind.partition("boundary=")[2]
    seen = {name: normal(r.get(name), boundary) for name in COMPARED}
    body = r.body
    if boundary:
        body = body.replace(boundary.encode(), b"BOUNDARY")
        seen["content-length"] = None       # the boundaries' lengths differ
    if r.status >= 300:
        body = b""
        if r.status != 304:     # the page of an error is each server's own
            seen["content-length"] = seen["content-type"] = None
    seen["status"], seen["body"] = r.status, body
    return seen


def tag_of(port):
    with Wire(port) as wire:
        tag = wire.get("/s/a.txt").get("etag")
    assert re.fullmatch(r'"[^"]+"', tag), tag
    return tag.encode()


def compare(ours, nginx):
    tags = {port: tag_of(port) for port in (ours, nginx)}
    unexplained, used = [], set()
    for name, method, path, fields in REQUESTS:
        a = ask(ours, method, path, fields, tags[ours])
        b = ask(nginx, method, path, fields, tags[nginx])
        differ = {key for key in a if a[key] != b[key]}
        for key in sorted(differ):
            rows = [i for i, (pattern, keys, why) in enumerate(DIFFERENCES)
                    if re.fullmatch(pattern, name) and key in keys]
            used.update(rows)
            if not rows:
                unexplained.append(
                    f"{name}: {key}: ours {str(a[key])[:90]!r}, "
                    f"nginx {str(b[key])[:90]!r}")
    stale = [DIFFERENCES[i][0] for i in range(len(DIFFERENCES))
             if i not in used]
    for line in unexplained:
        print("unexplained:", line)
    for pattern in stale:
        print("explains nothing:", pattern)
    print(f"{len(REQUESTS)} requests, {len(DIFFERENCES)} explanations")
    sys.exit(1 if unexplained or stale else 0)


if __name__ == "__main__":
    compare(sys.argv[2], sys.argv[3])
