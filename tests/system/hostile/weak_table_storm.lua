-- fault: 25
-- ends: killed
local weak = setmetatable({}, {__mode = "kv"})
while true do
	for i = 1, 1000 do weak[i] = {} weak[{}] = i end
end
