-- fault: 24
-- ends: killed
local function f() xpcall(f, f) return f() end
f()
