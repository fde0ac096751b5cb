/* SPDX-License-Identifier: MIT */
/* What a tab does: names of commands, then of what the command is about. */
#include "apps/shell/shell.h"
#include "drivers/block/block.h"
#include "drivers/pci/pci.h"
#include "drivers/virtio/virtio.h"
#include "kernel/printk.h"
#include "kernel/string.h"

struct matching {
	const char *prefix;
	size_t length;
	char common[80]; /* what all of them begin with */
	unsigned int count;
	bool list;
};

static void consider(const char *word, void *data)
{
	struct matching *matching = data;
	size_t same = 0;

	if (strncmp(word, matching->prefix, matching->length) != 0)
		return;
	if (matching->list)
		printk("%s%s", matching->count ? "  " : "", word);
	if (!matching->count++) {
		snprintf(matching->common, sizeof(matching->common), "%s", word);
		return;
	}
	while (matching->common[same] && matching->common[same] == word[same])
		same++;
	matching->common[same] = '\0';
}

static void consider_command(const struct command *command, void *data)
{
	consider(command->name, data);
}

struct visit {
	void (*function)(const char *word, void *data);
	void *data;
};

static int visit_device(struct device *device, void *data)
{
	const struct visit *visit = data;

	visit->function(dev_name(device), visit->data);
	return 0;
}

static void visit_command(const struct command *command, void *data)
{
	const struct visit *visit = data;

	visit->function(command->name, visit->data);
}

void for_each_word(const struct command *command, void (*function)(const char *word, void *data),
		   void *data)
{
	struct visit visit = { function, data };
	const char *const *word = command->words;
	struct block_device *disk;

	switch (command->completion) {
	case COMPLETE_COMMAND:
		for_each_command(visit_command, &visit);
		break;
	case COMPLETE_VIRTIO:
		bus_for_each_dev(&virtio_bus_type, &visit, visit_device);
		break;
	case COMPLETE_PCI:
		bus_for_each_dev(&pci_bus_type, &visit, visit_device);
		break;
	case COMPLETE_DISK:
		for (unsigned int i = 0; (disk = block_device_get(i)); i++)
			function(disk->name, data);
		break;
	case COMPLETE_WORDS:
		while (*word)
			function(*word++, data);
		break;
	case COMPLETE_NOTHING:
		break;
	}
}

/* Where the command begins that the cursor is in, and the word. */
static size_t find_start(const char *text, size_t length, char separator)
{
	while (length && text[length - 1] != separator)
		length--;
	while (text[length] == ' ')
		length++;
	return length;
}

static void match(struct matching *matching, const char *text, size_t command, size_t word)
{
	char name[32];
	size_t length = 0;
	const struct command *found;

	if (command >= word) {
		for_each_command(consider_command, matching);
		return;
	}
	while (text[command + length] != ' ' && length < sizeof(name) - 1)
		length++;
	memcpy(name, text + command, length);
	name[length] = '\0';
	found = find_command(name);
	if (found)
		for_each_word(found, consider, matching);
}

size_t complete_line(char *text, size_t length, size_t room, bool list, unsigned int *choices)
{
	size_t command = min(find_start(text, length, ';'), length);
	size_t word = length;
	struct matching matching = { .list = list };
	size_t added;

	while (word > command && text[word - 1] != ' ')
		word--;
	matching.prefix = text + word;
	matching.length = length - word;
	match(&matching, text, command, word);
	*choices = matching.count;
	if (list)
		printk("%s\n", matching.count ? "" : "(no match)");
	if (!matching.count)
		return 0;
	added = min(strlen(matching.common) - matching.length, room);
	memcpy(text + length, matching.common + matching.length, added);
	if (matching.count == 1 && added < room)
		text[length + added++] = ' ';
	return added;
}
