// SPDX-License-Identifier: MIT
/* Formats text (C99 7.19.6.1) without a console, so that it can be tested alone. */
#include "kernel/printk.h"
#include "kernel/string.h"

struct formatter {
	format_put_t put;
	void *context;
	size_t count;
	va_list arguments;
};

enum length { LENGTH_INT, LENGTH_CHAR, LENGTH_SHORT, LENGTH_LONG, LENGTH_LONG_LONG };

/* One conversion: %[flags][width][.precision][length]conversion. */
struct spec {
	bool left, plus, space, alternate, zero;
	int width;
	int precision; /* negative: none given */
	enum length length;
	char conversion;
};

static void put_char(struct formatter *f, char c)
{
	f->put(f->context, c);
	f->count++;
}

static void put_repeated(struct formatter *f, char c, int count)
{
	while (count-- > 0)
		put_char(f, c);
}

static void put_padded(struct formatter *f, const struct spec *spec, const char *text, int length)
{
	if (!spec->left)
		put_repeated(f, ' ', spec->width - length);
	for (int i = 0; i < length; i++)
		put_char(f, text[i]);
	if (spec->left)
		put_repeated(f, ' ', spec->width - length);
}

static void put_string(struct formatter *f, const struct spec *spec, const char *text)
{
	size_t limit = spec->precision < 0 ? INT32_MAX : spec->precision;

	if (!text)
		text = limit >= 6 ? "(null)" : "";
	put_padded(f, spec, text, (int)strnlen(text, limit));
}

/* Writes the digits of `value` backwards from `end`; returns their number, 0 for value 0. */
static int write_digits(char *end, u64 value, unsigned int base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int count = 0;

	for (; value; value /= base)
		end[-++count] = digits[value % base];
	return count;
}

/* Writes a number. `prefix` is the sign, "0x", or empty; zeros stand between it and the digits. */
static void put_integer(struct formatter *f, const struct spec *spec, const char *prefix, u64 value,
			unsigned int base)
{
	char buffer[24]; /* 2^64 has 22 octal digits */
	char *end = buffer + sizeof(buffer);
	int count = write_digits(end, value, base, spec->conversion == 'X');
	int prefix_length = (int)strlen(prefix);
	int zeros = (spec->precision < 0 ? 1 : spec->precision) - count;
	int padding;

	if (base == 8 && spec->alternate)
		zeros = max(zeros, 1);
	if (spec->zero && !spec->left && spec->precision < 0)
		zeros = max(zeros, spec->width - prefix_length - count);
	zeros = max(zeros, 0);
	padding = spec->width - prefix_length - zeros - count;
	if (!spec->left)
		put_repeated(f, ' ', padding);
	for (int i = 0; i < prefix_length; i++)
		put_char(f, prefix[i]);
	put_repeated(f, '0', zeros);
	for (int i = count; i > 0; i--)
		put_char(f, end[-i]);
	if (spec->left)
		put_repeated(f, ' ', padding);
}

static void put_signed(struct formatter *f, const struct spec *spec)
{
	const char *sign = spec->plus ? "+" : spec->space ? " " : "";
	long long value;

	if (spec->length == LENGTH_LONG_LONG)
		value = va_arg(f->arguments, long long);
	else if (spec->length == LENGTH_LONG)
		value = va_arg(f->arguments, long);
	else
		value = va_arg(f->arguments, int);
	if (spec->length == LENGTH_CHAR)
		value = (signed char)value;
	if (spec->length == LENGTH_SHORT)
		value = (short)value;
	put_integer(f, spec, value < 0 ? "-" : sign, value < 0 ? -(u64)value : (u64)value, 10);
}

static void put_unsigned(struct formatter *f, const struct spec *spec)
{
	const char *prefix = "";
	unsigned long long value;

	if (spec->length == LENGTH_LONG_LONG)
		value = va_arg(f->arguments, unsigned long long);
	else if (spec->length == LENGTH_LONG)
		value = va_arg(f->arguments, unsigned long);
	else
		value = va_arg(f->arguments, unsigned int);
	if (spec->length == LENGTH_CHAR)
		value = (unsigned char)value;
	if (spec->length == LENGTH_SHORT)
		value = (unsigned short)value;
	if (spec->conversion != 'u' && spec->conversion != 'o' && spec->alternate && value)
		prefix = spec->conversion == 'X' ? "0X" : "0x";
	put_integer(f, spec, prefix, value,
		    spec->conversion == 'u'   ? 10
		    : spec->conversion == 'o' ? 8
					      : 16);
}

static void put_pointer(struct formatter *f, const struct spec *spec)
{
	const void *pointer = va_arg(f->arguments, const void *);

	if (pointer)
		put_integer(f, spec, "0x", (uintptr_t)pointer, 16);
	else
		put_padded(f, spec, "(nil)", 5);
}

/* Writes one conversion; false if it is unknown. */
static bool put_conversion(struct formatter *f, const struct spec *spec)
{
	char c;

	switch (spec->conversion) {
	case 'd':
	case 'i':
		put_signed(f, spec);
		return true;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		put_unsigned(f, spec);
		return true;
	case 'c':
		c = (char)va_arg(f->arguments, int);
		put_padded(f, spec, &c, 1);
		return true;
	case 's':
		put_string(f, spec, va_arg(f->arguments, const char *));
		return true;
	case 'p':
		put_pointer(f, spec);
		return true;
	case '%':
		put_char(f, '%');
		return true;
	}
	return false;
}

static const char *parse_flags(struct spec *spec, const char *format)
{
	for (;; format++) {
		switch (*format) {
		case '-':
			spec->left = true;
			break;
		case '+':
			spec->plus = true;
			break;
		case ' ':
			spec->space = true;
			break;
		case '#':
			spec->alternate = true;
			break;
		case '0':
			spec->zero = true;
			break;
		default:
			return format;
		}
	}
}

/* Reads a decimal number, or '*', which takes an argument; 0 without either. */
static const char *parse_format_number(struct formatter *f, int *number, const char *format)
{
	*number = 0;
	if (*format == '*') {
		*number = va_arg(f->arguments, int);
		return format + 1;
	}
	for (; *format >= '0' && *format <= '9'; format++)
		if (*number < INT32_MAX / 10)
			*number = *number * 10 + (*format - '0');
	return format;
}

static const char *parse_length(struct spec *spec, const char *format)
{
	switch (*format) {
	case 'h':
		spec->length = format[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
		return format + 1 + (format[1] == 'h');
	case 'l':
		spec->length = format[1] == 'l' ? LENGTH_LONG_LONG : LENGTH_LONG;
		return format + 1 + (format[1] == 'l');
	case 'z':
	case 't':
		spec->length = LENGTH_LONG;
		return format + 1;
	case 'j':
		spec->length = LENGTH_LONG_LONG;
		return format + 1;
	}
	return format;
}

/* Writes one conversion; `format` points behind its '%'. Returns the text behind the conversion. */
static const char *format_conversion(struct formatter *f, const char *format)
{
	struct spec spec = { .precision = -1, .length = LENGTH_INT };
	const char *start = format;

	format = parse_flags(&spec, format);
	format = parse_format_number(f, &spec.width, format);
	if (spec.width < 0) { /* from '*': a '-' flag and a width */
		spec.left = true;
		spec.width = spec.width == INT32_MIN ? INT32_MAX : -spec.width;
	}
	if (*format == '.')
		format = parse_format_number(f, &spec.precision, format + 1);
	format = parse_length(&spec, format);
	spec.conversion = *format;
	if (put_conversion(f, &spec))
		return format + 1;
	put_char(f, '%');
	return start;
}

int format_text(format_put_t put, void *context, const char *format, va_list arguments)
{
	struct formatter f = { .put = put, .context = context };

	va_copy(f.arguments, arguments);
	while (*format) {
		if (*format == '%')
			format = format_conversion(&f, format + 1);
		else
			put_char(&f, *format++);
	}
	va_end(f.arguments);
	return (int)min(f.count, (size_t)INT32_MAX);
}

struct buffer {
	char *next;
	char *last; /* the last place for the NUL */
};

static void put_to_buffer(void *context, char c)
{
	struct buffer *buffer = context;

	if (buffer->next < buffer->last)
		*buffer->next++ = c;
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
	struct buffer b = { .next = buffer, .last = size ? buffer + size - 1 : buffer };
	int length = format_text(put_to_buffer, &b, format, arguments);

	if (size)
		*b.next = '\0';
	return length;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}
