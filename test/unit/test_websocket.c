/* Tests worker/websocket/: what a client sends, without a server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "build_config.h"
#include "test/unit/unit.h"
#include "worker/websocket/websocket_deflate.h"
#include "worker/websocket/websocket_in.h"
#include "worker/websocket/websocket_key.h"
#include "worker/websocket/websocket_out.h"
#include "worker/websocket/websocket_utf8.h"

/* What came of some bytes: "text:abc ping:x close:1000:bye bad:1002". */
static char	 said[65536];

/* Adds a frame as a client sends it; len below 126 or below 65536. */
static void
frame(struct strbuf *sb, int first, const char *data, size_t len)
{
	static const unsigned char	 mask[4] = { 0x11, 0xe2, 0x33, 0x84 };
	size_t				 i;

	strbuf_addc(sb, (char)first);
	if (len < 126) {
		strbuf_addc(sb, (char)(0x80 | len));
	} else {
		strbuf_addc(sb, (char)(0x80 | 126));
		strbuf_addc(sb, (char)(len >> 8));
		strbuf_addc(sb, (char)len);
	}
	strbuf_add(sb, mask, 4);
	for (i = 0; i < len; i++)
		strbuf_addc(sb, (char)(data[i] ^ mask[i % 4]));
}

/* Notes an event; false: nothing more may be given. */
static bool
note(struct websocket_in *in, enum websocket_in_event event)
{
	struct websocket_message	*m;
	char				*end = said + strlen(said);
	const size_t			 room = sizeof(said) - strlen(said);

	switch (event) {
	case WEBSOCKET_IN_MESSAGE:
		m = websocket_in_take(in);
		snprintf(end, room, "%s:%.*s ", m->text ? "text" : "binary",
		    (int)m->len, (const char *)m->data);
		free(m);
		return true;
	case WEBSOCKET_IN_PING:
	case WEBSOCKET_IN_PONG:
		snprintf(end, room, "%s:%.*s ", event == WEBSOCKET_IN_PING ?
		    "ping" : "pong", (int)in->control_len,
		    (const char *)in->control);
		return true;
	case WEBSOCKET_IN_CLOSE:
		snprintf(end, room, "close:%d:%.*s ", in->code,
		    (int)in->control_len, (const char *)in->control);
		return false;
	default:
		snprintf(end, room, "bad:%d ", in->code);
		return false;
	}
}

/* Gives the bytes in pieces of this size. */
static const char *
give(const struct strbuf *sb, size_t step, size_t max, bool deflate)
{
	struct websocket_in	 in;
	enum websocket_in_event	 event;
	bool			 on = true;
	size_t			 i;

	said[0] = '\0';
	websocket_in_init(&in, max, deflate);
	for (i = 0; i < sb->len && on; i += step) {
		websocket_in_give(&in, sb->buf + i,
		    sb->len - i < step ? sb->len - i : step);
		while (on && (event = websocket_in_next(&in)) !=
		    WEBSOCKET_IN_MORE)
			on = note(&in, event);
	}
	/* Between two frames there is no memory. */
	if (on && !in.in_frame && in.inside == 0)
		CHECK(in.frames == NULL);
	websocket_in_done(&in);
	return said;
}

/* The same at once and byte by byte: it must not matter. */
static const char *
both(struct strbuf *sb, size_t max, bool deflate)
{
	static char	 first[sizeof(said)];
	size_t		 step;

	strcpy(first, give(sb, sb->len + 1, max, deflate));
	for (step = 1; step < 9; step++)
		CHECK_STR(give(sb, step, max, deflate), first);
	strbuf_done(sb);
	return first;
}

TEST(messages_are_put_together)
{
	struct strbuf	 sb = STRBUF_INIT;

	frame(&sb, 0x81, "one", 3);
	frame(&sb, 0x01, "a", 1);
	frame(&sb, 0x89, "p", 1);
	frame(&sb, 0x00, "", 0);
	frame(&sb, 0x8a, "q", 1);
	frame(&sb, 0x80, "b", 1);
	frame(&sb, 0x82, "\xff", 1);
	frame(&sb, 0x81, "", 0);
	frame(&sb, 0x88, "\x03\xe8" "bye", 5);
	CHECK_STR(both(&sb, 100, false), "text:one ping:p pong:q text:ab "
	    "binary:\xff text: close:1000:bye ");
}

/* Gives these bytes: a message of this text comes of them, or nothing. */
static void
expect(struct websocket_in *in, const char *data, size_t len, const char *text)
{
	enum websocket_in_event	 event;

	said[0] = '\0';
	websocket_in_give(in, data, len);
	while ((event = websocket_in_next(in)) != WEBSOCKET_IN_MORE)
		(void)note(in, event);
	CHECK_STR(said, text);
}

TEST(two_do_not_disturb_each_other)
{
	struct websocket_in	 a, b;
	struct strbuf		 one = STRBUF_INIT, two = STRBUF_INIT;
	int			 i;

	websocket_in_init(&a, 100, false);
	websocket_in_init(&b, 100, false);
	frame(&one, 0x81, "one", 3);
	frame(&two, 0x81, "two", 3);
	for (i = 0; i < 3; i++) {
		expect(&a, one.buf, 4, "");	/* in the middle of its head */
		expect(&b, two.buf, two.len, "text:two ");
		expect(&a, one.buf + 4, one.len - 4, "text:one ");
		expect(&a, one.buf, one.len, "text:one ");
	}
	websocket_in_done(&a);
	websocket_in_done(&b);
	strbuf_done(&one);
	strbuf_done(&two);
}

TEST(a_message_has_a_limit)
{
	struct strbuf	 sb = STRBUF_INIT;

	frame(&sb, 0x81, "12345678", 8);
	CHECK_STR(both(&sb, 8, false), "text:12345678 ");
	frame(&sb, 0x81, "123456789", 9);
	CHECK_STR(both(&sb, 8, false), "bad:1009 ");
	frame(&sb, 0x01, "12345", 5);
	frame(&sb, 0x80, "6789", 4);
	CHECK_STR(both(&sb, 8, false), "bad:1009 ");
	/* What is announced is refused before it comes. */
	strbuf_add(&sb, "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff" "mask" "x",
	    15);
	CHECK_STR(both(&sb, 1 << 20, false), "bad:1009 ");
}

TEST(what_is_not_allowed_is_refused)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
	} cases[] = {
		{ "\x81\x01" "a", 3 },			/* not masked */
		{ "\xc1\x80" "mask", 6 },		/* RSV1 */
		{ "\xa1\x80" "mask", 6 },		/* RSV2 */
		{ "\x91\x80" "mask", 6 },		/* RSV3 */
		{ "\x83\x80" "mask", 6 },		/* opcodes */
		{ "\x87\x80" "mask", 6 },
		{ "\x8b\x80" "mask", 6 },
		{ "\x8f\x80" "mask", 6 },
		{ "\x09\x80" "mask", 6 },		/* a ping in parts */
		{ "\x89\xfe\x00\x7e" "mask", 8 },	/* a long one */
		{ "\x80\x80" "mask", 6 },		/* goes on with what? */
		{ "\x01\x80" "mask" "\x81\x80" "mask", 12 },
		{ "\x81\xfe\x00\x7d" "mask", 8 },	/* not the shortest */
		{ "\x81\xff\0\0\0\0\0\0\xff\xff" "mask", 14 },
		{ "\x88\x81" "mask" "m", 7 },		/* half a code */
		{ "\x88\x82" "\0\0\0\0" "\x03\xed", 8 },	/* 1005 */
	};
	struct strbuf	 sb = STRBUF_INIT;
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strbuf_add(&sb, cases[i].bytes, cases[i].len);
		CHECK_STR(both(&sb, 1 << 20, false), "bad:1002 ");
	}
}

TEST(text_is_utf8)
{
	static const char *const	 good[] = { "", "abcdefgh\xc3\xa4ijkl",
		"\xed\x9f\xbf\xee\x80\x80", "\xf4\x8f\xbf\xbf\xf0\x90\x80\x80",
		"\xc2\x80\xe0\xa0\x80" };
	static const char *const	 bad[] = { "\x80", "\xc0\x80",
		"\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "abcdefgh\xc3",
		"\xc3(", "\xe2\x82", "\xf0\x9f\x98" };
	struct strbuf			 sb = STRBUF_INIT;
	char				 want[64];
	size_t				 i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(websocket_utf8_is(good[i], strlen(good[i])));
		frame(&sb, 0x81, good[i], strlen(good[i]));
		snprintf(want, sizeof(want), "text:%s ", good[i]);
		CHECK_STR(both(&sb, 100, false), want);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(!websocket_utf8_is(bad[i], strlen(bad[i])));
		frame(&sb, 0x81, bad[i], strlen(bad[i]));
		CHECK_STR(both(&sb, 100, false), "bad:1007 ");
		frame(&sb, 0x82, bad[i], strlen(bad[i]));
		snprintf(want, sizeof(want), "binary:%s ", bad[i]);
		CHECK_STR(both(&sb, 100, false), want);
	}
	/* Noticed at the first byte that cannot be, before the message ends. */
	frame(&sb, 0x01, "a\xff", 2);
	CHECK_STR(both(&sb, 100, false), "bad:1007 ");
	/* A character may lie in two fragments. */
	frame(&sb, 0x01, "\xe2\x82", 2);
	frame(&sb, 0x80, "\xac", 1);
	CHECK_STR(both(&sb, 100, false), "text:\xe2\x82\xac ");
}

TEST(keys_are_answered)
{
	char		 accept[WEBSOCKET_ACCEPT];
	unsigned char	 hash[WEBSOCKET_SHA1];

	/* RFC 6455 1.3 */
	websocket_key_accept("dGhlIHNhbXBsZSBub25jZQ==", 24, accept);
	CHECK_STR(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	CHECK(websocket_key_is_valid("dGhlIHNhbXBsZSBub25jZQ==", 24));
	CHECK(!websocket_key_is_valid("dGhlIHNhbXBsZSBub25jZR==", 24));
	CHECK(!websocket_key_is_valid("dGhlIHNhbXBsZSBub25jZQ=a", 24));
	CHECK(!websocket_key_is_valid("dGhlIHNhbXBs*SBub25jZQ==", 24));
	CHECK(!websocket_key_is_valid("dGhlIHNhbXBsZSBub25jZQ=", 23));
	/* FIPS 180's own examples, and the ends of a block. */
	websocket_key_sha1("abc", 3, hash);
	CHECK_MEM(hash, 20, "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71"
	    "\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d");
	websocket_key_sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmno"
	    "mnopnopq", 56, hash);
	CHECK_MEM(hash, 20, "\x84\x98\x3e\x44\x1c\x3b\xd2\x6e\xba\xae\x4a\xa1"
	    "\xf9\x51\x29\xe5\xe5\x46\x70\xf1");
}

TEST(heads_are_the_shortest)
{
	unsigned char	 head[WEBSOCKET_HEAD];

	CHECK_INT(websocket_out_head(head, 1, false, 125), 2);
	CHECK_MEM(head, 2, "\x81\x7d");
	CHECK_INT(websocket_out_head(head, 2, true, 126), 4);
	CHECK(memcmp(head, "\xc2\x7e\x00\x7e", 4) == 0);
	CHECK_INT(websocket_out_head(head, 8, false, 65535), 4);
	CHECK_MEM(head, 4, "\x88\x7e\xff\xff");
	CHECK_INT(websocket_out_head(head, 2, false, 65536), 10);
	CHECK(memcmp(head, "\x82\x7f\0\0\0\0\0\x01\0\0", 10) == 0);
}

#ifdef WM_HAVE_DEFLATE

/* What is answered to an offer; "" if nothing. */
static const char *
agreed(const char *offer, int *bits)
{
	static char	 text[256];
	struct strbuf	 sb = STRBUF_INIT;

	text[0] = '\0';
	if (websocket_deflate_choose(offer, strlen(offer), &sb, bits))
		strncat(text, strbuf_str(&sb), sizeof(text) - 1);
	strbuf_done(&sb);
	return text;
}

TEST(offers_of_compression)
{
	static const char	 plain[] = "permessage-deflate; "
	    "server_no_context_takeover; client_no_context_takeover";
	int			 bits = 0;

	CHECK_STR(agreed("permessage-deflate", &bits), plain);
	CHECK_INT(bits, 15);
	CHECK_STR(agreed("permessage-deflate; client_max_window_bits", &bits),
	    plain);
	CHECK_STR(agreed(" x-other;a=\"b,c\" , Permessage-Deflate ;"
	    "client_max_window_bits=\"10\";server_no_context_takeover",
	    &bits), plain);
	CHECK_STR(agreed("permessage-deflate; server_max_window_bits=8, "
	    "permessage-deflate; server_max_window_bits=10", &bits),
	    "permessage-deflate; server_no_context_takeover; "
	    "client_no_context_takeover; server_max_window_bits=10");
	CHECK_INT(bits, 10);
	CHECK_STR(agreed("permessage-deflate; unknown", &bits), "");
	CHECK_STR(agreed("permessage-deflate; server_max_window_bits", &bits),
	    "");
	CHECK_STR(agreed("permessage-deflate; server_max_window_bits=16",
	    &bits), "");
	CHECK_STR(agreed("permessage-deflate; server_no_context_takeover=1",
	    &bits), "");
	CHECK_STR(agreed("permessage-deflate; client_max_window_bits; "
	    "client_max_window_bits", &bits), "");
	CHECK_STR(agreed("x-webkit-deflate-frame", &bits), "");
	CHECK_STR(agreed("", &bits), "");
}

TEST(compression_goes_both_ways)
{
	struct strbuf	 out = STRBUF_INIT, sb = STRBUF_INIT;
	char		 text[5000];
	int		 bits;

	memset(text, 'a', sizeof(text));
	for (bits = 9; bits <= 15; bits += 3) {
		REQUIRE(websocket_deflate(text, sizeof(text), bits, &out));
		CHECK(out.len < 100);
		frame(&sb, 0xc1, out.buf, out.len);
		out.len = 0;
		both(&sb, sizeof(text), true);
		CHECK_INT(strlen(said), 5 + sizeof(text) + 1);
	}
	/* Longer than max, though what is sent is short. */
	REQUIRE(websocket_deflate(text, sizeof(text), 15, &out));
	frame(&sb, 0xc1, out.buf, out.len);
	CHECK_STR(both(&sb, sizeof(text) - 1, true), "bad:1009 ");
	/* In fragments, only the first of which is marked. */
	frame(&sb, 0x41, out.buf, 3);
	frame(&sb, 0x89, "p", 1);
	frame(&sb, 0x80, out.buf + 3, out.len - 3);
	both(&sb, sizeof(text), true);
	CHECK_INT(strlen(said), 7 + 5 + sizeof(text) + 1);
	frame(&sb, 0x41, out.buf, 3);
	frame(&sb, 0xc0, out.buf + 3, out.len - 3);
	CHECK_STR(both(&sb, sizeof(text), true), "bad:1002 ");
	strbuf_done(&out);
	/* Nonsense, and text that is not UTF-8 inside. */
	frame(&sb, 0xc1, "\xff\xff\xff", 3);
	CHECK_STR(both(&sb, 100, true), "bad:1007 ");
	memset(text, 0xff, 100);
	REQUIRE(websocket_deflate(text, 100, 15, &out));
	frame(&sb, 0xc1, out.buf, out.len);
	CHECK_STR(both(&sb, 100, true), "bad:1007 ");
	strbuf_done(&out);
	/* RFC 7692 7.2.3: an empty message, one without compression. */
	frame(&sb, 0xc1, "\0", 1);
	frame(&sb, 0xc1, "\x00\x05\x00\xfa\xffHello\x00", 11);
	frame(&sb, 0xc1, "\xf3\x48\xcd\xc9\xc9\x07\x00", 7);
	frame(&sb, 0x81, "as it is", 8);
	CHECK_STR(both(&sb, 100, true),
	    "text: text:Hello text:Hello text:as it is ");
	/* What cannot be made shorter is left to be sent as it is. */
	CHECK(!websocket_deflate("", 0, 15, &out));
	strbuf_done(&out);
	websocket_deflate_done();
}

#endif
