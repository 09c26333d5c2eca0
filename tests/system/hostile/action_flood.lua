-- fault: 28
-- ends: stopped
local bench = require "kit".open()
for i = 1, 500 do
	spawn(function()
		while true do pcall(function() bench:i2c_read{address = 80, count = 1} end) sleep(0) end
	end)
end
