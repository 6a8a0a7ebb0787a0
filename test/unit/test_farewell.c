/* Tests worker/farewell.c: the kernel's lines about half open connections. */
#include "worker/farewell.h"

#include "test/unit/unit.h"

#define HEAD	"  sl  local_address rem_address   st tx_queue rx_queue tr\n"
#define REST	" 00000000:00000000 01:00000005 00000000     0        0 0 1\n"

TEST(farewell_lines_of_tcp)
{
	CHECK(!farewell_line_is_half_open(HEAD, 8000));
	CHECK(!farewell_line_is_half_open("", 0));
	/* 0x1F40 is 8000; 03 is SYN_RECV, 0A LISTEN, 01 ESTABLISHED. */
	CHECK(farewell_line_is_half_open(
	    "   3: 0100007F:1F40 0100007F:D2F0 03" REST, 8000));
	CHECK(farewell_line_is_half_open(
	    "1234: 0100007F:1F40 0100007F:D2F0 03" REST, 8000));
	CHECK(!farewell_line_is_half_open(
	    "   3: 0100007F:1F40 00000000:0000 0A" REST, 8000));
	CHECK(!farewell_line_is_half_open(
	    "   3: 0100007F:1F40 0100007F:D2F0 01" REST, 8000));
	/* Somebody else's, and ours as a client's port. */
	CHECK(!farewell_line_is_half_open(
	    "   3: 0100007F:1F41 0100007F:1F40 03" REST, 8000));
}

TEST(farewell_lines_of_tcp6)
{
	CHECK(farewell_line_is_half_open(
	    "   0: 00000000000000000000000001000000:1F40 "
	    "00000000000000000000000001000000:D2F0 03" REST, 8000));
	CHECK(!farewell_line_is_half_open(
	    "   0: 00000000000000000000000001000000:1F40 "
	    "00000000000000000000000001000000:D2F0 02" REST, 8000));
}
