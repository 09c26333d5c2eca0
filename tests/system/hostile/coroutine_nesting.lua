-- fault: 26
-- ends: failed
-- says: too often|deep
local function nest() return coroutine.wrap(nest)() end
nest()
