# SPDX-License-Identifier: MIT
# Turns the output of `nm -n -S` into the tables that kernel/ksyms.c searches: functions, and the
# variables and constants that have a name. Without input it makes the empty tables of the first
# link. -v app=NAME is what argv[0] of main() will be.

BEGIN {
	functions = variables = 0
	if (app == "")
		app = "app"
}

# Address and name are the first and the last word; the size stands between, where there is one.
{
	type = $(NF - 1)
	symbol = $NF
}

symbol == "data_start" {
	data_start = number($1)
}

# Labels of the linker script and of assembly's own loops are no functions.
type ~ /^[tTwW]$/ && symbol !~ /^(image_start|text_end)$/ && symbol !~ /^[.$]/ {
	if (functions && address[functions - 1] == $1)
		next
	address[functions] = $1
	name[functions++] = symbol
}

NF == 4 && type ~ /^[rRdDbB]$/ {
	start[variables] = number($1)
	size[variables] = $2
	variable[variables++] = symbol
}

# A hexadecimal number, which not every awk can read.
function number(digits, i, value)
{
	for (i = 1; i <= length(digits); i++)
		value = value * 16 + index("123456789abcdef", substr(digits, i, 1))
	return value + 0
}

function label(symbol)
{
	printf "\t.globl %s\n%s:\n", symbol, symbol
}

# These tables lie between the constants and the variables, which therefore move.
function place(value)
{
	if (value < data_start)
		return sprintf("%d", value)
	return sprintf("data_start + %d", value - data_start)
}

function print_functions(i)
{
	label("ksyms_count")
	printf "\t.long %d\n", functions
	label("ksyms_addresses")
	for (i = 0; i < functions; i++)
		printf "\t.long 0x%s\n", substr(address[i], 9)
	label("ksyms_offsets")
	for (i = 0; i < functions; i++)
		printf "\t.long .Lname%d - ksyms_names\n", i
}

function print_variables(i)
{
	label("ksyms_data_count")
	printf "\t.long %d\n", variables
	label("ksyms_data")
	for (i = 0; i < variables; i++)
		printf "\t.long %s, 0x%s, .Ldata%d - ksyms_names\n", place(start[i]),
			substr(size[i], 9), i
}

END {
	print "\t.section .ksyms, \"a\""
	print "\t.balign 8"
	print_functions()
	print_variables()
	label("ksyms_names")
	for (i = 0; i < functions; i++)
		printf ".Lname%d: .asciz \"%s\"\n", i, name[i]
	for (i = 0; i < variables; i++)
		printf ".Ldata%d: .asciz \"%s\"\n", i, variable[i]
	label("app_name")
	printf "\t.asciz \"%s\"\n", app
	print "\t.section .note.GNU-stack, \"\", @progbits"
}
