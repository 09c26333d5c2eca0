-- fault: 24
-- ends: killed
while true do pcall(pcall, pcall, error, pcall) end
