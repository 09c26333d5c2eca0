-- fault: 24
-- ends: killed
local function trap()
	local x <close> = setmetatable({}, {__close = function() while true do end end})
	error("out")
end
while true do pcall(trap) end
