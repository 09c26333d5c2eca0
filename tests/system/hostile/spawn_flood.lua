-- fault: 28
-- ends: failed
-- says: More than 1000 tasks
while true do spawn(function() sleep(1000) end) end
