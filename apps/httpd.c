// SPDX-License-Identifier: MIT
/*
 * httpd: a web server that shows the machine it runs on, live, and serves a tar archive's files.
 *
 *     make run APP=httpd                     then open the address that it prints
 *     make run APP=httpd HTTP_PORT=8081 DISK=site.tar
 *     make run APP=httpd CMDLINE=8080        another port inside the machine
 *
 * /             the machine as a page that keeps itself up to date
 * /status.json  the same as JSON
 * /files/       the archive that the first disk holds
 *
 * It runs until the machine is stopped. HTTP/1.1 (RFC 9110, 9112), without TLS.
 */
#include "apps/httpd/files.h"
#include "apps/httpd/server.h"
#include "kernel/bootinfo.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "net/net.h"

#define HTTP_PORT 80

/* A port from 1 to 65535, or 0 for a word that is none. */
static u16 parse_port(const char *word)
{
	u64 port;

	return kstrtou64(word, 10, &port) || port > UINT16_MAX ? 0 : (u16)port;
}

int main(int argc, char **argv)
{
	u16 port = argc > 1 ? parse_port(argv[1]) : HTTP_PORT;
	int err;

	if (!port || argc > 2) {
		printk("httpd: want at most one argument, a port from 1 to 65535\n");
		return 1;
	}
	if (net_init())
		return 1;
	files_init();
	err = server_listen(port);
	if (err) {
		printk("httpd: port %u cannot be opened: %d\n", port, err);
		return 1;
	}
	printk("httpd: serving on port %u\n", port);
	for (;;)
		net_poll(NSEC_PER_SEC);
}
