"""The example's notebook with some views that only tests want."""
