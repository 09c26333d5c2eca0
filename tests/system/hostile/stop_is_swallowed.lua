-- fault: 24
-- ends: stopped
while true do
	pcall(function() while true do sleep(0.001) end end)
	xpcall(sleep, function() while true do sleep(0) end end, 0.001)
end
