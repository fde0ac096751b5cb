/* SPDX-License-Identifier: MIT */
/* A circular doubly linked list whose nodes are embedded in what they link. */
#ifndef KERNEL_LIST_H
#define KERNEL_LIST_H

#include "kernel/types.h"

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)     \
	{                        \
		&(name), &(name) \
	}

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

static inline void list_add_tail(struct list_head *node, struct list_head *list)
{
	node->next = list;
	node->prev = list->prev;
	list->prev->next = node;
	list->prev = node;
}

/* Removes the node and makes it an empty list, so that deleting it again does no harm. */
static inline void list_del_init(struct list_head *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	INIT_LIST_HEAD(node);
}

#define list_entry(node, type, member) container_of(node, type, member)

/* The list must not change while it is walked; the _safe form allows deleting `position`. */
#define list_for_each_entry(position, list, type, member)                                        \
	for ((position) = list_entry((list)->next, type, member); &(position)->member != (list); \
	     (position) = list_entry((position)->member.next, type, member))

#define list_for_each_entry_safe(position, following, list, type, member)    \
	for ((position) = list_entry((list)->next, type, member),            \
	    (following) = list_entry((position)->member.next, type, member); \
	     &(position)->member != (list); (position) = (following),        \
	    (following) = list_entry((following)->member.next, type, member))

/* The entry that is the `index`-th, counted from 0, or NULL. */
#define list_nth_entry(index, list, type, member)                         \
	({                                                                \
		struct list_head *node_ = (list)->next;                   \
		unsigned int left_ = (index);                             \
		while (node_ != (list) && left_--)                        \
			node_ = node_->next;                              \
		node_ == (list) ? NULL : list_entry(node_, type, member); \
	})

#endif
