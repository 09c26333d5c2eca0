-- fault: 25
-- ends: failed
-- says: memory
local s = "x"
while true do s = s .. s end
