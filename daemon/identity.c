/* Who a kit is; see identity.h. */
#include "identity.h"

#include "log.h"
#include "server.h"
#include "store.h"
#include "wirings.h"

#include <stdio.h>
#include <string.h>

/*
 * The best that proves this kit to be the remembered one: what it says of itself, else its
 * serial number, else the program that runs on it. The same words for the same kit.
 */
static void prove(const struct kit *kit, char *proof, size_t room)
{
	proof[0] = '\0';
	if (kit->self[0]) {
		snprintf(proof, room, "%s", kit->self);
	} else if (kit->serial[0]) {
		snprintf(proof, room, "%s", kit->serial);
	} else {
		snprintf(proof, room, "%s", kit->program);
	}
}

/* Only its program speaks for it: that changes when somebody writes another one. */
static bool is_weak(const struct kit *kit)
{
	return !kit->self[0] && !kit->serial[0];
}

/* Is this the proof of another kit? */
static bool is_of_another(const struct store *store, const char *identity, const char *proof)
{
	for (size_t i = 0; i < store_kit_count(store); i++) {
		const struct store_kit *other = store_kit(store, i);

		if (strcmp(other->proof, proof) == 0 && strcmp(other->identity, identity) != 0) {
			return true;
		}
	}
	return false;
}

/* A kit that is remembered by its serial number has nothing else to prove. */
static bool is_proven(const struct kit *kit)
{
	return strncmp(kit->identity, "usb:", 4) == 0;
}

void identity_recall(void *data, const char *identity, char id[KIT_ID_MAX + 1],
	const struct wiring **wiring)
{
	const struct server *server = data;
	const struct store_kit *known = store_find(server->store, identity);

	if (known) {
		snprintf(id, KIT_ID_MAX + 1, "%s", known->id);
		*wiring = known->wiring[0] ? wirings_find(server->wirings, known->wiring) : NULL;
	}
}

void identity_remember(void *data, const struct kit *kit)
{
	struct server *server = data;
	struct store_kit record = {0};

	snprintf(record.identity, sizeof(record.identity), "%s", kit->identity);
	snprintf(record.id, sizeof(record.id), "%s", kit->id);
	snprintf(record.model, sizeof(record.model), "%s", kit->model);
	snprintf(record.wiring, sizeof(record.wiring), "%s", kit->wiring);
	prove(kit, record.proof, sizeof(record.proof));
	store_put(server->store, &record);
}

enum err identity_verify(void *data, const struct kit *kit, struct why *why)
{
	const struct server *server = data;
	const struct store_kit *known = store_find(server->store, kit->identity);
	char proof[sizeof(known->proof)];

	prove(kit, proof, sizeof(proof));
	if (!known || is_proven(kit) || kit->is_virtual || !known->proof[0] ||
		strcmp(known->proof, proof) == 0) {
		return ERR_NONE;
	}
	/* A program that no other kit runs: a new one was written, or a new board plugged in. */
	if (is_weak(kit) && !is_of_another(server->store, kit->identity, proof)) {
		log_warn("%s ran \"%s\" before, and runs \"%s\" now", kit->id, known->proof, proof);
		return ERR_NONE;
	}
	return why_set(why, ERR_CONFLICT, MSG_KIT_OTHER, kit->id, known->proof, proof);
}

const char *identity_seat_of(void *data, const char *socket)
{
	return store_seat_of(((const struct server *)data)->store, socket);
}

void identity_expect(struct server *server, const struct kit *kit)
{
	const struct store_kit *known = store_find(server->store, kit->identity);

	if (known) {
		struct store_kit record = *known;

		record.proof[0] = '\0';
		store_put(server->store, &record);
	}
}

enum err identity_accept(struct server *server, struct kit *kit, struct why *why)
{
	if (kit->state != KIT_REFUSED || kit->why.msg != MSG_KIT_OTHER) {
		return why_set(why, ERR_REFUSED, MSG_KIT_NOT_ASKED, kit->id);
	}
	identity_expect(server, kit);
	lab_accept(server->lab, kit);
	return ERR_NONE;
}
