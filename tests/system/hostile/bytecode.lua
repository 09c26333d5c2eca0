-- fault: 27
-- ends: failed
-- says: compiled code
local header = "\27Lua\x54\0\x19\x93\r\n\x1a\n\4\8\8xV\0\0\0\0\0\0\0\0\0\0\0(w@\1"
assert(load(header, "x", "b"))()
