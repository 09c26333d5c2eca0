-- fault: 28
-- ends: stopped
local bench = require "kit".open()
for i = 1, 500 do bench:on("pin.A0", function() sleep(100) end) end
