-- fault: 22
-- ends: killed
while true do load("local x = 1 " .. ("x = x + 1 "):rep(1000)) end
