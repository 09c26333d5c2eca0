-- fault: 26
-- ends: finished|failed|killed
local function f() return pcall(f) end
f()
