#!/usr/bin/perl
# The body twice, with its length.
use strict;
use warnings;
my $body = join '', <STDIN>;
print "Content-Type: text/plain\nContent-Length: ", 2 * length $body, "\n\n";
print $body, $body;
