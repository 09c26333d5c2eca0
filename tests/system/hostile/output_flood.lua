-- fault: 28
-- ends: failed
-- says: 1 MB
while true do print("flood flood flood flood flood flood") end
