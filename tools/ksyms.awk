# SPDX-License-Identifier: MIT
# Turns the functions in `nm -n` output into the table that kernel/ksyms.c searches. Without input
# it makes the empty table of the first link. -v app=NAME is what argv[0] of main() will be.

BEGIN {
	count = 0
	if (app == "")
		app = "app"
}

# Labels of the linker script and of assembly's own loops are no functions.
$2 ~ /^[tTwW]$/ && $3 !~ /^(image_start|text_end)$/ && $3 !~ /^[.$]/ {
	if (count && address[count - 1] == $1)
		next
	address[count] = $1
	name[count++] = $3
}

function label(symbol)
{
	printf "\t.globl %s\n%s:\n", symbol, symbol
}

END {
	print "\t.section .ksyms, \"a\""
	print "\t.balign 8"
	label("ksyms_count")
	printf "\t.long %d\n", count
	label("ksyms_addresses")
	for (i = 0; i < count; i++)
		printf "\t.long 0x%s\n", substr(address[i], 9)
	label("ksyms_offsets")
	for (i = 0; i < count; i++)
		printf "\t.long .Lname%d - ksyms_names\n", i
	label("ksyms_names")
	for (i = 0; i < count; i++)
		printf ".Lname%d: .asciz \"%s\"\n", i, name[i]
	label("app_name")
	printf "\t.asciz \"%s\"\n", app
	print "\t.section .note.GNU-stack, \"\", @progbits"
}
