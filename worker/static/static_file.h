/* What the parts of static*.c give each other. */
#ifndef WM_WORKER_STATIC_STATIC_FILE_H
#define WM_WORKER_STATIC_STATIC_FILE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "worker/core.h"
#include "worker/static/static_encoding.h"
#include "worker/static/static_map.h"

struct request;
struct static_expires;
struct static_mime;

/* A worker's. */
struct statics {
	struct static_maps	 maps;
	struct static_mime	*mime;
	struct static_expires	*expires;	/* NULL: no rules */
	regex_t			*gzip;		/* patterns */
	size_t			 ngzip;
	struct core		 none;		/* of requests without one */
	struct request		*spare;		/* for the next; or NULL */
};

/* What came of looking. */
enum static_found {
	STATIC_NONE,		/* the app's */
	STATIC_FILE,
	STATIC_FOLDER,		/* has an index, and lacks the slash */
	STATIC_DENIED,		/* is there, but not for this user */
	STATIC_BUSY,		/* out of descriptors or memory */
	STATIC_ERROR		/* the disk's */
};

struct static_file {
	struct static_map	*map;
	const char		*name;		/* in map's root; pool's */
	int			 fd;
	struct stat		 st;
	bool			 varies;	/* there may be a coding */
	bool			 coded;		/* this is coded, */
	enum static_coding	 coding;	/* so */
};

/*
 * Looks for what the request's path, which ends with a NUL, stands for. With
 * STATIC_FILE file->fd is open and the caller's.
 */
enum static_found static_look(struct statics *st, struct request *req,
	    const char *path, struct static_file *file);
/* Answers with it, whatever was found but STATIC_NONE. */
void	 static_reply(struct statics *st, struct request *req,
	    const char *path, enum static_found found,
	    struct static_file *file);
/* The answer's end. */
struct answer;
void	 static_done(struct answer *a);

#endif
