/* What proxies say of a request's client, read from the right. */
#include "worker/proxy/forwarded.h"

#include <string.h>

#include "worker/http_url.h"
#include "worker/origin.h"

/* The fields of X-Forwarded-For's kin. */
#define X_FOR	"x-forwarded-for"
#define X_PROTO	"x-forwarded-proto"
#define X_HOST	"x-forwarded-host"
#define X_PORT	"x-forwarded-port"

/* Is the name, or the CGI variable, this one? */
static bool
forwarded_name_is(const char *name, size_t len, const char *want,
    size_t wantlen)
{
	size_t	 i;
	char	 c;

	if (len == wantlen + 5 && memcmp(name, "HTTP_", 5) == 0) {
		name += 5;
		len -= 5;
	}
	if (len < wantlen)
		return false;
	for (i = 0; i < wantlen; i++) {
		c = name[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c == '_' ? '-' : c) != want[i])
			return false;
	}
	return len == wantlen;
}

/* Does it say something of the client? */
bool
forwarded_is_field(const char *name, size_t len, enum forwarded_family *family)
{
	static const char	 prefix[] = "x-forwarded-";
	size_t			 cgi;

	*family = FORWARDED_RFC7239;
	if (forwarded_name_is(name, len, "forwarded", 9))
		return true;
	*family = FORWARDED_X;
	cgi = len > 5 && memcmp(name, "HTTP_", 5) == 0 ? 5 : 0;
	return forwarded_name_is(name, len, "x-real-ip", 9) ||
	    (len - cgi > sizeof(prefix) - 1 &&
	    forwarded_name_is(name + cgi, sizeof(prefix) - 1, prefix,
	    sizeof(prefix) - 1));
}

/* Takes white space off both ends. */
static struct forwarded_text
forwarded_trim(const char *s, size_t len)
{
	while (len > 0 && http_ows_byte((unsigned char)s[len - 1]))
		len--;
	for (; len > 0 && http_ows_byte((unsigned char)*s); len--)
		s++;
	return (struct forwarded_text){ s, len };
}

/* The list of all fields of a name. */
void
forwarded_list_init(struct forwarded_list *list, const struct http_head *head,
    const char *buf, const char *name)
{
	*list = (struct forwarded_list){ .head = head, .buf = buf,
	    .name = name, .field = head->nfields };
}

/* Goes on to the line before. */
static bool
forwarded_list_line(struct forwarded_list *list)
{
	const struct http_field	*field;
	size_t			 len = strlen(list->name);

	while (list->field > 0) {
		field = &list->head->fields[--list->field];
		if (forwarded_name_is(list->buf + field->name.off,
		    field->name.len, list->name, len)) {
			list->line.s = list->buf + field->value.off;
			list->line.len = field->value.len;
			return true;
		}
	}
	return false;
}

/*
 * Where the quoted string begins whose last quote is at end: at the one before
 * it that no odd number of backslashes precedes. 0 if there is none: then all
 * of it is no element.
 */
static size_t
forwarded_quote(const char *s, size_t end)
{
	size_t	 at = end, i;

	while (at > 0) {
		if (s[--at] != '"')
			continue;
		for (i = at; i > 0 && s[i - 1] == '\\'; i--)
			;
		if ((at - i) % 2 == 0)
			return at;
	}
	return 0;
}

/*
 * Where a line's last element begins. From the right, so that what a client
 * has left open does not swallow what a proxy has put behind it.
 */
static size_t
forwarded_last(const char *s, size_t len)
{
	size_t	 at = len;

	while (at > 0 && s[at - 1] != ',') {
		at--;
		if (s[at] == '"')
			at = forwarded_quote(s, at);
	}
	return at;
}

/* Takes the last element off. */
bool
forwarded_list_last(struct forwarded_list *list,
    struct forwarded_text *element)
{
	size_t	 at;

	for (;;) {
		if (list->line.len == 0 && !forwarded_list_line(list))
			return false;
		at = forwarded_last(list->line.s, list->line.len);
		*element = forwarded_trim(list->line.s + at,
		    list->line.len - at);
		list->line.len = at > 0 ? at - 1 : 0;
		if (element->len > 0)
			return true;
	}
}

/* Reads a node. */
bool
forwarded_node(struct forwarded_text text, struct netaddr *addr,
    uint16_t *port)
{
	const char	*end = text.s + text.len, *colon;
	const char	*host = text.s, *stop = end;

	*port = 0;
	if (text.len > 0 && *host == '[') {
		stop = memchr(++host, ']', text.len - 1);
		if (stop == NULL || (stop + 1 < end && stop[1] != ':'))
			return false;
		colon = stop + 1 < end ? stop + 1 : NULL;
		if (memchr(host, ':', (size_t)(stop - host)) == NULL)
			return false;
	} else {
		/* More colons than one: an IPv6 address. */
		colon = memchr(host, ':', text.len);
		if (colon != NULL && memchr(colon + 1, ':',
		    (size_t)(end - colon - 1)) != NULL)
			colon = NULL;
		if (colon != NULL)
			stop = colon;
	}
	if (!netaddr_parse(addr, host, (size_t)(stop - host)))
		return false;
	if (colon == NULL)
		return true;
	if (colon + 1 < end && colon[1] == '_')
		return true;
	*port = origin_port(colon + 1, (size_t)(end - colon - 1));
	return *port != 0;
}

/* Reads "=value" at *p: a token or a quoted string. */
static bool
forwarded_value(const char **p, const char *end, struct forwarded_text *value)
{
	const char	*s = *p;

	if (s == end || *s++ != '=')
		return false;
	value->s = s;
	if (s < end && *s == '"') {
		value->s = ++s;
		/* With a backslash it is nothing that is looked for. */
		while (s < end && *s != '"')
			s += *s == '\\' ? 2 : 1;
		if (s >= end)
			return false;
		value->len = (size_t)(s - value->s);
		*p = s + 1;
		return true;
	}
	while (s < end && http_token_lower[(unsigned char)*s] != 0)
		s++;
	value->len = (size_t)(s - value->s);
	*p = s;
	return value->len > 0;
}

/* Notes a value; false if it is there already. */
static bool
forwarded_note(struct forwarded_element *element, const char *name, size_t len,
    struct forwarded_text value)
{
	struct forwarded_text	*place;

	if (forwarded_name_is(name, len, "for", 3))
		place = &element->node;
	else if (forwarded_name_is(name, len, "proto", 5))
		place = &element->proto;
	else if (forwarded_name_is(name, len, "host", 4))
		place = &element->host;
	else
		return true;
	if (place->s != NULL)
		return false;
	*place = value;
	return true;
}

/* Reads an element: pairs with a semicolon between them. */
bool
forwarded_element(struct forwarded_text text, struct forwarded_element *element)
{
	const char		*p = text.s, *end = text.s + text.len, *name;
	struct forwarded_text	 value;
	size_t			 len;

	memset(element, 0, sizeof(*element));
	while (p < end) {
		name = p;
		while (p < end && http_token_lower[(unsigned char)*p] != 0)
			p++;
		len = (size_t)(p - name);
		if (len > 0 && (!forwarded_value(&p, end, &value) ||
		    !forwarded_note(element, name, len, value)))
			return false;
		while (p < end && http_ows_byte((unsigned char)*p))
			p++;
		if (p < end && *p++ != ';')
			return false;
		while (p < end && http_ows_byte((unsigned char)*p))
			p++;
	}
	return true;
}

/* Is the text this word, in any case? */
static bool
forwarded_is(struct forwarded_text text, const char *word)
{
	return http_word_is(text.s, text.len, word, strlen(word));
}

/* A scheme; others than these say nothing. */
static void
forwarded_proto(struct forwarded_text text, struct forwarded *found)
{
	if (forwarded_is(text, "https") || forwarded_is(text, "wss"))
		found->has_proto = found->https = true;
	else if (forwarded_is(text, "http") || forwarded_is(text, "ws"))
		found->has_proto = true;
}

/* A host. */
static void
forwarded_host(struct forwarded_text text, struct forwarded *found)
{
	if (text.len > 0 && text.len <= UINT16_MAX &&
	    http_url_host_ok(text.s, text.len))
		found->host = text;
}

/* An address of the walk: true if it goes on. */
static bool
forwarded_step(struct forwarded *found, const struct netaddr *addr,
    uint16_t port, const struct netmasks *trusted)
{
	found->has_addr = true;
	found->addr = *addr;
	found->port = port;
	return netmasks_have(trusted, addr);
}

/* The walk by Forwarded: what an element says belongs together. */
static void
forwarded_walk_rfc7239(const struct http_head *head, const char *buf,
    const struct netmasks *trusted, struct forwarded *found)
{
	struct forwarded_element	 element, last = { .node.s = NULL };
	struct forwarded_list		 list;
	struct forwarded_text		 text;
	struct netaddr			 addr;
	uint16_t			 port;
	int				 hops;

	forwarded_list_init(&list, head, buf, "forwarded");
	for (hops = 0; hops < FORWARDED_HOPS &&
	    forwarded_list_last(&list, &text); hops++) {
		if (!forwarded_element(text, &element))
			break;
		last = element;
		if (element.node.s == NULL ||
		    !forwarded_node(element.node, &addr, &port) ||
		    !forwarded_step(found, &addr, port, trusted))
			break;
	}
	forwarded_proto(last.proto, found);
	forwarded_host(last.host, found);
}

/*
 * The element of another list that belongs to the one so many places from the
 * right where the walk ended; a shorter list's first: a proxy may set it anew
 * where others append. False: there is none.
 */
static bool
forwarded_beside(const struct http_head *head, const char *buf,
    const char *name, int places, struct forwarded_text *text)
{
	struct forwarded_list	 list;
	struct forwarded_text	 next;
	bool			 any = false;

	forwarded_list_init(&list, head, buf, name);
	for (; places >= 0 && forwarded_list_last(&list, &next); places--) {
		*text = next;
		any = true;
	}
	return any;
}

/* The walk by X-Forwarded-For; the others beside it. */
static void
forwarded_walk_x(const struct http_head *head, const char *buf,
    const struct netmasks *trusted, struct forwarded *found)
{
	struct forwarded_list	 list;
	struct forwarded_text	 text;
	struct netaddr		 addr;
	uint16_t		 port;
	int			 hops, places = 0;

	forwarded_list_init(&list, head, buf, X_FOR);
	for (hops = 0; hops < FORWARDED_HOPS &&
	    forwarded_list_last(&list, &text); hops++) {
		if (!forwarded_node(text, &addr, &port))
			break;
		places = hops;
		if (!forwarded_step(found, &addr, port, trusted))
			break;
	}
	if (forwarded_beside(head, buf, X_PROTO, places, &text))
		forwarded_proto(text, found);
	if (forwarded_beside(head, buf, X_HOST, places, &text))
		forwarded_host(text, found);
	if (forwarded_beside(head, buf, X_PORT, places, &text))
		found->server_port = origin_port(text.s, text.len);
}

/* What the head says by this family. */
void
forwarded_walk(const struct http_head *head, const char *buf,
    enum forwarded_family family, const struct netmasks *trusted,
    struct forwarded *found)
{
	memset(found, 0, sizeof(*found));
	if (family == FORWARDED_X)
		forwarded_walk_x(head, buf, trusted, found);
	else
		forwarded_walk_rfc7239(head, buf, trusted, found);
}
