-- fault: 25
-- ends: failed
-- says: memory
local t = {}
for i = 1, 100 do t[i] = ("x"):rep(1 << 20 >> 3) end
for i = 1, 10 do t[100 + i] = table.concat(t) end
