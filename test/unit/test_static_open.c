/* Tests worker/static/static_open.c: nobody gets out of the folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "test/unit/unit.h"
#include "worker/static/static_open.h"

static char			 base[] = "/tmp/wm-open-XXXXXX";
static struct static_root	 root;
static struct static_root	 safe_root;
static struct static_roots	 none, safe = { &safe_root, 1 };

/* Runs a command of the shell in the folder. */
static void
sh(const char *command)
{
	char	*line = xasprintf("cd %s && %s", base, command);

	CHECK_INT(system(line), 0);
	free(line);
}

/* root/ with files and links, root-secret/ beside it, and safe/. */
static void
make_folders(void)
{
	char	*path;

	memcpy(base + sizeof(base) - 7, "XXXXXX", 6);
	CHECK(mkdtemp(base) != NULL);
	sh("mkdir -p root/sub/deep root-secret safe safe-not && "
	    "echo in >root/a && echo deep >root/sub/deep/b && "
	    "echo out >root-secret/x && echo safe >safe/s && "
	    "echo no >safe-not/n && cd root && ln -s sub/deep/b link && "
	    "ln -s ../a sub/up && ln -s ../root-secret/x escape && "
	    "ln -s ../root-secret folder && ln -s loop loop && "
	    "ln -s $PWD/a absolute && ln -s ../safe/s tosafe && "
	    "ln -s ../safe-not/n tonot && ln -s /proc/self/root magic && "
	    "ln -s /etc/passwd passwd && mkfifo fifo");
	path = xasprintf("%s/root", base);
	CHECK_INT(static_root_open(&root, path), 0);
	free(path);
	path = xasprintf("%s/safe", base);
	CHECK_INT(static_root_open(&safe_root, path), 0);
	free(path);
}

/* Removes all that. */
static void
remove_folders(void)
{
	static_root_close(&root);
	static_root_close(&safe_root);
	sh("rm -rf root root-secret safe safe-not && rmdir $PWD");
}

/* What a file says, or the name of the error. */
static const char *
content(const char *rel, const struct static_roots *roots)
{
	static char	 text[16];
	ssize_t		 n;
	int		 fd = static_open(&root, rel, roots);

	if (fd == -1)
		return strerrorname_np(errno);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n == -1)
		return strerrorname_np(errno);
	text[n > 0 ? n - 1 : 0] = '\0';
	return text;
}

TEST(open_finds_what_is_beneath)
{
	make_folders();
	CHECK_STR(content("a", &none), "in");
	CHECK_STR(content("/a", &none), "in");
	CHECK_STR(content("//sub///deep/b", &none), "deep");
	CHECK_STR(content("link", &none), "deep");
	CHECK_STR(content("sub/up", &none), "in");
	CHECK_STR(content("absolute", &none), "in");
	CHECK_STR(content("", &none), "EISDIR");
	CHECK_STR(content("sub/", &none), "EISDIR");
	CHECK_STR(content("a/", &none), "ENOTDIR");
	CHECK_STR(content("nothing", &none), "ENOENT");
	CHECK_STR(content("fifo", &none), "");
	remove_folders();
}

TEST(open_never_leaves_the_folder)
{
	make_folders();
	CHECK_STR(content("../root-secret/x", &none), "EXDEV");
	CHECK_STR(content("sub/../../root-secret/x", &none), "EXDEV");
	CHECK_STR(content("escape", &none), "EXDEV");
	CHECK_STR(content("folder/x", &none), "EXDEV");
	CHECK_STR(content("passwd", &none), "EXDEV");
	CHECK_STR(content("loop", &none), "ELOOP");
	CHECK_STR(content("magic/etc/passwd", &none), "ELOOP");
	CHECK_STR(content("tosafe", &none), "EXDEV");
	remove_folders();
}

TEST(open_follows_links_to_safe_folders)
{
	make_folders();
	CHECK_STR(content("tosafe", &safe), "safe");
	CHECK_STR(content("tonot", &safe), "EXDEV");
	CHECK_STR(content("escape", &safe), "EXDEV");
	CHECK_STR(content("passwd", &safe), "EXDEV");
	/* A link in the safe folder leads out of that one. */
	sh("ln -s ../root-secret/x safe/out && ln -s ../safe/out root/twice");
	CHECK_STR(content("twice", &safe), "EXDEV");
	remove_folders();
}

TEST(open_walks_where_the_kernel_is_old)
{
	make_folders();
	static_open_set_walk(true);
	CHECK_STR(content("a", &none), "in");
	CHECK_STR(content("//sub///deep/b", &none), "deep");
	CHECK_STR(content("", &none), "EISDIR");
	CHECK_STR(content("sub/", &none), "EISDIR");
	CHECK_STR(content("sub/deep", &none), "EISDIR");
	CHECK_STR(content("a/", &none), "ENOTDIR");
	CHECK_STR(content("a/b", &none), "ENOTDIR");
	CHECK_STR(content("nothing/at/all", &none), "ENOENT");
	CHECK_STR(content("../root-secret/x", &safe), "EXDEV");
	CHECK_STR(content("./a", &safe), "EXDEV");
	CHECK_STR(content("link", &safe), "ELOOP");
	CHECK_STR(content("escape", &safe), "ELOOP");
	CHECK_STR(content("folder/x", &safe), "ENOTDIR");
	CHECK_STR(content("passwd", &safe), "ELOOP");
	static_open_set_walk(false);
	remove_folders();
}

TEST(open_finds_a_folder_that_was_made_anew)
{
	make_folders();
	sh("rm -rf root && mkdir root && echo new >root/a");
	CHECK_STR(content("a", &none), "new");
	remove_folders();
}
