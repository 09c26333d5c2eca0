-- fault: 24
-- ends: killed
-- says: sleep\(0\)
-- plain
-- A finaliser runs without the count hook: only SIGKILL ends it.
setmetatable({}, {__gc = function() while true do end end})
while true do local t = {} end
