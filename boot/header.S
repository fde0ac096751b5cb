/* SPDX-License-Identifier: MIT */
/*
 * What a loader looks for in the file: the multiboot2 header (GRUB) and the PVH note
 * (`qemu -kernel`, and other VMMs). There is no multiboot1 header: with one, QEMU would refuse a
 * 64-bit ELF file.
 */

/* multiboot2 3.1.1: aligned to 8, in the first 32 KiB of the file; linker.ld puts it first. */
#define MULTIBOOT2_HEADER_MAGIC 0xe85250d6
#define MULTIBOOT2_I386 0
#define HEADER_LENGTH (multiboot2_header_end - multiboot2_header)

	.section .multiboot2, "a"
	.balign	8
multiboot2_header:
	.long	MULTIBOOT2_HEADER_MAGIC, MULTIBOOT2_I386, HEADER_LENGTH
	.long	-(MULTIBOOT2_HEADER_MAGIC + MULTIBOOT2_I386 + HEADER_LENGTH)
	/* 3.1.4 information request: the memory map (6) we need; command line (1) and RSDP
	   (14, 15) are wanted, so the request is marked optional (flags = 1). */
	.short	1, 1
	.long	24
	.long	6, 1, 14, 15
	/* 3.1.3: the end tag. */
	.short	0, 0
	.long	8
multiboot2_header_end:

/* Xen's PVH boot ABI: note XEN_ELFNOTE_PHYS32_ENTRY of owner "Xen" holds the 32-bit entry point. */
#define XEN_ELFNOTE_PHYS32_ENTRY 18

	.section .note.pvh, "a", @note
	.balign	4
	.long	4, 8, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.quad	pvh_entry

	.section .note.GNU-stack, "", @progbits
