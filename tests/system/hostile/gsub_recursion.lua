-- fault: 26
-- ends: failed
-- says: too often
local function f() return ("x"):gsub("x", f) end
f()
