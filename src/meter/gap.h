/*
 * gap.h - what lies between the parts of a meter's memory.
 *
 * Purpose: the parts lie side by side in one memory, so an octet too far changes a neighbour and no tool sees it. Built with
 * AddressSanitizer there are gaps between them which end the program when they are touched; otherwise there are none, and
 * nothing of this is there.
 */
#ifndef QD_METER_GAP_H
#define QD_METER_GAP_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define QD_GAP_SIZE 64u
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define QD_GAP_SIZE 64u
#endif
#endif

#ifdef QD_GAP_SIZE
void __asan_poison_memory_region(const volatile void *memory, size_t size);
void __asan_unpoison_memory_region(const volatile void *memory, size_t size);
#define qd_gap_close(memory, size) __asan_poison_memory_region((memory), (size))
#define qd_gap_open(memory, size) __asan_unpoison_memory_region((memory), (size))
#else
#define QD_GAP_SIZE 0u
#define qd_gap_close(memory, size) ((void)(memory), (void)(size))
#define qd_gap_open(memory, size) ((void)(memory), (void)(size))
#endif

#endif
