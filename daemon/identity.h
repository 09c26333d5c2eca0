/*
 * Who a kit is, and where: SAFETY says identity in three parts. The *seat* is the USB
 * socket that the room has named, the *kit* is known by serial number or by what it says
 * of itself, the *program* by its firmware report. Where they disagree with what is
 * remembered, the kit is refused until a teacher accepts it: never a silent guess, because
 * cheap boards share ids and swapped boards would obey the wrong pupil (FAULTS 4).
 */
#pragma once

#include "lab.h"

struct server;

/* lab_events' recall, remember, verify, seat_of. `data` is the server. */
void identity_recall(void *data, const char *identity, char id[KIT_ID_MAX + 1],
	const struct wiring **wiring);
void identity_remember(void *data, const struct kit *kit);
enum err identity_verify(void *data, const struct kit *kit, struct why *why);
const char *identity_seat_of(void *data, const char *socket);

/* A teacher says that the kit is right as it is now. ERR_REFUSED: nobody asked. */
enum err identity_accept(struct server *server, struct kit *kit, struct why *why);
/* Its program is about to change by our own hand: the next one is taken as it is. */
void identity_expect(struct server *server, const struct kit *kit);
