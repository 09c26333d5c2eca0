-- fault: 24
-- ends: stopped
local x <close> = setmetatable({}, {__close = function() while true do end end})
while true do sleep(0.01) end
