/* SPDX-License-Identifier: MIT */
/*
 * shell: commands for a person at the console, or in a pipe, or on the command line:
 *
 *     make run APP=shell
 *     make run APP=shell CONSOLE=virtio
 *     make run APP=shell CMDLINE='lspci -nn ; mem'
 *     echo 'simple multiply 6 7' | make run APP=shell
 *
 * apps/shell/line.c reads a line, complete.c completes it; the commands are in tables in memory.c
 * and devices.c, and below.
 */
#include "apps/shell/shell.h"
#include "apps/lspci/lspci.h"
#include "apps/lsvirtio/lsvirtio.h"
#include "kernel/bootinfo.h"
#include "kernel/cmdline.h"
#include "kernel/console.h"
#include "kernel/device.h"
#include "kernel/exit.h"
#include "kernel/irq.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

static const struct command *const tables[] = { shell_commands, device_commands, memory_commands };

static bool leaving;
static int last_result;

/* ---- commands -------------------------------------------------------------------------------- */

static void print_command(const struct command *command, void *data)
{
	const char *wanted = data;
	char head[40];

	if (wanted && strcmp(wanted, command->name) != 0)
		return;
	snprintf(head, sizeof(head), "%s%s%s", command->name, *command->arguments ? " " : "",
		 command->arguments);
	printk("  %-32s %s\n", head, command->help);
}

static int run_help(int argc, char **argv)
{
	if (argc > 1 && !find_command(argv[1])) {
		printk("help: no command %s\n", argv[1]);
		return 1;
	}
	for_each_command(print_command, argc > 1 ? argv[1] : NULL);
	if (argc == 1)
		printk("  Tab completes, arrows recall, Ctrl-C drops the line, Ctrl-D exits.\n");
	return 0;
}

static int run_history(int argc, char **argv)
{
	const char *text;

	(void)argc;
	(void)argv;
	for (unsigned int i = 0; (text = history_line(i)); i++)
		printk("  %s\n", text);
	return 0;
}

static int run_echo(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printk("%s%s", i > 1 ? " " : "", argv[i]);
	printk("\n");
	return 0;
}

static int run_irqs(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	irq_print_table();
	return 0;
}

static int run_devices(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	device_print_tree();
	return 0;
}

static int run_uptime(int argc, char **argv)
{
	u64 usec = ktime_get_ns() / NSEC_PER_USEC;

	(void)argc;
	(void)argv;
	printk("up %llu.%06llu s, console %s\n", usec / 1000000, usec % 1000000, console_name());
	return 0;
}

void leave(int result)
{
	leaving = true;
	last_result = result;
}

static int run_exit(int argc, char **argv)
{
	u64 result = 0;

	if (argc > 1 && !parse_number("exit", argv[1], 255, &result))
		return 1;
	leave((int)result);
	return (int)result;
}

static int run_poweroff(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	machine_exit(EXIT_OK);
}

static int run_reboot(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printk("shell: reboot\n");
	machine_reboot();
}

const struct command shell_commands[] = {
	{ "help", run_help, "[COMMAND]", "lists the commands", COMPLETE_COMMAND, NULL },
	{ "lspci", lspci_main, "[OPTIONS]", "PCI functions, as lspci", COMPLETE_NOTHING, NULL },
	{ "lsvirtio", lsvirtio_main, "[DEVICE...]", "virtio devices", COMPLETE_VIRTIO, NULL },
	{ "devices", run_devices, "", "all devices as a tree, with drivers", COMPLETE_NOTHING,
	  NULL },
	{ "irqs", run_irqs, "", "interrupts so far, by source", COMPLETE_NOTHING, NULL },
	{ "uptime", run_uptime, "", "how long this has run", COMPLETE_NOTHING, NULL },
	{ "echo", run_echo, "[WORD...]", "prints its words", COMPLETE_NOTHING, NULL },
	{ "history", run_history, "", "the lines so far", COMPLETE_NOTHING, NULL },
	{ "reboot", run_reboot, "", "reboots the machine", COMPLETE_NOTHING, NULL },
	{ "poweroff", run_poweroff, "", "switches the machine off", COMPLETE_NOTHING, NULL },
	{ "exit", run_exit, "[RESULT]", "leaves the shell and ends the run", COMPLETE_NOTHING,
	  NULL },
	{},
};

void for_each_command(void (*function)(const struct command *command, void *data), void *data)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct command *command = tables[i]; command->name; command++)
			function(command, data);
}

const struct command *find_command(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct command *command = tables[i]; command->name; command++)
			if (!strcmp(command->name, name))
				return command;
	return NULL;
}

int usage(const char *name)
{
	const struct command *command = find_command(name);

	printk("%s: usage: %s %s\n", name, name, command ? command->arguments : "");
	return 1;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static int run_command(int argc, char **argv)
{
	const struct command *command = find_command(argv[0]);

	if (command)
		return command->run(argc, argv);
	printk("shell: no command %s; help lists them\n", argv[0]);
	return 1;
}

/* Each ";" among the words ends a command. */
static int run_words(int argc, char **argv)
{
	int result = 0;

	while (argc && !leaving) {
		int length = 0;

		while (length < argc && strcmp(argv[length], ";") != 0)
			length++;
		if (length) {
			char *end = argv[length];

			argv[length] = NULL;
			result = run_command(length, argv);
			argv[length] = end;
		}
		argv += min(length + 1, argc);
		argc -= min(length + 1, argc);
	}
	return result;
}

/* Puts spaces around each ";" outside of quotes, so that it is a word. */
static void part_commands(const char *from, char *to, size_t room)
{
	char quote = '\0';

	for (; *from && room > 3; from++) {
		bool separates = *from == ';' && !quote;

		if (*from == quote)
			quote = '\0';
		else if (!quote && (*from == '"' || *from == '\''))
			quote = *from;
		if (separates)
			*to++ = ' ';
		*to++ = *from;
		if (separates)
			*to++ = ' ';
		room -= separates ? 3 : 1;
	}
	*to = '\0';
}

int run_line(const char *text)
{
	static char parted[3 * LINE_MAX];
	char *words[WORDS_MAX + 1];

	part_commands(text, parted, sizeof(parted));
	return run_words(cmdline_split(parted, words, WORDS_MAX), words);
}

int main(int argc, char **argv)
{
	const char *read;

	printk_time(false);
	if (argc > 1)
		return run_words(argc - 1, argv + 1);
	printk("Doorbell's shell: help lists the commands, Ctrl-D or exit leaves\n");
	while (!leaving && (read = read_line("doorbell> ")))
		run_line(read);
	return last_result;
}
