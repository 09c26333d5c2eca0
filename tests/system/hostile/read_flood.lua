-- fault: 28
-- ends: stopped
local bench = require "kit".open()
while true do pcall(function() return bench.pin.A0, bench.nothing end) end
