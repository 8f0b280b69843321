#pragma once
#include <stddef.h>
#include <stdint.h>

/* Gives up, for good, all that a process does not need that reads one mapped file, computes, and
   writes another one: no file is opened, no socket made, no program run, no thread started.

   memory: bytes that it may allocate beyond what it has now; file: bytes of a file it writes. From
   then on a forbidden call ends the process, but for those that libraries try without need: they
   fail. 0, or -errno. */
int psc_confine(uint64_t memory, uint64_t file);
