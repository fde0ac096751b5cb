// SPDX-License-Identifier: MIT
/*
 * Small objects. A slab is one page of objects of one size. It begins with a bitmap of those in
 * use, so that a double free is detected at once. An empty slab goes back to the page allocator.
 * Larger objects have separate pages behind the same kind of head. No device sees these pages.
 * Callable on any CPU with interrupts on or off: there is one lock, taken before the page
 * allocator's.
 */
#include "kernel/list.h"
#include "kernel/memory.h"
#include "kernel/page_alloc.h"
#include "kernel/panic.h"
#include "kernel/spinlock.h"
#include "kernel/string.h"

#define HEAD_SIZE 64
#define SLAB_MAGIC 0x51ab51ab51ab51abULL
#define LARGE_MAGIC 0x1a49e1a49e1a49e1ULL
#define FREED_BYTE (FREED_PATTERN & 0xff)

/* The head of a page. The magic is mixed with the address, so a copy of a head is not a head. */
struct slab {
	u64 magic;
	struct list_head link; /* in the list of its class's slabs with room */
	u32 object_size;
	u32 in_use;
	u64 used[2]; /* one bit per object: at most */
};

struct large {
	u64 magic;
	u64 pages;
};

_Static_assert(sizeof(struct slab) <= HEAD_SIZE, "the objects begin behind the head");

struct class
{
	u32 object_size;
	struct list_head slabs; /* those with room */
};

#define CLASS(index, size)                                 \
	{                                                  \
		size, LIST_HEAD_INIT(classes[index].slabs) \
	}
static struct class classes[] = {
	CLASS(0, 32),  CLASS(1, 64),  CLASS(2, 128),  CLASS(3, 256),
	CLASS(4, 512), CLASS(5, 992), CLASS(6, 2016),
};
static DEFINE_SPINLOCK(lock); /* of classes and slabs */
static u64 objects;

static u32 slab_capacity(const struct slab *slab)
{
	return (PAGE_SIZE - HEAD_SIZE) / slab->object_size;
}

static struct class *find_class(size_t size)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(classes); i++)
		if (size <= classes[i].object_size)
			return &classes[i];
	return NULL;
}

static struct slab *new_slab(struct class *class)
{
	struct slab *slab = pages_alloc(1);

	if (!slab)
		return NULL;
	slab->magic = SLAB_MAGIC ^ (uintptr_t)slab;
	slab->object_size = class->object_size;
	list_add_tail(&slab->link, &class->slabs);
	return slab;
}

static void *slab_take(struct slab *slab)
{
	u32 i = 0;

	while (slab->used[i / 64] >> (i % 64) & 1)
		i++;
	slab->used[i / 64] |= BIT_ULL(i % 64);
	if (++slab->in_use == slab_capacity(slab))
		list_del_init(&slab->link);
	return (u8 *)slab + HEAD_SIZE + i * slab->object_size;
}

static void *kalloc_small(struct class *class)
{
	struct slab *slab;
	void *object;

	if (list_empty(&class->slabs))
		slab = new_slab(class);
	else
		slab = list_entry(class->slabs.next, struct slab, link);
	if (!slab)
		return NULL;
	object = slab_take(slab);
	memset(object, 0, slab->object_size);
	return object;
}

static void *large_alloc(size_t size)
{
	u64 pages = ALIGN_UP(size + HEAD_SIZE, PAGE_SIZE) / PAGE_SIZE;
	struct large *large = pages_alloc(pages);

	if (!large)
		return NULL;
	large->magic = LARGE_MAGIC ^ (uintptr_t)large;
	large->pages = pages;
	return (u8 *)large + HEAD_SIZE;
}

void *kzalloc(size_t size)
{
	struct class *class = find_class(size);
	void *object;
	u64 flags;

	if (!size || size > SIZE_MAX - 2 * PAGE_SIZE)
		return NULL;
	if (class) {
		flags = spin_lock_irqsave(&lock);
		object = kalloc_small(class);
		spin_unlock_irqrestore(&lock, flags);
	} else {
		object = large_alloc(size);
	}
	if (object)
		__atomic_add_fetch(&objects, 1, __ATOMIC_RELAXED);
	return object;
}

static void kfree_small(struct slab *slab, void *object)
{
	u64 offset = (u64)((u8 *)object - (u8 *)slab) - HEAD_SIZE;
	u32 i = (u32)(offset / slab->object_size);

	if (offset % slab->object_size || i >= slab_capacity(slab))
		panic("kfree(%p): not the start of an object", object);
	if (!(slab->used[i / 64] >> (i % 64) & 1))
		panic("kfree(%p): already free", object);
	memset(object, FREED_BYTE, slab->object_size);
	slab->used[i / 64] &= ~BIT_ULL(i % 64);
	if (slab->in_use == slab_capacity(slab))
		list_add_tail(&slab->link, &find_class(slab->object_size)->slabs);
	if (--slab->in_use)
		return;
	list_del_init(&slab->link);
	slab->magic = 0;
	pages_free(slab, 1);
}

void kfree(void *object)
{
	u64 page = (uintptr_t)object & ~(PAGE_SIZE - 1);
	struct large *large = (void *)(uintptr_t)page;
	struct slab *slab = (void *)(uintptr_t)page;
	u64 flags;

	if (!object)
		return;
	if (!pages_allocated(page) || (uintptr_t)object - page < HEAD_SIZE)
		panic("kfree(%p): not from kzalloc, or already free", object);
	flags = spin_lock_irqsave(&lock);
	if (slab->magic == (SLAB_MAGIC ^ page)) {
		kfree_small(slab, object);
	} else if (large->magic == (LARGE_MAGIC ^ page) &&
		   (u8 *)object == (u8 *)large + HEAD_SIZE) {
		large->magic = 0;
		pages_free(large, large->pages);
	} else {
		panic("kfree(%p): not from kzalloc, or already free", object);
	}
	__atomic_sub_fetch(&objects, 1, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(&lock, flags);
}

u64 kalloc_objects(void)
{
	return __atomic_load_n(&objects, __ATOMIC_RELAXED);
}
