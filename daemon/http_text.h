/* The head of an answer as text: pure. */
#pragma once

#include "http.h"

enum { HTTP_TEXT_HEAD_MAX = 2048 };

/* Status line and headers with the empty line; returns the length. */
size_t http_text_head(char *text, size_t room, const struct http_reply *reply);
