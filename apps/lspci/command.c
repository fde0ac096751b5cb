/* SPDX-License-Identifier: MIT */
/*
 * lspci: the PCI functions of this machine, in the words and with the options of pciutils.
 *
 *     make run APP=lspci CMDLINE='-nn'
 *     make run APP=lspci CMDLINE='-vv -s 00:04.0'
 *     make run APP=lspci CMDLINE='-nn ; -t ; -xxx'
 *
 * A word ";" ends a listing and starts another one with options of its own.
 */
#include <linux/errno.h>

#include "apps/lspci/lspci.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define ANY (-1)

struct listing listing;

static const char usage[] =
	"lspci: options: -n -nn (numbers), -v -vv -vvv (more), -k (drivers), -x -xxx (dump)\n"
	"lspci: -t (tree), -D (domains), -i FILE (ignored: there are no files here)\n"
	"lspci: -s [[[[domain]:]bus]:][slot][.[func]], -d [vendor]:[device][:class]\n"
	"lspci: a word \";\" starts another listing\n";

/* ---- options --------------------------------------------------------------------------------- */

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A hexadecimal field of `length` characters; empty and "*" leave the value alone. */
static bool parse_field(const char *text, size_t length, int most, int *value)
{
	int number = 0;

	if (!length || (length == 1 && *text == '*'))
		return true;
	for (size_t i = 0; i < length; i++) {
		int digit = digit_value(text[i]);

		if (digit < 0)
			return false;
		number = number << 4 | digit;
		if (number > most)
			return false;
	}
	*value = number;
	return true;
}

/* Cuts `text` at `separator` into up to three fields; returns their number, 0 for too many. */
static unsigned int split(const char *text, char separator, const char *fields[3],
			  size_t lengths[3])
{
	unsigned int count = 0;

	for (;; text++) {
		const char *start = text;

		if (count == 3)
			return 0;
		while (*text && *text != separator)
			text++;
		fields[count] = start;
		lengths[count++] = (size_t)(text - start);
		if (!*text)
			return count;
	}
}

/* [slot][.[func]]: without a point it is the slot. */
static bool parse_slot_function(const char *text, size_t length)
{
	size_t point = 0;

	while (point < length && text[point] != '.')
		point++;
	return parse_field(text, point, 0x1f, &listing.slot) &&
	       (point == length ||
		parse_field(text + point + 1, length - point - 1, 7, &listing.func));
}

/* [[[[domain]:]bus]:][slot][.[func]]: read from the right. */
static bool parse_slot(const char *text)
{
	const char *fields[3];
	size_t lengths[3];
	unsigned int count = split(text, ':', fields, lengths);

	if (!count || !parse_slot_function(fields[count - 1], lengths[count - 1]))
		return false;
	if (count > 1 && !parse_field(fields[count - 2], lengths[count - 2], 0xff, &listing.bus))
		return false;
	return count < 3 || parse_field(fields[0], lengths[0], 0xffff, &listing.domain);
}

/* [vendor]:[device][:class] */
static bool parse_ids(const char *text)
{
	const char *fields[3];
	size_t lengths[3];
	unsigned int count = split(text, ':', fields, lengths);

	return count >= 2 && parse_field(fields[0], lengths[0], 0xffff, &listing.vendor) &&
	       parse_field(fields[1], lengths[1], 0xffff, &listing.device) &&
	       (count < 3 || parse_field(fields[2], lengths[2], 0xffff, &listing.class));
}

static bool parse_letter(char letter)
{
	switch (letter) {
	case 'n':
		listing.numeric++;
		return true;
	case 'v':
		listing.verbose++;
		return true;
	case 'x':
		listing.hex++;
		return true;
	case 't':
		return listing.tree = true;
	case 'k':
		return listing.drivers = true;
	case 'D':
		return listing.domains = true;
	default:
		return false;
	}
}

static bool parse_value(char letter, const char *value)
{
	if (letter == 's')
		return parse_slot(value);
	if (letter == 'd')
		return parse_ids(value);
	return listing.nameless = true;
}

/* One word of letters, such as -nnvv or -s00:04.0; takes the next word too where a letter wants a
 * value and the word has ended. Returns the words taken, 0 for one that makes no sense. */
static int parse_word(int count, char **words)
{
	const char *letter = words[0];

	if (*letter++ != '-' || !*letter)
		return 0;
	for (; *letter; letter++) {
		if (!strchr("sdi", *letter)) {
			if (!parse_letter(*letter))
				return 0;
			continue;
		}
		if (letter[1])
			return parse_value(*letter, letter + 1) ? 1 : 0;
		return count > 1 && parse_value(*letter, words[1]) ? 2 : 0;
	}
	return 1;
}

static bool parse_options(int count, char **words)
{
	listing = (struct listing){ .domain = ANY,
				    .bus = ANY,
				    .slot = ANY,
				    .func = ANY,
				    .vendor = ANY,
				    .device = ANY,
				    .class = ANY };
	for (int taken; count; count -= taken, words += taken) {
		taken = parse_word(count, words);
		if (!taken) {
			printk("lspci: %s: unknown option\n%s", words[0], usage);
			return false;
		}
	}
	return true;
}

/* ---- the list -------------------------------------------------------------------------------- */

static bool fits(int wanted, unsigned int value)
{
	return wanted == ANY || (unsigned int)wanted == value;
}

bool is_selected(const struct pci_dev *dev)
{
	return fits(listing.domain, 0) && fits(listing.bus, dev->bus->number) &&
	       fits(listing.slot, PCI_SLOT(dev->devfn)) &&
	       fits(listing.func, PCI_FUNC(dev->devfn)) && fits(listing.vendor, dev->vendor) &&
	       fits(listing.device, dev->device) && fits(listing.class, dev->class >> 8);
}

static void read_function(struct function *function, const struct pci_dev *dev)
{
	function->dev = dev;
	for (unsigned int i = 0; i < CONFIG_BYTES; i += 4) {
		u32 value;

		pci_read_config_dword(dev, i, &value);
		memcpy(&function->config[i], &value, sizeof(value));
	}
}

static int show_if_on_bus(struct device *device, void *data)
{
	const struct pci_dev *dev = to_pci_dev(device);
	const unsigned int *bus = data;
	static struct function function;

	if (dev->bus->number != *bus || !is_selected(dev))
		return 0;
	read_function(&function, dev);
	show_function(&function);
	return 0;
}

/* In the order of addresses; the scan went behind each bridge as it came. */
static void show_list(void)
{
	for (unsigned int bus = 0; bus < 256; bus++)
		bus_for_each_dev(&pci_bus_type, &bus, show_if_on_bus);
}

static int words_of_listing(int count, char **words)
{
	int length = 0;

	while (length < count && strcmp(words[length], ";"))
		length++;
	return length;
}

int lspci_main(int argc, char **argv)
{
	argc--;
	argv++;
	for (;;) {
		int words = words_of_listing(argc, argv);

		if (!parse_options(words, argv))
			return 1;
		if (listing.tree)
			show_tree();
		else
			show_list();
		if (words == argc)
			return 0;
		argc -= words + 1;
		argv += words + 1;
	}
}
