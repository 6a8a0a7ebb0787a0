"""A notebook: notes, uploaded files, Django's admin, on SQLite."""
