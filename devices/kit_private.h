/* What kit.c, kit_describe.c and kit_command.c share; nobody else includes it. */
#pragma once

#include "kit.h"

/* Around every call into the driver: one sample, however deep the calls nest. */
void kit_begin(struct kit *kit, int64_t now_us);
void kit_end(struct kit *kit);

void kit_free_description(struct kit *kit);
void kit_name_wiring(struct kit *kit); /* kit->wiring from kit->profile */

void kit_end_commands(struct kit *kit, const struct why *why);
/* Set-points of motion that wait are dropped, actions of motion end with `why`. */
void kit_end_motion(struct kit *kit, const struct why *why);
void kit_end_late_acts(struct kit *kit, int64_t now_us);
