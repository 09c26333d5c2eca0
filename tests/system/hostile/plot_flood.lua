-- fault: 28
-- ends: stopped
while true do plot{x = 1} end
