-- fault: 24
-- ends: killed
while true do xpcall(error, function(m) error(m) end, "x") end
