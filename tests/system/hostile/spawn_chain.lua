-- fault: 22
-- ends: killed
local function again() spawn(again) end
again()
