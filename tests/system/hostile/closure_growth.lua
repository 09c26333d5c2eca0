-- fault: 25
-- ends: failed
-- says: memory
local t
while true do local before = t t = function() return before end end
