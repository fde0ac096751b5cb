/* SPDX-License-Identifier: MIT */
/*
 * From the loader to C. Both loaders start us in 32-bit protected mode with flat segments, paging
 * and interrupts off (multiboot2 3.3; Xen PVH boot ABI); %ebx is the physical address of what the
 * loader has to say. Leaves in long mode with the low 4 GiB identity-mapped, on the boot stack,
 * one CPU, interrupts off. Whatever is missing is said in one line on the serial port: without
 * tables for exceptions yet, anything else would be a silent reset.
 */
#include "boot/boot.h"

#define SERIAL 0x3f8
#define SERIAL_LSR (SERIAL + 5)
#define SERIAL_LSR_THRE 0x20
#define SERIAL_TRIES 100000
#define DEBUG_EXIT 0xf4
#define DEBUG_EXIT_STOP 0x13 /* EXIT_STOP of kernel/exit.h */

#define DATA_SEAL 0x5ea1da7a /* linker.ld puts it there */
#define CR0_PG_WP 0x80010000
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define EFER_NXE 0x800
#define CPUID_NX 20
#define CPUID_LM 29
#define EFLAGS_ID 0x200000
#define PAGE_LARGE_RW_P 0x83
#define PAGE_RW_P 0x3

	.section .boot.text, "ax"
	.code32

	.globl	multiboot2_entry
multiboot2_entry:
	cli
	cld
	movl	$BOOT_MULTIBOOT2, %ebp
	cmpl	$MULTIBOOT2_MAGIC, %eax
	je	check_memory
	jmp	bad_magic

	.globl	pvh_entry
pvh_entry:
	cli
	cld
	movl	$BOOT_PVH, %ebp
	cmpl	$PVH_MAGIC, (%ebx)
	je	check_memory
bad_magic:
	movl	$text_bad_magic, %esi
	jmp	stop

	/* The image's last word: a loader may have put the end of .bss where there is no RAM. And
	   that of .data: with little RAM the firmware works in what QEMU has loaded already. */
check_memory:
	movl	$text_no_room, %esi
	movl	$image_end - 4, %edi
	movl	$0x5a3cc3a5, (%edi)
	cmpl	$0x5a3cc3a5, (%edi)
	jne	stop
	cmpl	$DATA_SEAL, data_seal
	jne	stop

	/* And so .bss is zeroed here, whatever the loader has done. */
	movl	$bss_start, %edi
	movl	$image_end, %ecx
	subl	%edi, %ecx
	xorl	%eax, %eax
	rep stosb
	movl	$boot_stack_top, %esp

	/* Intel SDM 1, 20.1: CPUID exists when EFLAGS.ID can be changed. */
check_cpu:
	movl	$text_no_long_mode, %esi
	movl	%ebx, %edi
	pushfl
	popl	%eax
	movl	%eax, %ecx
	xorl	$EFLAGS_ID, %eax
	pushl	%eax
	popfl
	pushfl
	popl	%eax
	xorl	%ecx, %eax
	testl	$EFLAGS_ID, %eax
	jz	stop
	movl	$0x80000000, %eax
	cpuid
	cmpl	$0x80000001, %eax
	jb	stop
	movl	$0x80000001, %eax
	cpuid
	btl	$CPUID_LM, %edx
	jnc	stop
	movl	$EFER_LME, %esi
	btl	$CPUID_NX, %edx
	jnc	clock
	orl	$EFER_NXE, %esi

	/* Time counts from here (kernel/time.h). */
clock:
	rdtsc
	movl	%eax, boot_tsc
	movl	%edx, boot_tsc + 4
	movl	%esi, boot_efer

	/* 4 GiB of 2 MiB pages; paging_init replaces these tables by strict ones. */
page_tables:
	movl	$boot_pd, %ebx
	movl	$PAGE_LARGE_RW_P, %eax
	movl	$2048, %ecx
1:	movl	%eax, (%ebx)
	addl	$8, %ebx
	addl	$0x200000, %eax
	loop	1b
	movl	$boot_pd + PAGE_RW_P, boot_pdpt
	movl	$boot_pd + 0x1000 + PAGE_RW_P, boot_pdpt + 8
	movl	$boot_pd + 0x2000 + PAGE_RW_P, boot_pdpt + 16
	movl	$boot_pd + 0x3000 + PAGE_RW_P, boot_pdpt + 24
	movl	$boot_pdpt + PAGE_RW_P, boot_pml4

	/* Intel SDM 3A, 10.8.5: PAE, CR3, EFER.LME, then paging. */
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$boot_pml4, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	%esi, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$CR0_PG_WP, %eax
	movl	%eax, %cr0
	lgdt	boot_gdtr
	ljmp	$8, $long_mode

	.code64
long_mode:
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movq	$boot_stack_top, %rsp
	movl	%edi, %esi
	movl	%ebp, %edi
	xorl	%ebp, %ebp	/* backtraces end here */
	call	boot_start
1:	hlt
	jmp	1b

	/* Prints the line at %esi and leaves; needs no stack. */
	.code32
stop:
	movl	$serial_setup, %ebx
	movl	$SERIAL, %edx
1:	movb	(%ebx), %dl
	movb	1(%ebx), %al
	outb	%al, %dx
	addl	$2, %ebx
	cmpl	$serial_setup_end, %ebx
	jne	1b
next_byte:
	movl	$SERIAL_LSR, %edx
	movl	$SERIAL_TRIES, %ecx
1:	inb	%dx, %al
	testb	$SERIAL_LSR_THRE, %al
	jnz	2f
	loop	1b
2:	lodsb
	testb	%al, %al
	jz	leave
	movl	$SERIAL, %edx
	outb	%al, %dx
	jmp	next_byte
leave:
	movl	$DEBUG_EXIT_STOP, %eax
	outl	%eax, $DEBUG_EXIT
1:	hlt
	jmp	1b

	/* What `stop` reads is here and not with the constants, which may be damaged by then.
	   Low byte of the port, value: no interrupts, 115200 baud, 8N1, FIFO on, DTR and RTS. */
serial_setup:
	.byte	0xf9, 0x00, 0xfb, 0x80, 0xf8, 0x01, 0xf9, 0x00
	.byte	0xfb, 0x03, 0xfa, 0x07, 0xfc, 0x03
serial_setup_end:
#define STOP_LINE(text) .ascii "[    0.000000] Doorbell: stop: "; .ascii text; .asciz "\r\n"
text_bad_magic:
	STOP_LINE("bad loader magic: not multiboot2, nor PVH; or -append is over 4095 bytes")
text_no_room:
	STOP_LINE("the image does not fit in RAM")
text_no_long_mode:
	STOP_LINE("this CPU has no long mode (64 bits)")

	/* Accessed bits are set beforehand: the table is read-only. */
	.section .boot.rodata, "a"
	.balign	8
	.globl	boot_gdtr, boot_pml4
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
boot_gdtr:
	.short	boot_gdtr - boot_gdt - 1
	.long	boot_gdt

	.section .data.boot_tsc, "aw"
	.balign	8
	.globl	boot_tsc, boot_efer
boot_tsc:
	.quad	0
boot_efer:	/* bits to set, also on the other CPUs (boot/trampoline.S) */
	.long	0

	/* A guard page lies below the stack (kernel/stack.c names it, paging_init unmaps it). */
	.section .bss.boot, "aw", @nobits
	.balign	4096
boot_pml4:
	.skip	4096
boot_pdpt:
	.skip	4096
boot_pd:
	.skip	4 * 4096
	.globl	boot_stack_guard, boot_stack_top
boot_stack_guard:
	.skip	4096
	.skip	BOOT_STACK_SIZE
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
