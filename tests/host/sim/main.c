// SPDX-License-Identifier: MIT
/*
 * Runs the tests whose name or file holds one of the arguments, or all. Prints a line for each that
 * fails, with why and what the kernel had printed, and ends with "N passed, M failed".
 */
#include "test.h"

#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world.h"

#define SECONDS_MAX 30 /* of CPU time a test; the longest takes one to four */

static struct test *tests;

/* By file, then as they stand in it: what a reader sees top to bottom. */
void test_register(struct test *test)
{
	struct test **place = &tests;

	while (*place && strcmp((*place)->file, test->file) <= 0)
		place = &(*place)->next;
	test->next = *place;
	*place = test;
}

void test_failed(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	printf("%s:%d: ", file, line);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n%s%s", *world_log() ? "--- printed by the kernel:\n" : "", world_log());
	fflush(stdout);
	_exit(1);
}

static bool wanted(const struct test *test, int count, char **words)
{
	for (int i = 0; i < count; i++)
		if (strstr(test->name, words[i]) || strstr(test->file, words[i]))
			return true;
	return count == 0;
}

static void run_child(const struct test *test)
{
	const struct rlimit limit = { SECONDS_MAX, SECONDS_MAX + 1 };

	setrlimit(RLIMIT_CPU, &limit);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	test->run();
	fflush(stdout);
	_exit(0);
}

static bool run(const struct test *test)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		run_child(test);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	if (WIFSIGNALED(status))
		printf("%s: ended by signal %d%s\n", test->file, WTERMSIG(status),
		       WTERMSIG(status) == SIGXCPU ? " (it took too long)" : "");
	if (status != 0)
		printf("FAIL: %s\n", test->name);
	return status == 0;
}

int main(int count, char **words)
{
	unsigned int passed = 0, failed = 0;

	for (const struct test *test = tests; test; test = test->next) {
		if (!wanted(test, count - 1, words + 1))
			continue;
		if (run(test))
			passed++;
		else
			failed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
