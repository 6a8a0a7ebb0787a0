/* A request's id: the client's, if it brings a sane one, or a fresh one. */
#include "worker/request_id.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "config/config.h"
#include "worker/http_bytes.h"
#include "worker/request.h"
#include "worker/worker.h"

/* What an id may have besides letters and digits. */
static const char	request_id_marks[] = "-._~+/=:;,@";

/* May the byte be part of an id? */
static bool
request_id_byte(unsigned char c)
{
	return http_plain_byte(c) || (c != '\0' &&
	    strchr(request_id_marks, c) != NULL);
}

/* May these bytes be an id? */
bool
request_id_is_sane(const char *s, size_t len)
{
	size_t	 i;

	if (len == 0 || len > REQUEST_ID_MAX)
		return false;
	for (i = 0; i < len; i++) {
		if (!request_id_byte((unsigned char)s[i]))
			return false;
	}
	return true;
}

/* The clocks' distance. */
void
request_ids_tick(struct worker *w)
{
	w->ids.ahead_us = clock_real_us() - clock_mono_us();
}

/* Set-up. */
void
request_ids_init(struct worker *w)
{
	struct request_ids	*ids = &w->ids;

	ids->header = w->cfg->request_id_header;
	ids->header_len = ids->header == NULL ? 0 : strlen(ids->header);
	if (ids->header_len > 0)
		ids->header_hash = http_name_hash(ids->header,
		    ids->header_len);
	request_ids_tick(w);
}

/* Takes the id that this field brings. */
static bool
request_id_use(struct request *req, const struct http_field *field)
{
	req->id = request_text(req, field->value);
	req->id_len = (uint8_t)field->value.len;
	return request_id_is_sane(req->id, field->value.len);
}

/* Takes the client's id, if there is one. */
static bool
request_id_take(struct request *req, const struct request_ids *ids)
{
	const struct http_field	*field = req->head->fields;
	const struct http_field	*end = field + req->head->nfields;

	if (req->head->vars) {
		field = http_head_find(req->head, req->buf, ids->header);
		return field != NULL && request_id_use(req, field);
	}
	for (; field < end; field++) {
		if (field->hash != ids->header_hash ||
		    field->name.len != ids->header_len ||
		    strncasecmp(request_text(req, field->name), ids->header,
		    ids->header_len) != 0)
			continue;
		return request_id_use(req, field);
	}
	return false;
}

/* One of its own. */
void
request_id_make(struct request *req)
{
	struct request_ids	*ids = &req->worker->ids;

	req->serial = ++ids->serial;
	uuid_make(req->start_us + ids->ahead_us, req->own_id);
	req->id = req->own_id;
	req->id_len = UUID_TEXT;
}

/* Gives the request its id. */
void
request_id_choose(struct request *req)
{
	struct request_ids	*ids = &req->worker->ids;

	if (ids->header_len > 0 && request_id_take(req, ids))
		req->serial = ++ids->serial;
	else
		request_id_make(req);
}
