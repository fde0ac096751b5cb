# SPDX-License-Identifier: MIT
LIBS = lwip
