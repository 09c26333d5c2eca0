/*
 * Kits that vanish together are one fault, not many: a hub without power, a plug that was pulled
 * from the PC (FAULTS 5). The bus tells of each kit that is lost; from ALARM_KITS on within
 * ALARM_US there is one line in the log and one notification, kits.alarm, to those who watch the kits.
 */
#pragma once

#include "kit.h"

struct server;
struct alarm;

enum { ALARM_KITS = 4, ALARM_US = 300 * 1000 };

struct alarm *alarm_create(struct server *server);
void alarm_kit_lost(struct alarm *alarm, const struct kit *kit); /* NULL: nobody wants to know */
void alarm_destroy(struct alarm *alarm);
