// SPDX-License-Identifier: MIT
/*
 * Breaks something on purpose, to see the panic that answers: the first argument says what.
 * Returns 2 for a kind it does not know, after a list of those it does.
 */
#include "kernel/bootinfo.h"
#include "kernel/memory.h"
#include "kernel/paging.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/string.h"

static const char constant[] = "constant";
static u8 data[16] = { 0xc3 }; /* a `ret`, were it executable */
static bool describer_breaks;

/* Hides from the compiler where a pointer points, so that it cannot refuse or reorder the crash. */
static void *hide(const volatile void *pointer)
{
	void *hidden = (void *)(uintptr_t)pointer;

	__asm__ volatile("" : "+r"(hidden) : : "memory");
	return hidden;
}

static void read_null(void)
{
	(void)*(volatile u32 *)hide(NULL);
}

static void call_null(void)
{
	((void (*)(void))hide(NULL))();
	__asm__ volatile(""); /* no tail call: the caller stays on the stack */
}

static void run_data(void)
{
	((void (*)(void))hide(data))();
	__asm__ volatile("");
}

static void write_text(void)
{
	*(volatile u8 *)hide((const void *)(uintptr_t)write_text) = 0;
}

static void write_rodata(void)
{
	*(volatile char *)hide(constant) = 'C';
}

static void read_hole(void)
{
	(void)*(volatile u32 *)hide((const void *)0xd0000000UL);
}

/* Each call uses some stack; the end is hidden, so that the compiler accepts there is none. */
static u64 recurse(u64 depth)
{
	volatile u64 here[8];

	here[depth % ARRAY_SIZE(here)] = depth;
	if (hide(NULL))
		return 0;
	return recurse(depth + here[depth % ARRAY_SIZE(here)]) + here[0];
}

static void stack_overflow(void)
{
	recurse(1);
}

static void invalid_opcode(void)
{
	__asm__ volatile("ud2");
}

static void divide_by_zero(void)
{
	__asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0));
}

static void non_canonical(void)
{
	(void)*(volatile u32 *)hide((const void *)0x8000000000000000UL);
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void own_panic(void)
{
	panic("crash was asked for it");
}

static void bug(void)
{
	BUG_ON(sizeof(data) == 16);
}

static void double_panic(void)
{
	describer_breaks = true;
	read_null();
}

/* The length is hidden, or the compiler would refuse. */
static void smash_stack(void)
{
	char local[16];

	memset(local, 'x', sizeof(local) + 32 + (uintptr_t)hide(NULL));
	hide(local);
}

static void audit_pages(void)
{
	struct paging_audit audit;

	paging_audit(&audit);
	printk("crash: %llu pages: %llu writable and executable, %llu open to user mode\n",
	       audit.pages, audit.write_execute, audit.user);
}

static void free_twice(void)
{
	void *object = kzalloc(100);

	kfree(object);
	kfree(object);
}

static bool breaking_describer(u64 address, char *text, size_t size)
{
	if (!describer_breaks)
		return false;
	*(volatile u32 *)hide(NULL) = 0;
	snprintf(text, size, "0x%llx", address);
	return true;
}
describe_addresses(breaking_describer);

/* Reads where the second word says, in hexadecimal: a BAR that nobody mapped, say. */
static u64 read_address;

static void read_there(void)
{
	(void)*(volatile u32 *)hide((const void *)read_address);
}

static u64 parse_hex(const char *text)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;
	u64 value = 0;

	if (!strncmp(text, "0x", 2))
		text += 2;
	for (; *text && (digit = strchr(digits, *text)); text++)
		value = value << 4 | (u64)(digit - digits);
	return value;
}

static const struct {
	const char *name;
	void (*run)(void);
} kinds[] = {
	{ "null-read", read_null },	  { "null-call", call_null },
	{ "exec-data", run_data },	  { "write-text", write_text },
	{ "write-rodata", write_rodata }, { "unmapped", read_hole },
	{ "read", read_there },		  { "stack", stack_overflow },
	{ "ud", invalid_opcode },	  { "de", divide_by_zero },
	{ "gp", non_canonical },	  { "int3", breakpoint },
	{ "panic", own_panic },		  { "bug", bug },
	{ "double-panic", double_panic }, { "double-free", free_twice },
	{ "stack-smash", smash_stack },	  { "audit", audit_pages },
};

int main(int argc, char **argv)
{
	unsigned int i;

	read_address = argc > 2 ? parse_hex(argv[2]) : 0;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (argc > 1 && !strcmp(argv[1], kinds[i].name)) {
			kinds[i].run();
			printk("crash: %s did no harm\n", argv[1]);
			return 1;
		}
	}
	printk("crash: what to break is one of:");
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		printk(" %s", kinds[i].name);
	printk("\n");
	return 2;
}
