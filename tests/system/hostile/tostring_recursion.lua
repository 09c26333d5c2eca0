-- fault: 26
-- ends: failed
-- says: too often
local t = setmetatable({}, {__tostring = function(self) return tostring(self) end})
print(t)
