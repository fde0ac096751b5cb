// SPDX-License-Identifier: MIT
/* apps/httpd/request.c: what is a request, what is more to come, and what is refused. */
#include "test.h"

#include "apps/httpd/request.h"

static struct http_request request;

static int parse(const char *text)
{
	return http_parse(text, strlen(text), &request);
}

#define HOST "Host: x\r\n"
#define GET(path, fields) "GET " path " HTTP/1.1\r\n" HOST fields "\r\n"

TEST(httpd_a_plain_request)
{
	static const char text[] = GET("/files/a%20b.txt?x=1", "Accept: */*\r\n");

	CHECK_EQ(parse(text), sizeof(text) - 1);
	CHECK_EQ(request.method, HTTP_GET);
	CHECK_STR(request.path, "/files/a b.txt");
	CHECK(request.keep_alive);
	CHECK_EQ(request.body, 0);
	CHECK_EQ(request.range, HTTP_RANGE_NONE);
}

/* Also one that comes byte by byte, and only its own bytes are taken. */
TEST(httpd_a_request_is_whole_with_its_last_byte)
{
	static const char text[] = "\r\nHEAD / HTTP/1.0\r\nA: b\r\n\r\nGET /next";
	size_t whole = strlen(text) - strlen("GET /next");

	for (size_t i = 0; i < whole; i++)
		CHECK_EQ(http_parse(text, i, &request), 0);
	CHECK_EQ(http_parse(text, whole, &request), whole);
	CHECK_EQ(http_parse(text, strlen(text), &request), whole);
	CHECK_EQ(request.method, HTTP_HEAD);
	CHECK(!request.keep_alive);
}

TEST(httpd_lines_may_end_with_lf_alone)
{
	CHECK(parse("GET / HTTP/1.1\nHost: x\n\n") > 0);
}

TEST(httpd_connection_says_whether_it_stays)
{
	CHECK(parse(GET("/", "Connection: foo , CLOSE\r\n")) > 0);
	CHECK(!request.keep_alive);
	CHECK(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n") > 0);
	CHECK(request.keep_alive);
}

TEST(httpd_the_whole_address_as_target)
{
	CHECK(parse(GET("http://machine:80/a?b", "")) > 0);
	CHECK_STR(request.path, "/a");
	CHECK(parse(GET("HTTP://machine", "")) > 0);
	CHECK_STR(request.path, "/");
}

TEST(httpd_what_makes_no_sense_is_400)
{
	static const char *const wrong[] = {
		"GET\r\n\r\n",
		"GET /\r\n\r\n",
		" GET / HTTP/1.1\r\n\r\n",
		"GET  / HTTP/1.1\r\n" HOST "\r\n",
		"GET / HTTP/1.1 \r\n" HOST "\r\n",
		"GET / http/1.1\r\n" HOST "\r\n",
		"G\x01T / HTTP/1.1\r\n" HOST "\r\n",
		"GET x HTTP/1.1\r\n" HOST "\r\n",
		"GET * HTTP/1.1\r\n" HOST "\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\n" HOST HOST "\r\n",
		GET("/", "Name : x\r\n"),
		GET("/", ": x\r\n"),
		GET("/", "no colon\r\n"),
		GET("/", "A: b\r\n folded\r\n"),
		GET("/", "A: \x01\r\n"),
		GET("/", "A: b\rc\r\n"),
		GET("/", "Content-Length: -1\r\n"),
		GET("/", "Content-Length: 1, 1\r\n"),
		GET("/", "Content-Length: 1\r\nContent-Length: 1\r\n"),
		GET("/", "Content-Length: 99999999999999999999999\r\n"),
		GET("/", "Content-Length:\r\n"),
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (parse(wrong[i]) != -400)
			FAIL("%s gives %d", wrong[i], parse(wrong[i]));
}

TEST(httpd_paths_that_climb_or_hide_something_are_400)
{
	static const char *const wrong[] = {
		GET("/..", ""),
		GET("/../x", ""),
		GET("/files/../../etc", ""),
		GET("/files/%2e%2e/x", ""),
		GET("/files/.%2E/", ""),
		GET("/./x", ""),
		GET("/a/.", ""),
		GET("/%00", ""),
		GET("/a%0", ""),
		GET("/a%", ""),
		GET("/a%g0", ""),
		GET("/a%2f..%2fb", ""),
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (parse(wrong[i]) != -400)
			FAIL("%s gives %d", wrong[i], parse(wrong[i]));
	CHECK(parse(GET("/...", "")) > 0);
	CHECK(parse(GET("/a..b/.c/..d", "")) > 0);
}

TEST(httpd_other_statuses)
{
	CHECK_EQ(parse("POST / HTTP/1.1\r\n" HOST "\r\n"), -405);
	CHECK_EQ(parse("get / HTTP/1.1\r\n" HOST "\r\n"), -501);
	CHECK_EQ(parse(GET("/", "Transfer-Encoding: chunked\r\n")), -501);
	CHECK_EQ(parse("GET / HTTP/2.0\r\n\r\n"), -505);
	CHECK_EQ(parse(GET("/", "Content-Length: 65537\r\n")), -413);
	CHECK(parse(GET("/", "Content-Length: 65536\r\n")) > 0);
	CHECK_EQ(request.body, 65536);
}

TEST(httpd_a_head_without_end_is_refused)
{
	static char text[HTTP_HEAD_MAX + 100];
	size_t length = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "A: ");

	memset(text + length, 'a', sizeof(text) - length);
	CHECK_EQ(http_parse(text, HTTP_HEAD_MAX - 1, &request), 0);
	CHECK_EQ(http_parse(text, HTTP_HEAD_MAX, &request), -431);
	CHECK_EQ(http_parse(text, sizeof(text), &request), -431);
	memset(text, 'a', sizeof(text));
	memcpy(text, "GET /", 5);
	CHECK_EQ(http_parse(text, HTTP_TARGET_MAX + 100, &request), -414);
	memcpy(text + HTTP_TARGET_MAX + 10, " HTTP/1.1\r\n", 11);
	CHECK_EQ(http_parse(text, HTTP_TARGET_MAX + 30, &request), -414);
}

static bool range(const char *text, u64 size, u64 *first, u64 *count)
{
	char whole[200];

	snprintf(whole, sizeof(whole), GET("/", "Range: %s\r\n"), text);
	CHECK(parse(whole) > 0);
	return http_range_of(&request, size, first, count);
}

TEST(httpd_ranges)
{
	static const struct {
		const char *text;
		bool there;
		u64 first, count;
	} cases[] = {
		{ "bytes=0-0", true, 0, 1 },
		{ "bytes=5-", true, 5, 95 },
		{ "bytes=-10", true, 90, 10 },
		{ "bytes=-1000", true, 0, 100 },
		{ "bytes=90-200", true, 90, 10 },
		{ "bytes=100-", false, 0, 0 },
		{ "bytes=-0", false, 0, 0 },
		{ "bytes=5-4", true, 0, 100 },
		{ "bytes=1-2,4-5", true, 0, 100 },
		{ "lines=1-2", true, 0, 100 },
		{ "bytes=", true, 0, 100 },
		{ "bytes=-", true, 0, 100 },
		{ "bytes=0-18446744073709551615", true, 0, 100 },
	};
	u64 first, count;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool there = range(cases[i].text, 100, &first, &count);

		if (there != cases[i].there ||
		    (there && (first != cases[i].first || count != cases[i].count)))
			FAIL("%s: %d, %llu from %llu", cases[i].text, there, count, first);
	}
	CHECK(!range("bytes=0-", 0, &first, &count));
	CHECK(!range("bytes=-5", 0, &first, &count));
}

/* Whatever comes, the answer is a length, "more" or a status, and the sanitizers have no word. */
TEST(httpd_damaged_requests)
{
	static const char text[] =
		GET("http://host/files/%41?b", "Range: bytes=1-2\r\n"
					       "Content-Length: 7\r\nConnection: close, x\r\n");
	char copy[sizeof(text)];

	srand(1);
	for (unsigned int i = 0; i < 200000; i++) {
		size_t length = sizeof(text) - 1 - (i % 3 ? 0 : (size_t)rand() % sizeof(text));
		int result;

		memcpy(copy, text, sizeof(text));
		for (int edits = rand() % 4; edits >= 0; edits--)
			copy[(size_t)rand() % (sizeof(text) - 1)] = "\r\n :/%.?-0\xff"[rand() % 11];
		result = http_parse(copy, length, &request);
		CHECK(result <= (int)length && result > -600);
		CHECK(result >= 0 || result <= -400);
		CHECK(result <= 0 || request.path[0] == '/');
	}
}
