/*
 * Course cases; see cases.h.
 *
 * A case is a folder whose name is the case's id. Everything is read once at
 * the start and kept: five files of bounded size each, a hundred cases are a
 * few MB. Files are opened below the folder's own fd and symbolic links are not
 * followed, so a case cannot show anything else of the machine; after the start no
 * name from the network touches the file system.
 *
 * examples/case.schema.json says the same as the tables here, for authors and
 * tests; the daemon checks what it and the pages rely on.
 */
#include "cases.h"

#include "log.h"
#include "names.h"
#include "value.h"
#include "xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CASES_MAX = 512,
	ID_MAX = 32,
	META_BYTES_MAX = 16 * 1024,
	FILE_BYTES_MAX = 64 * 1024,
	LIST_MAX = 16,
	TEXT_MAX = 400,
	MINUTES_MIN = 5,
	MINUTES_MAX = 2000,
	AGE_MIN = 6,
	AGE_MAX = 19,
};

struct course_case {
	char id[ID_MAX + 1];
	cJSON *meta;    /* owned: case.json */
	char *guide[2]; /* owned; by enum lang */
	char *starter, *solution; /* owned */
};

struct cases {
	struct course_case *list; /* owned; sorted */
	size_t count;
};

static const char *const subjects[] = {"science", "mathematics", "physics", "chemistry", "biology",
	"information-technology", "engineering", "art", "labour", NULL};
static const char *const stages[] = {"primary", "junior", "senior", NULL};
static const char *const layers[] = {"compulsory", "school-based", "elective", NULL};
static const char *const areas[] = {"programming", "robotics", "iot", "drones", "ai", "genetics",
	NULL};
static const char *const modes[] = {"project", "stem", "design", "inquiry", "experiential", NULL};

/* Index or -1. */
static int word_index(const char *const *words, const char *word)
{
	for (int i = 0; word && words[i]; i++) {
		if (strcmp(words[i], word) == 0) {
			return i;
		}
	}
	return -1;
}

static const char *meta_text(const cJSON *meta, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(meta, key));
}

static bool text_is_good(const cJSON *item)
{
	const char *text = cJSON_GetStringValue(item);

	return text && *text && strlen(text) <= TEXT_MAX;
}

/* An array of 1 to LIST_MAX texts. */
static bool texts_are_good(const cJSON *list)
{
	const cJSON *item;
	int count = cJSON_GetArraySize(list);

	if (!cJSON_IsArray(list) || count < 1 || count > LIST_MAX) {
		return false;
	}
	cJSON_ArrayForEach(item, list)
	{
		if (!text_is_good(item)) {
			return false;
		}
	}
	return true;
}

/* {zh: ..., en: ...}, each checked by `is_good`. */
static bool is_bilingual(const cJSON *meta, const char *key, bool (*is_good)(const cJSON *item))
{
	const cJSON *pair = cJSON_GetObjectItemCaseSensitive(meta, key);

	return is_good(cJSON_GetObjectItemCaseSensitive(pair, "zh")) &&
		is_good(cJSON_GetObjectItemCaseSensitive(pair, "en"));
}

static bool is_minutes(const cJSON *item)
{
	return cJSON_IsNumber(item) && item->valuedouble >= MINUTES_MIN &&
		item->valuedouble <= MINUTES_MAX && item->valuedouble == item->valueint;
}

/* [youngest, oldest]. */
static bool are_ages(const cJSON *ages)
{
	const cJSON *from = cJSON_GetArrayItem(ages, 0), *to = cJSON_GetArrayItem(ages, 1);

	return cJSON_IsArray(ages) && cJSON_GetArraySize(ages) == 2 && cJSON_IsNumber(from) &&
		cJSON_IsNumber(to) && from->valuedouble >= AGE_MIN && to->valuedouble <= AGE_MAX &&
		from->valuedouble <= to->valuedouble;
}

static bool needs_are_good(const cJSON *list)
{
	const cJSON *item;

	if (!texts_are_good(list)) {
		return false;
	}
	cJSON_ArrayForEach(item, list)
	{
		if (!name_find(item->valuestring)) {
			return false;
		}
	}
	return true;
}

static bool subjects_are_good(const cJSON *list)
{
	const cJSON *item;

	if (!texts_are_good(list)) {
		return false;
	}
	cJSON_ArrayForEach(item, list)
	{
		if (word_index(subjects, item->valuestring) < 0) {
			return false;
		}
	}
	return true;
}

/* NULL: well. Else what is wrong, for the log. */
static const char *meta_fault(const cJSON *meta, const char *id)
{
	const char *own_id = meta_text(meta, "id");

	if (!own_id || strcmp(own_id, id) != 0) {
		return "\"id\" must be the folder's name";
	}
	if (!is_bilingual(meta, "title", text_is_good)) {
		return "\"title\" must have a text \"zh\" and a text \"en\"";
	}
	if (!is_bilingual(meta, "summary", text_is_good)) {
		return "\"summary\" must have a text \"zh\" and a text \"en\"";
	}
	if (!is_bilingual(meta, "objectives", texts_are_good)) {
		return "\"objectives\" must have a list of texts \"zh\" and one \"en\"";
	}
	if (!subjects_are_good(cJSON_GetObjectItemCaseSensitive(meta, "subjects"))) {
		return "\"subjects\" must be a list of known subjects";
	}
	if (word_index(stages, meta_text(meta, "stage")) < 0) {
		return "\"stage\" must be primary, junior or senior";
	}
	if (word_index(layers, meta_text(meta, "layer")) < 0) {
		return "\"layer\" must be compulsory, school-based or elective";
	}
	if (word_index(areas, meta_text(meta, "area")) < 0) {
		return "\"area\" must be programming, robotics, iot, drones, ai or genetics";
	}
	if (word_index(modes, meta_text(meta, "mode")) < 0) {
		return "\"mode\" must be project, stem, design, inquiry or experiential";
	}
	if (!is_minutes(cJSON_GetObjectItemCaseSensitive(meta, "minutes"))) {
		return "\"minutes\" must be a whole number from 5 to 2000";
	}
	if (!are_ages(cJSON_GetObjectItemCaseSensitive(meta, "ages"))) {
		return "\"ages\" must be [youngest, oldest], from 6 to 19";
	}
	if (!needs_are_good(cJSON_GetObjectItemCaseSensitive(meta, "needs"))) {
		return "\"needs\" must be a list of names from devices/NAMES.md";
	}
	const cJSON *wiring = cJSON_GetObjectItemCaseSensitive(meta, "wiring");

	if (wiring && !text_is_good(wiring)) {
		return "\"wiring\" must be the name of a wiring profile";
	}
	return NULL;
}

/* The text of a file below `folder`, or NULL and *fault. */
static char *file_read(int folder, const char *name, size_t bytes_max, const char **fault)
{
	struct stat info;
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		*fault = strerror(errno);
		return NULL;
	}
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		*fault = "not a plain file";
		close(fd);
		return NULL;
	}
	/* One byte more than allowed tells that there is too much. */
	char *text = xcalloc(1, bytes_max + 2);
	size_t length = 0;
	ssize_t got;

	while ((got = read(fd, text + length, bytes_max + 1 - length)) > 0) {
		length += (size_t)got;
	}
	close(fd);
	if (got < 0) {
		*fault = "cannot be read";
	} else if (length > bytes_max) {
		*fault = "too long";
	} else if (length == 0) {
		*fault = "empty";
	} else if (!utf8_is_valid(text, length)) {
		*fault = "not UTF-8 text";
	}
	if (*fault) {
		free(text);
		return NULL;
	}
	return xrealloc(text, length + 1);
}

static void case_finish(struct course_case *c)
{
	cJSON_Delete(c->meta);
	free(c->guide[LANG_EN]);
	free(c->guide[LANG_ZH]);
	free(c->starter);
	free(c->solution);
}

/* NULL: well. Else what is wrong; *file names where. */
static const char *case_read(struct course_case *c, int folder, const char **file)
{
	const char *fault = NULL;
	struct {
		const char *name;
		char **text;
	} files[] = {
		{"guide.zh.md", &c->guide[LANG_ZH]},
		{"guide.en.md", &c->guide[LANG_EN]},
		{"starter.lua", &c->starter},
		{"solution.lua", &c->solution},
	};

	*file = "case.json";
	char *json = file_read(folder, *file, META_BYTES_MAX, &fault);

	if (!json) {
		return fault;
	}
	c->meta = cJSON_ParseWithOpts(json, NULL, 1);
	free(json);
	if (!c->meta) {
		return "not JSON";
	}
	fault = meta_fault(c->meta, c->id);
	for (size_t i = 0; !fault && i < sizeof(files) / sizeof(files[0]); i++) {
		*file = files[i].name;
		*files[i].text = file_read(folder, *file, FILE_BYTES_MAX, &fault);
	}
	return fault;
}

static bool id_is_good(const char *id)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t length = strlen(id);

	return length > 0 && length <= ID_MAX && id[0] != '-' && strspn(id, letters) == length;
}

/* Easier ones first: by stage, then by minutes, then by id. */
static int case_compare(const void *left, const void *right)
{
	const struct course_case *a = left, *b = right;
	int order = word_index(stages, meta_text(a->meta, "stage")) -
		word_index(stages, meta_text(b->meta, "stage"));

	if (order == 0) {
		order = cJSON_GetObjectItemCaseSensitive(a->meta, "minutes")->valueint -
			cJSON_GetObjectItemCaseSensitive(b->meta, "minutes")->valueint;
	}
	return order != 0 ? order : strcmp(a->id, b->id);
}

static void cases_add(struct cases *cases, int root, const char *dir, const char *id)
{
	const char *file = "", *fault;
	int folder = openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (folder < 0) {
		if (errno != ENOTDIR) {
			log_warn("case left out: %s/%s: %s", dir, id, strerror(errno));
		}
		return; /* a file beside the cases: a README, the schema */
	}
	struct course_case c = {0};

	if (!id_is_good(id)) {
		fault = "a case's folder is named with a-z, 0-9 and -, at most 32";
	} else if (cases->count == CASES_MAX) {
		fault = "there are too many cases";
	} else {
		memcpy(c.id, id, strlen(id) + 1);
		fault = case_read(&c, folder, &file);
	}
	close(folder);
	if (fault) {
		log_warn("case left out: %s/%s%s%s: %s", dir, id, *file ? "/" : "", file, fault);
		case_finish(&c);
		return;
	}
	cases->list = xrealloc(cases->list, (cases->count + 1) * sizeof(c));
	cases->list[cases->count++] = c;
}

struct cases *cases_create(const char *dir)
{
	struct cases *cases = xcalloc(1, sizeof(*cases));
	DIR *folder = opendir(dir);
	struct dirent *entry;

	if (!folder) {
		log_warn("no course cases: %s: %s", dir, strerror(errno));
		return cases;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] != '.') {
			cases_add(cases, dirfd(folder), dir, entry->d_name);
		}
	}
	closedir(folder);
	if (cases->count > 0) {
		qsort(cases->list, cases->count, sizeof(*cases->list), case_compare);
	}
	return cases;
}

void cases_destroy(struct cases *cases)
{
	if (!cases) {
		return;
	}
	for (size_t i = 0; i < cases->count; i++) {
		case_finish(&cases->list[i]);
	}
	free(cases->list);
	free(cases);
}

size_t cases_count(const struct cases *cases)
{
	return cases->count;
}

static const struct course_case *cases_find(const struct cases *cases, const char *id)
{
	for (size_t i = 0; i < cases->count; i++) {
		if (strcmp(cases->list[i].id, id) == 0) {
			return &cases->list[i];
		}
	}
	return NULL;
}

const cJSON *cases_meta(const struct cases *cases, size_t index)
{
	return cases->list[index].meta;
}

const cJSON *cases_find_meta(const struct cases *cases, const char *id)
{
	const struct course_case *c = cases_find(cases, id);

	return c ? c->meta : NULL;
}

const char *cases_guide(const struct cases *cases, const char *id, enum lang lang)
{
	const struct course_case *c = cases_find(cases, id);

	return c ? c->guide[lang] : NULL;
}

const char *cases_source(const struct cases *cases, const char *id, bool solution)
{
	const struct course_case *c = cases_find(cases, id);

	if (!c) {
		return NULL;
	}
	return solution ? c->solution : c->starter;
}

/* Does the word occur in any text below `item`? */
static bool any_text_has(const cJSON *item, const char *word)
{
	if (cJSON_IsString(item)) {
		return strcasestr(item->valuestring, word) != NULL;
	}
	for (const cJSON *child = item ? item->child : NULL; child; child = child->next) {
		if (any_text_has(child, word)) {
			return true;
		}
	}
	return false;
}

/* "stage:junior" looks into fields that begin with "stage" only. */
static bool word_matches(const cJSON *meta, const char *word)
{
	const char *colon = strchr(word, ':');
	size_t length = colon ? (size_t)(colon - word) : 0;

	if (length == 0) {
		return any_text_has(meta, word);
	}
	for (const cJSON *field = meta->child; field; field = field->next) {
		if (strncmp(field->string, word, length) == 0 && any_text_has(field, colon + 1)) {
			return true;
		}
	}
	return false;
}

bool cases_match(const cJSON *meta, const char *filter)
{
	char words[CASES_FILTER_MAX + 1] = "", *rest = words, *word;

	snprintf(words, sizeof(words), "%s", filter);
	while ((word = strsep(&rest, " ")) != NULL) {
		if (*word && !word_matches(meta, word)) {
			return false;
		}
	}
	return true;
}
