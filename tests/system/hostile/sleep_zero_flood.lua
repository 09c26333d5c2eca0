-- fault: 28
-- ends: stopped
while true do sleep(0) end
