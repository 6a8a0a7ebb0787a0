/* The terminal, taken over for a while, and given back however this ends. */
#include "ctl/ctl_screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strbuf.h"
#include "ctl/ctl_text.h"

#define ESC		"\033["
#define SCREEN_ENTER	ESC "?1049h" ESC "?25l" ESC "?7l" ESC "2J"
#define SCREEN_LEAVE	ESC "0m" ESC "?7h" ESC "?25h" ESC "?1049l"

/* What is an event while the screen is open. */
static const int screen_events[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH, SIGPIPE, SIGUSR1,
	SIGUSR2, SIGALRM
};
/* What ends the process at once. */
static const int screen_fatal[] = {
	SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* There is one terminal; a signal handler must find this. */
static struct {
	volatile sig_atomic_t	 open;
	struct termios		 saved;
	sigset_t		 mask;
	int			 fd;		/* of the signals */
} screen = { .fd = -1 };

/* Can it be done? */
bool
screen_is_possible(void)
{
	const char	*term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
	    term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

/* Gives the terminal back; safe in a signal handler. */
static void
screen_restore(void)
{
	ssize_t	 n;

	if (!screen.open)
		return;
	screen.open = 0;
	n = write(STDOUT_FILENO, SCREEN_LEAVE, strlen(SCREEN_LEAVE));
	(void)n;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &screen.saved);
}

/* The process is about to die. */
static void
screen_fatal_cb(int number)
{
	screen_restore();
	signal(number, SIG_DFL);
	raise(number);
}

/* Takes the terminal. */
static int
screen_take(void)
{
	struct termios	 raw;

	if (tcgetattr(STDIN_FILENO, &screen.saved) == -1)
		return -1;
	raw = screen.saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	screen.open = 1;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == -1 ||
	    fd_write_all(STDOUT_FILENO, SCREEN_ENTER,
	    strlen(SCREEN_ENTER)) == -1) {
		screen_restore();
		return -1;
	}
	return 0;
}

/* Takes the terminal, and care of signals first. */
int
screen_open(void)
{
	sigset_t	 set;
	size_t		 i;

	sigemptyset(&set);
	for (i = 0; i < COUNT(screen_events); i++)
		sigaddset(&set, screen_events[i]);
	if (sigprocmask(SIG_BLOCK, &set, &screen.mask) == -1)
		return -1;
	screen.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (screen.fd == -1)
		return -1;
	for (i = 0; i < COUNT(screen_fatal); i++)
		signal(screen_fatal[i], screen_fatal_cb);
	atexit(screen_restore);
	if (screen_take() == 0)
		return 0;
	screen_close();
	return -1;
}

/* Gives everything back. */
void
screen_close(void)
{
	size_t	 i;

	screen_restore();
	for (i = 0; i < COUNT(screen_fatal); i++)
		signal(screen_fatal[i], SIG_DFL);
	fd_close(&screen.fd);
	sigprocmask(SIG_SETMASK, &screen.mask, NULL);
}

/* ^Z: the shell gets its terminal back until this process goes on. */
static enum screen_event
screen_stop(int *number)
{
	screen_restore();
	kill(getpid(), SIGSTOP);
	*number = SIGHUP;
	return screen_take() == 0 ? SCREEN_RESIZED : SCREEN_END;
}

/* A signal has come. */
static enum screen_event
screen_signal(int *number)
{
	struct signalfd_siginfo	 info;

	if (read(screen.fd, &info, sizeof(info)) != sizeof(info))
		return SCREEN_NOTHING;
	*number = (int)info.ssi_signo;
	if (*number == SIGTSTP)
		return screen_stop(number);
	return *number == SIGWINCH ? SCREEN_RESIZED : SCREEN_END;
}

/* Waits for what comes first. */
enum screen_event
screen_wait(double seconds, int *key, int *number)
{
	struct pollfd	 pfds[2] = {
		{ .fd = screen.fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN }
	};
	unsigned char	 c;
	int		 n;

	*number = SIGHUP;
	n = poll(pfds, 2, seconds > 0 ? (int)(seconds * 1e3) + 1 : 0);
	if (n == -1)
		return errno == EINTR ? SCREEN_NOTHING : SCREEN_END;
	if (pfds[0].revents != 0)
		return screen_signal(number);
	if (pfds[1].revents == 0)
		return SCREEN_NOTHING;
	if (read(STDIN_FILENO, &c, 1) != 1)
		return SCREEN_END;
	*key = c;
	return SCREEN_KEY;
}

/* How large it is now. */
void
screen_size(int *columns, int *lines)
{
	struct winsize	 size;

	*columns = 80;
	*lines = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1 ||
	    size.ws_col == 0 || size.ws_row == 0)
		return;
	*columns = size.ws_col;
	*lines = size.ws_row;
}

/* Adds one line, cut to the width; the rest of the old one is erased. */
static void
screen_add_line(struct strbuf *sb, const char *line, size_t len, int columns)
{
	char	 mark = len > 0 ? line[0] : '\0', *copy;
	size_t	 fit;

	if (mark == '\001' || mark == '\002') {
		strbuf_adds(sb, mark == '\001' ? ESC "7m" : ESC "1m");
		line++;
		len--;
	}
	copy = strndup(line, len);
	fit = copy != NULL ? ctl_fit(copy, (size_t)columns) : 0;
	strbuf_add(sb, line, fit);
	if (mark == '\001' && copy != NULL && ctl_width(copy) <
	    (size_t)columns)
		strbuf_addf(sb, "%*s", columns - (int)ctl_width(copy), "");
	free(copy);
	strbuf_adds(sb, ESC "0m" ESC "K");
}

/* Shows a text. */
void
screen_draw(const char *text)
{
	struct strbuf	 sb = STRBUF_INIT;
	int		 columns, lines, i;
	size_t		 len;

	screen_size(&columns, &lines);
	strbuf_adds(&sb, ESC "H");
	for (i = 0; i < lines; i++) {
		if (i > 0)
			strbuf_adds(&sb, "\r\n");
		len = strcspn(text, "\n");
		screen_add_line(&sb, text, len, columns);
		text += len + (text[len] == '\n');
	}
	(void)fd_write_all(STDOUT_FILENO, sb.buf, sb.len);
	strbuf_done(&sb);
}
