/* Streams of the Web of Things (SSE): wot.c finds the kit, wot_stream.c feeds the stream. */
#pragma once

#include "http.h"
#include "kit.h"

/* The value now, if there is one, then each change; a slow reader gets the newest. */
void wot_observe(struct http_request *request, struct kit *kit, int property);
/* Each event; none is merged or dropped: a stream that lags too far is closed. */
void wot_subscribe(struct http_request *request, struct kit *kit, int event);
