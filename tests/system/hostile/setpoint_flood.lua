-- fault: 28
-- ends: stopped
local bench = require "kit".open()
local on = false
while true do
	on = not on
	bench.pin[13] = on
end
