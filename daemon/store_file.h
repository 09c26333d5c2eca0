/*
 * The store's file: opens, checks and migrates the database in the state
 * folder, and keeps other daemons out of it. store.c owns what is in it.
 */
#pragma once

#include "err.h"

#include <sqlite3.h>

/* The folder, created where it is missing (0700), and locked: an fd, or -1 and *why. */
int store_folder_open(const char *dir, struct why *why);

/*
 * The database in the folder, whole and of the newest version. One that is
 * damaged is renamed to *.broken-N and begun anew. NULL and *why otherwise.
 */
sqlite3 *store_file_open(const char *dir, struct why *why);
