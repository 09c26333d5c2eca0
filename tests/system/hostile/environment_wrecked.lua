-- fault: 27
-- ends: failed
-- says: gone
local fail, all, G = error, pairs, _G
for name in all(string) do string[name] = nil end
for name in all(G) do G[name] = nil end
fail("gone")
