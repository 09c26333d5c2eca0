-- fault: 27
-- ends: finished
-- prints: ^false\tfalse\tfalse\tfalse\tfalse\n$
local bench = require "kit".open()
print(getmetatable(bench), (pcall(setmetatable, bench, {})), (pcall(rawset, bench, "x", 1)),
	(pcall(rawget, bench, "x")), getmetatable(bench.pin))
