/* Tests the ways over runs of bytes: each against one that looks at a byte. */
#include <sys/mman.h>
#include <unistd.h>

#include "test/unit/unit.h"
#include "worker/http_scan.h"

#define SIZE	40		/* bytes looked at: two blocks and a rest */

typedef const char *scan(const char *p, const char *end);

/* SIZE bytes that end where the page ends; the next one cannot be read. */
static char *
border(void)
{
	static char	*page;
	size_t		 size = (size_t)sysconf(_SC_PAGESIZE);

	if (page == NULL) {
		page = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (mprotect(page + size, size, PROT_NONE) == -1)
			CHECK(false);
	}
	return page + size - SIZE;
}

/* The same as http_scan_value, by its definition. */
static const char *
plain_value(const char *p, const char *end)
{
	while (p < end && ((unsigned char)*p >= 0x20 || *p == '\t') &&
	    *p != 0x7f)
		p++;
	return p;
}

/* The same as http_scan_target. */
static const char *
plain_target(const char *p, const char *end)
{
	while (p < end && (unsigned char)*p > 0x20 &&
	    (unsigned char)*p < 0x7f && *p != '#')
		p++;
	return p;
}

/* The same as http_scan_name. */
static const char *
plain_name(const char *p, const char *end)
{
	while (p < end && ((*p >= 'a' && *p <= 'z') ||
	    (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
	    *p == '-'))
		p++;
	return p;
}

/*
 * Every byte at every place of a run of every length, followed by another
 * special byte. whole: it must find what plain finds, else it may stop
 * earlier, so long as a rest is shorter than block or begins with a HTAB.
 */
static void
check_scan(scan *fast, scan *plain, bool whole, ptrdiff_t block)
{
	char		*text = border(), *end = text + SIZE;
	const char	*want, *got;
	int		 byte, at, begin;
	bool		 good = true;

	for (byte = 0; byte < 256; byte++)
		for (at = 0; at < SIZE; at++)
			for (begin = 0; begin <= SIZE; begin++) {
				memset(text, 'a' + begin % 26, SIZE);
				text[at] = (char)byte;
				if (at + 1 < SIZE)
					text[at + 1] = byte % 2 ? 1 : '!';
				want = plain(text + begin, end);
				got = fast(text + begin, end);
				good = good && got <= want && (got == want ||
				    (!whole && (end - got < block ||
				    *got == '\t')));
			}
	CHECK(good);
}

TEST(whole_scans_find_the_first_other_byte)
{
	check_scan(http_scan_value, plain_value, true, 0);
	check_scan(http_scan_target, plain_target, true, 0);
	check_scan(http_scan_name, plain_name, true, 0);
}

TEST(scans_in_words_stop_at_the_first_other_byte)
{
	check_scan(http_scan_value_word, plain_value, false, 8);
	check_scan(http_scan_target_word, plain_target, false, 8);
}

#ifdef __SSE2__
TEST(scans_with_sse2_stop_at_the_first_other_byte)
{
	check_scan(http_scan_value_sse2, plain_value, false, 16);
	check_scan(http_scan_target_sse2, plain_target, false, 16);
	check_scan(http_scan_name_sse2, plain_name, false, 16);
}
#endif

/* Compares a word with each of its bytes changed to every byte. */
static void
check_word(const char *word)
{
	size_t	 len = strlen(word), i;
	char	*text = border() + SIZE - len;
	int	 byte;
	bool	 good = true, same;

	memcpy(text, word, len);
	for (i = 0; i < len; i++) {
		for (byte = 0; byte < 256; byte++) {
			text[i] = (char)byte;
			same = byte == word[i] || (word[i] >= 'a' &&
			    word[i] <= 'z' && byte == word[i] - 32);
			good = good &&
			    http_word_is(text, len, word, len) == same;
		}
		text[i] = word[i];
	}
	CHECK(good);
	CHECK(!http_word_is(text + 1, len - 1, word, len));
}

TEST(words_are_the_same_in_any_case_and_only_so)
{
	static const char *const words[] = { "a", "te", "x-1", "host", "close",
	    "expect", "chunked", "100-cont", "keep-aliv", "connection",
	    "content-length", "content-length12", "transfer-encoding" };
	size_t	 i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		check_word(words[i]);
}
