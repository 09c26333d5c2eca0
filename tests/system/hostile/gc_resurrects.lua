-- fault: 24
-- ends: killed
local mt = {}
mt.__gc = function(o) setmetatable({}, mt) end
setmetatable({}, mt)
while true do local t = {{}, {}} end
