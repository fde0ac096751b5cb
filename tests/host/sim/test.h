/* SPDX-License-Identifier: MIT */
/*
 * A test is TEST(name) { ... } with CHECKs in it; the first that does not hold ends the test. Each
 * runs in a process of its own, so a crash, a hang or what one leaves behind touches no other.
 */
#ifndef TESTS_HOST_TEST_H
#define TESTS_HOST_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
	const char *name;
	const char *file;
	void (*run)(void);
	struct test *next;
};

void test_register(struct test *test);

__attribute__((noreturn, format(printf, 3, 4))) void test_failed(const char *file, int line,
								 const char *format, ...);

#define TEST(test_name)                                                              \
	static void test_name(void);                                                 \
	__attribute__((constructor)) static void register_##test_name(void)          \
	{                                                                            \
		static struct test test = { #test_name, __FILE__, test_name, NULL }; \
		test_register(&test);                                                \
	}                                                                            \
	static void test_name(void)

#define FAIL(...) test_failed(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(condition)                        \
	do {                                    \
		if (!(condition))               \
			FAIL("%s", #condition); \
	} while (0)

/* Compares as integers of 64 bits and shows both sides. */
#define CHECK_EQ(is, wanted)                                                                  \
	do {                                                                                  \
		long long is_ = (long long)(is), wanted_ = (long long)(wanted);               \
		if (is_ != wanted_)                                                           \
			FAIL("%s is %lld (0x%llx), wanted %s = %lld (0x%llx)", #is, is_, is_, \
			     #wanted, wanted_, wanted_);                                      \
	} while (0)

#define CHECK_STR(is, wanted)                                                   \
	do {                                                                    \
		const char *is_ = (is), *wanted_ = (wanted);                    \
		if (strcmp(is_, wanted_) != 0)                                  \
			FAIL("%s is \"%s\", wanted \"%s\"", #is, is_, wanted_); \
	} while (0)

#endif
