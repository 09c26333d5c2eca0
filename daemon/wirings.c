/*
 * The list of wiring profiles: those inside the program, then the lab's own
 * from one folder, sorted by id. A file that is wrong is named in the log and
 * left out: the others work.
 */
#include "wirings.h"

#include "embedded.h"
#include "log.h"
#include "xalloc.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROFILE_BYTES_MAX = 64 * 1024, PROFILES_MAX = 256 };

struct wirings {
	struct wiring *first; /* owned; by id */
	size_t count;
};

/* False: the id is taken, or there are too many. */
static bool insert(struct wirings *wirings, struct wiring *wiring)
{
	struct wiring **at = &wirings->first;

	while (*at && strcmp((*at)->id, wiring->id) < 0) {
		at = &(*at)->next;
	}
	if (wirings->count == PROFILES_MAX || (*at && strcmp((*at)->id, wiring->id) == 0)) {
		return false;
	}
	wiring->next = *at;
	*at = wiring;
	wirings->count++;
	return true;
}

static void add(struct wirings *wirings, const char *json, const char *where)
{
	struct wiring *wiring = xcalloc(1, sizeof(*wiring));
	struct why why;

	if (wiring_parse(json, where, wiring, &why)) {
		log_warn("%s This profile is left out.", why_text(&why, LANG_EN));
		free(wiring);
	} else if (!insert(wirings, wiring)) {
		log_warn("%s: left out, there is a profile \"%s\" already (or %d in all)", where,
			wiring->id, PROFILES_MAX);
		free(wiring);
	}
}

static void add_file(struct wirings *wirings, const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	char *text = xcalloc(1, PROFILE_BYTES_MAX + 2);
	FILE *file = fopen(path, "re");
	size_t length = file ? fread(text, 1, PROFILE_BYTES_MAX + 1, file) : 0;

	if (!file || ferror(file)) {
		log_warn("%s: cannot be read (%m); left out", path);
	} else if (length > PROFILE_BYTES_MAX || strlen(text) != length) {
		log_warn("%s: no text, or longer than %d bytes; left out", path, PROFILE_BYTES_MAX);
	} else {
		add(wirings, text, path);
	}
	if (file) {
		fclose(file);
	}
	free(text);
	free(path);
}

static int is_profile(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && entry->d_name[0] != '.' &&
		strcmp(entry->d_name + length - 5, ".json") == 0;
}

struct wirings *wirings_create(const char *dir)
{
	struct wirings *wirings = xcalloc(1, sizeof(*wirings));

	for (const struct embedded_file *file = wiring_files; file->name; file++) {
		add(wirings, file->bytes, file->name);
	}
	if (dir[0] == '\0') {
		return wirings;
	}
	struct dirent **entries = NULL;
	int count = scandir(dir, &entries, is_profile, alphasort);

	if (count < 0) {
		log_warn("%s: cannot be read (%m); there are no wiring profiles of the lab's own", dir);
	}
	for (int i = 0; i < count; i++) {
		add_file(wirings, dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return wirings;
}

void wirings_destroy(struct wirings *wirings)
{
	while (wirings && wirings->first) {
		struct wiring *wiring = wirings->first;

		wirings->first = wiring->next;
		free(wiring);
	}
	free(wirings);
}

const struct wiring *wirings_find(const struct wirings *wirings, const char *id)
{
	const struct wiring *wiring = wirings->first;

	while (wiring && strcmp(wiring->id, id) != 0) {
		wiring = wiring->next;
	}
	return wiring;
}

/* Is `word` one of those in `words`, which a space separates? */
static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; *at; at += strspn(at, " ")) {
		size_t here = strcspn(at, " ");

		if (here == length && memcmp(at, word, length) == 0) {
			return true;
		}
		at += here;
	}
	return false;
}

const struct wiring *wirings_next(const struct wirings *wirings, const char *model,
	const struct wiring *previous)
{
	const struct wiring *wiring = previous ? previous->next : wirings->first;

	while (wiring && wiring->models[0] != '\0' && !has_word(wiring->models, model)) {
		wiring = wiring->next;
	}
	return wiring;
}
