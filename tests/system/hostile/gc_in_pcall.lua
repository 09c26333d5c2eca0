-- fault: 24
-- ends: killed
setmetatable({}, {__gc = function() while true do pcall(function() while true do end end) end end})
while true do local s = ("x"):rep(100) end
