-- fault: 28
-- ends: stopped
for i = 1, 900 do every(0.001, function() end) end
