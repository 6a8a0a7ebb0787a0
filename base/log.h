/* The error log: one line a record, text or JSON, in one write(2). */
#ifndef WM_BASE_LOG_H
#define WM_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR
};

/* Which request a record is about; core is -1 when it is about none. */
struct log_where {
	int		 core;
	uint64_t	 request;
};

/*
 * Set-up. Until log_open everything goes to standard error as text. With a
 * path the file is opened for appending and put over descriptors 1 and 2, so
 * that what an app prints lands there too; the path must stay valid. "-",
 * /dev/stdout and /dev/stderr are those descriptors themselves. Returns -1 with
 * errno when it cannot be opened.
 */
int	 log_open(const char *path, enum log_level level, bool json);
/* Opens the path again (after a rotation); keeps the old file on failure. */
int	 log_reopen(void);
/* Who speaks from now on: "master", "spawner", "worker"; id 0 = none. */
void	 log_set_role(const char *role, int id);
bool	 log_is_json(void);
bool	 log_enabled(enum log_level level);

/* where may be NULL. The text needs no newline; line breaks are kept. */
void	 log_write(enum log_level level, const struct log_where *where,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Writes a line as it is, with its newline, in one write(2). */
void	 log_raw(const char *line, size_t len);

#define log_debug(...)	log_write(LOG_LEVEL_DEBUG, NULL, __VA_ARGS__)
#define log_info(...)	log_write(LOG_LEVEL_INFO, NULL, __VA_ARGS__)
#define log_warn(...)	log_write(LOG_LEVEL_WARN, NULL, __VA_ARGS__)
#define log_error(...)	log_write(LOG_LEVEL_ERROR, NULL, __VA_ARGS__)

/* Logs and ends the process with status 1; fatal() adds strerror(errno). */
_Noreturn void	 fatal(const char *fmt, ...)
		    __attribute__((format(printf, 1, 2)));
_Noreturn void	 fatalx(const char *fmt, ...)
		    __attribute__((format(printf, 1, 2)));

#endif
