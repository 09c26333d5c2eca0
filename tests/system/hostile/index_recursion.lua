-- fault: 26
-- ends: failed
-- says: too often|loop
local t = setmetatable({}, {})
getmetatable(t).__index = function(_, k) return t[k .. "x"] end
print(t.x)
