// SPDX-License-Identifier: MIT
/* The backtrace. All of this also has to run when much else is broken. */
#include "kernel/panic.h"

#include "kernel/image.h"
#include "kernel/irq.h"
#include "kernel/ksyms.h"
#include "kernel/printk.h"
#include "kernel/stack.h"
#include "kernel/traps.h"

#define BACKTRACE_MAX 24

extern const char trap_return[]; /* where trap_dispatch returns to, in kernel/vectors.S */

/* The lines so far. Recursive calls, as in a stack overflow, are one line. */
struct trace {
	unsigned int printed, repeated;
	u64 last;
};

static void print_trace_address(u64 address, bool is_return)
{
	u64 back = is_return; /* the call may be the last instruction of its function */
	struct ksym symbol;

	if (ksyms_lookup(address - back, &symbol))
		printk("  [<%016llx>] %s+0x%llx/0x%llx\n", address, symbol.name,
		       symbol.offset + back, symbol.size);
	else
		printk("  [<%016llx>] ?\n", address);
}

static void print_repeated_frame(struct trace *trace)
{
	if (trace->repeated)
		printk("  the last line repeats %u more times\n", trace->repeated);
	trace->repeated = 0;
}

static void trace_return(struct trace *trace, u64 address)
{
	if (trace->printed && address == trace->last) {
		trace->repeated++;
		return;
	}
	print_repeated_frame(trace);
	trace->last = address;
	trace->printed++;
	print_trace_address(address, true);
}

/* ---- callers without a frame, or no longer with one ----------------------------------------- */

#define OPCODE_RET 0xc3
#define PROLOGUE_MAX 24

/* True if the bytes before `address` are a call of `function`, or one through a pointer. */
static bool follows_call(u64 address, u64 function)
{
	const u8 *code = (const u8 *)(uintptr_t)address;
	u32 displacement = code[-4] | code[-3] << 8 | code[-2] << 16 | (u32)code[-1] << 24;

	if (code[-5] == 0xe8) /* Intel SDM 2A, CALL */
		return address + (u64)(int64_t)(int32_t)displacement == function;
	return code[-2] == 0xff || code[-3] == 0xff || code[-6] == 0xff || code[-7] == 0xff;
}

/* Returns the bytes from the start of a function to the end of its `mov %rsp, %rbp`, or 0 if that
 * is not near the start. */
static u64 prologue_size(const struct ksym *symbol, u64 function)
{
	static const u8 make_frame[] = { 0x48, 0x89, 0xe5 };
	const u8 *code = (const u8 *)(uintptr_t)function;

	for (u64 i = 0; i + 3 <= min(symbol->size, (u64)PROLOGUE_MAX); i++)
		if (code[i] == make_frame[0] && code[i + 1] == make_frame[1] &&
		    code[i + 2] == make_frame[2])
			return i + 3;
	return 0;
}

/* Returns the word at `address` if that is on a known stack and the word is an address of our code,
 * else 0. */
static u64 return_address_at(u64 address)
{
	struct ksym symbol;
	u64 value;

	if (!IS_ALIGNED(address, 8) || !stack_find(address, 8))
		return 0;
	value = *(const u64 *)(uintptr_t)address;
	return ksyms_lookup(value - 1, &symbol) && value - (uintptr_t)image_start >= 8 ? value : 0;
}

/*
 * Returns the caller that the chain of frames does not show, or 0. The return address is still on
 * top of the stack after a call to a bad address, at the start of a function, and at its end. It is
 * below the saved %rbp between the two instructions that make the frame.
 */
static u64 find_frameless_caller(const struct trap_frame *frame)
{
	u64 top = return_address_at(frame->rsp), function, prologue;
	struct ksym symbol;

	if (!ksyms_lookup(frame->rip, &symbol))
		return top;
	function = frame->rip - symbol.offset;
	if (!symbol.offset || *(const u8 *)(uintptr_t)frame->rip == OPCODE_RET)
		return top;
	prologue = prologue_size(&symbol, function);
	if (prologue && symbol.offset >= prologue)
		return 0;
	if (top && follows_call(top, function))
		return top;
	top = return_address_at(frame->rsp + 8);
	return top && follows_call(top, function) ? top : 0;
}

/* ---- the chain ------------------------------------------------------------------------------ */

/* Checks a frame: the caller's frame pointer, followed by the return address. */
static const u64 *checked_frame(u64 pointer)
{
	if (!IS_ALIGNED(pointer, 8) || !stack_find(pointer, 16))
		return NULL;
	return (const u64 *)(uintptr_t)pointer;
}

/* Returns the caller's frame. Within a stack, it must lie higher up. */
static const u64 *next_frame(const u64 *frame)
{
	const u64 *next = checked_frame(frame[0]);

	if (next <= frame || stack_find((uintptr_t)next, 16) != stack_find((uintptr_t)frame, 16))
		return NULL;
	return next;
}

static void trace_trap(struct trace *trace, const struct trap_frame *frame)
{
	u64 caller = find_frameless_caller(frame);

	print_repeated_frame(trace);
	print_trace_address(frame->rip, false);
	trace->printed++;
	if (caller)
		trace_return(trace, caller);
}

/* Returns the interrupted context if the entry code called this frame's function, else NULL. */
static const struct trap_frame *interrupted_frame(const u64 *frame)
{
	const struct trap_frame *trap = (const struct trap_frame *)(frame + 2);

	if (frame[1] != (uintptr_t)trap_return || !stack_find((uintptr_t)trap, sizeof(*trap)))
		return NULL;
	return trap;
}

static void print_interruption(const struct trap_frame *trap)
{
	const char *name = irq_name((int)trap->vector);

	printk("  vector 0x%llx%s%s, which interrupted:\n", trap->vector, name ? " of " : "",
	       name ? name : "");
}

static void walk_stack(struct trace *trace, const u64 *frame)
{
	const struct trap_frame *trap;

	while (frame && trace->printed < BACKTRACE_MAX) {
		trap = interrupted_frame(frame);
		trace_return(trace, frame[1]);
		if (!trap) {
			frame = next_frame(frame);
			continue;
		}
		print_repeated_frame(trace);
		print_interruption(trap);
		trace_trap(trace, trap);
		frame = checked_frame(trap->rbp);
	}
	print_repeated_frame(trace);
	if (frame)
		printk("  ... and further callers\n");
}

void dump_stack_from(const u64 *frame_pointer)
{
	struct trace trace = { 0 };

	walk_stack(&trace, checked_frame((uintptr_t)frame_pointer));
}

void dump_stack_of_trap(const struct trap_frame *frame)
{
	struct trace trace = { 0 };

	trace_trap(&trace, frame);
	walk_stack(&trace, checked_frame(frame->rbp));
}
