/* SPDX-License-Identifier: MIT */
/*
 * A line that a person may edit: arrows, Home and End, the control keys of a Unix shell, history,
 * completion. Whatever comes in, the line stays within its bounds and holds printable ASCII only.
 * The terminal is one of at least 40 columns that knows ESC [ K; a longer line scrolls sideways.
 */
#include <linux/errno.h>

#include "apps/shell/shell.h"
#include "drivers/char/port.h"
#include "drivers/virtio/balloon/virtio_balloon.h"
#include "kernel/console.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define CONTROL(letter) ((letter)&0x1f)
#define ESCAPE 0x1b
#define DELETE 0x7f
#define HISTORY_MAX 64
#define COLUMNS 80
#define WAIT_NS NSEC_PER_SEC

static char history[HISTORY_MAX][LINE_MAX];
static unsigned int entered; /* lines since the start */

static struct {
	char text[LINE_MAX];
	size_t length, cursor;
	const char *prompt;
	unsigned int back;   /* how far back in history; 0: the line itself */
	char kept[LINE_MAX]; /* the line itself, meanwhile */
	char escape[8];	     /* a sequence that is not whole yet */
	size_t escape_length;
	bool after_cr, tab;
} line;

/* ---- input ----------------------------------------------------------------------------------- */

static char pending[64];
static int pending_count, pending_taken;

/* What devices want done that no interrupt does is done while nobody types; and a console that was
 * pulled out may be back. */
static void serve_devices(void)
{
	struct virtio_balloon *balloon;

	port_get(0); /* looks for ports that come and go */
	for (unsigned int i = 0; (balloon = virtio_balloon_get(i)); i++)
		virtio_balloon_service(balloon);
}

/* The next byte, or -errno. */
static int read_key(void)
{
	while (pending_taken >= pending_count) {
		pending_taken = 0;
		pending_count = console_read(pending, sizeof(pending), WAIT_NS);
		if (pending_count < 0 && pending_count != -ETIMEDOUT)
			return pending_count;
		serve_devices();
	}
	return (u8)pending[pending_taken++];
}

/* ---- output ---------------------------------------------------------------------------------- */

static void put(const char *text)
{
	console_write(text, strlen(text));
}

/* The part of the line around the cursor that fits, and the cursor in it. */
static void show_line(void)
{
	size_t room = COLUMNS - 1 - strlen(line.prompt);
	size_t first = line.cursor > room ? line.cursor - room : 0;
	char place[24];

	put("\r");
	put(line.prompt);
	console_write(line.text + first, min(line.length - first, room));
	put("\x1b[K");
	snprintf(place, sizeof(place), "\r\x1b[%zuC", strlen(line.prompt) + line.cursor - first);
	put(place);
}

static void beep(void)
{
	put("\a");
}

/* ---- editing --------------------------------------------------------------------------------- */

static void insert(char c)
{
	if (line.length + 1 >= LINE_MAX) {
		beep();
		return;
	}
	memmove(line.text + line.cursor + 1, line.text + line.cursor, line.length - line.cursor);
	line.text[line.cursor++] = c;
	line.length++;
	/* At the end of a line that fits, the byte is all that changes. */
	if (line.cursor == line.length && line.length + strlen(line.prompt) < COLUMNS - 1)
		console_write(&c, 1);
	else
		show_line();
}

static void erase(size_t from, size_t to)
{
	if (from >= to)
		return;
	memmove(line.text + from, line.text + to, line.length - to);
	line.length -= to - from;
	line.cursor = from;
	show_line();
}

static void move(size_t cursor)
{
	line.cursor = cursor;
	show_line();
}

static size_t word_start(void)
{
	size_t start = line.cursor;

	while (start && line.text[start - 1] == ' ')
		start--;
	while (start && line.text[start - 1] != ' ')
		start--;
	return start;
}

static void swap_last_two(void)
{
	size_t second = min(line.cursor, line.length - 1);
	char c;

	if (line.length < 2 || !line.cursor)
		return;
	c = line.text[second];
	line.text[second] = line.text[second - 1];
	line.text[second - 1] = c;
	move(second + 1);
}

static void set_line(const char *text)
{
	line.length = min(strlen(text), (size_t)LINE_MAX - 1);
	memcpy(line.text, text, line.length);
	move(line.length);
}

/* ---- history --------------------------------------------------------------------------------- */

const char *history_line(unsigned int n)
{
	unsigned int oldest = entered > HISTORY_MAX ? entered - HISTORY_MAX : 0;

	return n < entered - oldest ? history[(oldest + n) % HISTORY_MAX] : NULL;
}

static void remember(void)
{
	const char *last = entered ? history[(entered - 1) % HISTORY_MAX] : "";

	if (line.length && strcmp(last, line.text) != 0)
		memcpy(history[entered++ % HISTORY_MAX], line.text, line.length + 1);
}

/* `back` lines ago; the line that was being written is kept for the way back. */
static void recall(unsigned int back)
{
	if (back > min(entered, (unsigned int)HISTORY_MAX)) {
		beep();
		return;
	}
	line.text[line.length] = '\0';
	if (!line.back)
		memcpy(line.kept, line.text, line.length + 1);
	line.back = back;
	set_line(back ? history[(entered - back) % HISTORY_MAX] : line.kept);
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* The second tab in a row lists the choices. */
static void complete(bool again)
{
	unsigned int choices = 0;
	size_t added;

	if (line.cursor != line.length) {
		beep();
		return;
	}
	if (again)
		put("\r\n");
	line.text[line.length] = '\0';
	added = complete_line(line.text, line.length, LINE_MAX - 1 - line.length, again, &choices);
	line.length += added;
	line.cursor = line.length;
	if (!added && !again)
		beep();
	show_line();
}

static void press_letter_of_escape(char letter)
{
	switch (letter) {
	case 'A':
		recall(line.back + 1);
		break;
	case 'B':
		if (line.back)
			recall(line.back - 1);
		break;
	case 'C':
		move(min(line.cursor + 1, line.length));
		break;
	case 'D':
		move(line.cursor ? line.cursor - 1 : 0);
		break;
	case 'H':
		move(0);
		break;
	case 'F':
		move(line.length);
		break;
	}
}

/* ESC [ NUMBER ~ */
static void press_number_of_escape(char number)
{
	if (number == '1' || number == '7')
		move(0);
	else if (number == '4' || number == '8')
		move(line.length);
	else if (number == '3' && line.cursor < line.length)
		erase(line.cursor, line.cursor + 1);
}

/* A sequence byte by byte, up to its final one (ECMA-48, 5.4); a long one means nothing here. */
static void continue_escape(char c)
{
	bool opens = line.escape_length == 1 && (c == '[' || c == 'O');
	bool final = c >= '@' && c <= '~' && !opens;

	if (line.escape_length < sizeof(line.escape))
		line.escape[line.escape_length++] = c;
	if (opens || (!final && line.escape_length > 1 && c >= ' '))
		return;
	if (final && line.escape_length == 3)
		press_letter_of_escape(c);
	else if (c == '~' && line.escape_length == 4)
		press_number_of_escape(line.escape[2]);
	line.escape_length = 0;
}

static void press_control(int key)
{
	switch (key) {
	case CONTROL('A'):
		move(0);
		break;
	case CONTROL('E'):
		move(line.length);
		break;
	case CONTROL('B'):
		press_letter_of_escape('D');
		break;
	case CONTROL('F'):
		press_letter_of_escape('C');
		break;
	case CONTROL('P'):
		press_letter_of_escape('A');
		break;
	case CONTROL('N'):
		press_letter_of_escape('B');
		break;
	case CONTROL('U'):
		erase(0, line.cursor);
		break;
	case CONTROL('K'):
		line.length = line.cursor;
		show_line();
		break;
	case CONTROL('W'):
		erase(word_start(), line.cursor);
		break;
	case CONTROL('T'):
		swap_last_two();
		break;
	case CONTROL('L'):
		put("\x1b[H\x1b[2J");
		show_line();
		break;
	case CONTROL('H'):
	case DELETE:
		if (line.cursor)
			erase(line.cursor - 1, line.cursor);
		break;
	case CONTROL('D'):
		if (line.cursor < line.length)
			erase(line.cursor, line.cursor + 1);
		break;
	default:
		beep();
	}
}

static void start_line(const char *prompt)
{
	line.length = line.cursor = line.escape_length = 0;
	line.back = 0;
	line.tab = false;
	line.prompt = prompt;
	put(prompt);
}

/* A key that does not end the line. */
static void press(int key)
{
	bool again = line.tab;

	line.tab = false;
	if (line.escape_length) {
		continue_escape((char)key);
	} else if (key == ESCAPE) {
		line.escape[line.escape_length++] = ESCAPE;
	} else if (key == '\t') {
		line.tab = true;
		complete(again);
	} else if (key == CONTROL('C')) {
		put("^C\n");
		start_line(line.prompt);
	} else if (key >= ' ' && key < DELETE) {
		insert((char)key);
	} else {
		press_control(key);
	}
}

/* Enter sends a CR, a pipe has LFs, some send both: then they are one. */
static bool ends_line(int key)
{
	bool second = key == '\n' && line.after_cr;

	line.after_cr = key == '\r';
	return !second && (key == '\r' || key == '\n');
}

char *read_line(const char *prompt)
{
	int key;

	start_line(prompt);
	for (;;) {
		key = read_key();
		if (key < 0 || (key == CONTROL('D') && !line.length)) {
			put("\n");
			return NULL;
		}
		if (ends_line(key))
			break;
		if (key != '\n')
			press(key);
	}
	line.text[line.length] = '\0';
	put("\n");
	remember();
	return line.text;
}
